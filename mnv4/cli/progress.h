#pragma once
/// How far long work has come, on stderr: a bar on a terminal, now and then a plain line elsewhere.

#include <chrono>
#include <string>

namespace mnv4::cli {

/// "03:09", "1:03:09".
std::string Duration(double seconds);
/// " 42% |########            |" of a part from 0 to 1.
std::string ProgressBar(double part);
/// "42% |####      | 512/1251 [00:31<00:44, 16.5 pictures/s]".
std::string ProgressLine(int done, int total, double seconds, const std::string& unit);

class Progress {
 public:
  /// `unit` in the plural. Shows nothing if `quiet`.
  Progress(int total, std::string unit, bool quiet);
  /// Takes the bar away.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Update(int done);
  /// For work whose amount shows only while it is done.
  void SetTotal(int total) { total_ = total; }
  /// Takes the bar away, so that something else can be printed; Update shows it again.
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;

  int total_;
  std::string unit_;
  bool quiet_, terminal_;
  bool shown_ = false;
  Clock::time_point start_, last_;
};

}  // namespace mnv4::cli
