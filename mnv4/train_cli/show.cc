#include "mnv4/train_cli/show.h"

#include <fmt/format.h>

#include "mnv4/cli/progress.h"
#include "mnv4/cli/terminal.h"

namespace mnv4::train_cli {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval{100};
constexpr std::chrono::seconds kPlainInterval{10};

}  // namespace

std::string StepLine(const train::Progress& p, double seconds) {
  const double part = static_cast<double>(p.step_in_epoch) / static_cast<double>(p.steps_per_epoch);
  return fmt::format("epoch {}/{} {} {}/{} [{}<{}, {:.1f} pictures/s, loss {:.3f}]", p.epoch,
                     p.epochs, cli::ProgressBar(part), p.step_in_epoch, p.steps_per_epoch,
                     cli::Duration(seconds), cli::Duration(p.seconds_left), p.images_per_second,
                     p.loss);
}

std::string EpochLine(const train::EpochReport& report) {
  std::string line =
      fmt::format("epoch {}/{}: loss {:.3f}", report.epoch, report.epochs, report.train_loss);
  if (const auto& evaluation = report.evaluation) {
    line += fmt::format(", validation {:.3f}, top-1 {:.2f} %, top-5 {:.2f} %", evaluation->loss,
                        evaluation->Top1(), evaluation->Top5());
    if (evaluation->broken > 0) line += fmt::format(", {} broken", evaluation->broken);
  }
  return line + (report.best ? ", best so far" : "");
}

Show::Show(bool quiet)
    : quiet_(quiet),
      terminal_(cli::IsTerminal(stderr)),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

Show::~Show() { Clear(); }

void Show::OnStep(const train::Progress& progress) {
  using std::chrono::steady_clock;
  const steady_clock::time_point now = steady_clock::now();
  const auto interval = terminal_ ? steady_clock::duration(kTerminalInterval) : kPlainInterval;
  if (quiet_ || now - last_ < interval) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r" : "", StepLine(progress, seconds),
             terminal_ ? "\x1b[K" : "\n");
  shown_ = terminal_;
}

void Show::OnEpoch(const train::EpochReport& report) {
  if (quiet_) return;
  Clear();
  fmt::print(stderr, "{}\n", EpochLine(report));
}

void Show::OnNote(const std::string& line) {
  Clear();
  fmt::print(stderr, "mnv4 train: {}\n", line);
}

void Show::Clear() {
  if (!shown_) return;
  fmt::print(stderr, "\r\x1b[K");
  shown_ = false;
}

}  // namespace mnv4::train_cli
