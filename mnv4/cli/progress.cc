#include "mnv4/cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "mnv4/cli/terminal.h"

namespace mnv4::cli {
namespace {

constexpr int kBarWidth = 20;
// Between two updates. A run shorter than this prints nothing at all.
constexpr std::chrono::milliseconds kTerminalInterval{100};
constexpr std::chrono::seconds kPlainInterval{5};

}  // namespace

std::string Duration(double seconds) {
  const long long whole = std::llround(std::min(seconds, 1e8));
  if (whole >= 3600) {
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return fmt::format("{:02}:{:02}", whole / 60, whole % 60);
}

std::string ProgressBar(double part) {
  const int filled = static_cast<int>(part * kBarWidth);
  return fmt::format("{:3.0f}% |{:<{}}|", std::floor(100 * part),
                     std::string(static_cast<size_t>(filled), '#'), kBarWidth);
}

std::string ProgressLine(int done, int total, double seconds, const std::string& unit) {
  const double part = total > 0 ? static_cast<double>(done) / total : 1;
  const double rate = seconds > 0 ? done / seconds : 0;
  const std::string left = rate > 0 ? Duration((total - done) / rate) : "?";
  return fmt::format("{} {}/{} [{}<{}, {:.1f} {}/s]", ProgressBar(part), done, total,
                     Duration(seconds), left, rate, unit);
}

Progress::Progress(int total, std::string unit, bool quiet)
    : total_(total),
      unit_(std::move(unit)),
      quiet_(quiet),
      terminal_(IsTerminal(stderr)),
      start_(Clock::now()),
      last_(start_) {}

Progress::~Progress() { Clear(); }

void Progress::Update(int done) {
  const Clock::time_point now = Clock::now();
  if (quiet_ || now - last_ < (terminal_ ? Clock::duration(kTerminalInterval) : kPlainInterval)) {
    return;
  }
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r" : "", ProgressLine(done, total_, seconds, unit_),
             terminal_ ? "\x1b[K" : "\n");
  shown_ = terminal_;
}

void Progress::Clear() {
  if (!shown_) return;
  fmt::print(stderr, "\r\x1b[K");
  shown_ = false;
}

}  // namespace mnv4::cli
