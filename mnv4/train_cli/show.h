#pragma once
/// What a run looks like in a terminal and in a log.

#include <chrono>
#include <string>

#include "mnv4/cli/interrupt.h"
#include "mnv4/train/run.h"

namespace mnv4::train_cli {

/// "epoch 3/300 42% |####      | 512/1251 [00:31<00:44, 16.5 it/s, loss 2.310]"; the time is that
/// of the run's steps.
std::string StepLine(const train::Progress& progress, double seconds);
/// "epoch 3/300: loss 2.310, validation 2.104, top-1 54.2 %, top-5 78.9 %, best so far"
std::string EpochLine(const train::EpochReport& report);

/// A bar on a terminal, a plain line now and then elsewhere, and a line an epoch, on stderr.
class Show : public train::Observer {
 public:
  explicit Show(bool quiet);
  ~Show() override;
  void OnStep(const train::Progress& progress) override;
  void OnEpoch(const train::EpochReport& report) override;
  void OnNote(const std::string& line) override;
  bool WantsToStop() override { return interrupt_.Interrupted(); }
  bool interrupted() const { return interrupt_.Interrupted(); }

 private:
  void Clear();

  const cli::InterruptScope interrupt_;
  const bool quiet_, terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point start_, last_;
};

}  // namespace mnv4::train_cli
