#include "mnv4/train/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "mnv4/base/clock.h"
#include "mnv4/base/error.h"
#include "mnv4/io/file.h"
#include "mnv4/io/safetensors.h"
#include "mnv4/runs/checkpoints.h"
#include "mnv4/runs/curves.h"
#include "mnv4/runs/event_file.h"
#include "mnv4/runs/summary.h"

namespace mnv4::train {
namespace {

constexpr const char* kStateFormat = "mnv4-train-state-1";
constexpr int kEventEvery = 10;       // steps
constexpr int kRememberedSteps = 50;  // whose mean a progress bar shows

// What is counted beside the tensors.
struct Counters {
  int64_t step = 0;
  double loss_sum = 0;  ///< of the steps of this epoch
  std::optional<double> best;
};

std::map<std::string, std::string> ToMetadata(const Counters& counters) {
  std::map<std::string, std::string> metadata = {
      {"format", kStateFormat},
      {"step", fmt::format("{}", counters.step)},
      {"loss_sum", fmt::format("{}", counters.loss_sum)}};
  if (counters.best) metadata["best"] = fmt::format("{}", *counters.best);
  return metadata;
}

template <class Number>
Number ReadNumber(const std::map<std::string, std::string>& metadata, const std::string& key) {
  const auto found = metadata.find(key);
  Number value = 0;
  if (found != metadata.end()) {
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) return value;
  }
  throw Error(ErrorCode::kInvalidFile,
              fmt::format("state.safetensors: {}: '{}', expected a number", key,
                          found == metadata.end() ? "" : found->second));
}

Counters FromMetadata(const std::map<std::string, std::string>& metadata) {
  const auto format = metadata.find("format");
  if (format == metadata.end() || format->second != kStateFormat) {
    throw Error(ErrorCode::kInvalidFile,
                fmt::format("state.safetensors: format '{}', expected {}",
                            format == metadata.end() ? "" : format->second, kStateFormat));
  }
  Counters counters;
  counters.step = ReadNumber<int64_t>(metadata, "step");
  counters.loss_sum = ReadNumber<double>(metadata, "loss_sum");
  if (metadata.contains("best")) counters.best = ReadNumber<double>(metadata, "best");
  return counters;
}

// The mean and the pace of the last steps.
class Recent {
 public:
  void Add(double loss, double seconds) {
    losses_.push_back(loss);
    seconds_.push_back(seconds);
    if (losses_.size() <= kRememberedSteps) return;
    losses_.erase(losses_.begin());
    seconds_.erase(seconds_.begin());
  }
  double Loss() const { return Mean(losses_); }
  double SecondsPerStep() const { return Mean(seconds_); }

 private:
  static double Mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(std::max<size_t>(values.size(), 1));
  }
  std::vector<double> losses_, seconds_;
};

class Run {
 public:
  Run(Trainer& trainer, const recipe::Recipe& recipe, const Datasets& datasets,
      const runs::RunFolder& folder, Observer& observer)
      : recipe_(recipe),
        datasets_(datasets),
        folder_(folder),
        observer_(observer),
        trainer_(trainer),
        timing_(trainer_.timing()),
        checkpoints_(folder.path(), static_cast<int>(recipe.checkpoint.keep)) {
    if (const auto checkpoint = runs::FindCheckpoint(folder.path())) Resume(*checkpoint);
    AtomicFile file(folder.File("recipe.yaml"));  // now that it is known to fit the checkpoint
    file.Write(recipe::Print(recipe));
    file.Commit();
    summary_.emplace(folder.File("summary.csv"), counters_.step / timing_.steps_per_epoch + 1);
    events_.emplace(folder.path(),
                    counters_.step > 0 ? std::optional(counters_.step + 1) : std::nullopt);
  }

  RunResult Go() {
    try {
      Train();
    } catch (const Error& error) {
      throw Error(error.code(), checkpoint_.empty()
                                    ? std::string(error.what())
                                    : fmt::format("{} (kept: {})", error.what(), checkpoint_));
    }
    return {.finished = counters_.step >= timing_.steps,
            .checkpoint = checkpoint_,
            .best = counters_.best};
  }

 private:
  void Resume(const std::string& checkpoint) {
    const SafeTensors state = ReadSafeTensors(checkpoint + "/state.safetensors");
    counters_ = FromMetadata(state.metadata);
    try {
      trainer_.Load(state.tensors, counters_.step);
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("{}/state.safetensors: {}", checkpoint, error.what()));
    }
    checkpoint_ = checkpoint;
  }

  void Train() {
    since_save_ = Seconds();
    epoch_began_ = Seconds();
    while (counters_.step < timing_.steps) {
      Step();
      const bool stop = observer_.WantsToStop();
      if (AtEndOfEpoch() || counters_.step >= timing_.steps) {
        EndEpoch();
      } else if (stop || SaveIsDue()) {
        Save(trainer_.TakeSnapshot(/*validate=*/false), false);
      }
      if (stop) return;
    }
  }

  void Step() {
    const double began = Seconds();
    const StepReport report = trainer_.Step();
    recent_.Add(report.loss, Seconds() - began);
    counters_.step = report.step;
    counters_.loss_sum += report.loss;
    for (const std::string& broken : report.broken) observer_.OnNote(broken);
    const double pace =
        static_cast<double>(timing_.batch) / std::max(recent_.SecondsPerStep(), 1e-9);
    if (report.step % kEventEvery == 0) {
      std::vector<runs::Figure> figures = {{"train/loss", recent_.Loss()},
                                           {"train/lr", report.lr},
                                           {"train/images_per_second", pace}};
      if (report.gradient_norm > 0)
        figures.push_back({"train/gradient_norm", report.gradient_norm});
      events_->WriteScalars(report.step, figures);
    }
    lr_ = report.lr;
    const int64_t per_epoch = timing_.steps_per_epoch;
    observer_.OnStep({.step = report.step,
                      .steps = timing_.steps,
                      .epoch = (report.step - 1) / per_epoch + 1,
                      .epochs = Epochs(),
                      .step_in_epoch = (report.step - 1) % per_epoch + 1,
                      .steps_per_epoch = per_epoch,
                      .loss = recent_.Loss(),
                      .lr = report.lr,
                      .images_per_second = pace,
                      .seconds_left = recent_.SecondsPerStep() *
                                      static_cast<double>(timing_.steps - report.step)});
  }

  int64_t Epochs() const {
    return (timing_.steps + timing_.steps_per_epoch - 1) / timing_.steps_per_epoch;
  }
  bool AtEndOfEpoch() const { return counters_.step % timing_.steps_per_epoch == 0; }

  bool SaveIsDue() const {
    const recipe::CheckpointSection& section = recipe_.checkpoint;
    return (section.every_steps > 0 && counters_.step % section.every_steps == 0) ||
           (section.every_minutes > 0 && Seconds() - since_save_ > 60 * section.every_minutes);
  }

  void EndEpoch() {
    const int64_t per_epoch = timing_.steps_per_epoch;
    const int64_t epoch = (counters_.step + per_epoch - 1) / per_epoch;
    const int64_t steps_of_epoch = counters_.step - (epoch - 1) * per_epoch;
    const bool last = counters_.step >= timing_.steps;
    const int64_t every = recipe_.validation.every_epochs;
    const bool validate = last || (every > 0 && epoch % every == 0);
    const double seconds = Seconds() - epoch_began_;
    EpochReport report{.epoch = epoch,
                       .epochs = Epochs(),
                       .train_loss = counters_.loss_sum / static_cast<double>(steps_of_epoch),
                       .evaluation = std::nullopt};
    counters_.loss_sum = 0;
    Snapshot snapshot = trainer_.TakeSnapshot(validate);
    report.evaluation = snapshot.evaluation;
    report.best = IsBest(report.evaluation);
    WriteFigures(report, seconds);
    Save(std::move(snapshot), report.best);
    if (report.evaluation) WriteCurves(*report.evaluation);
    observer_.OnEpoch(report);
    epoch_began_ = Seconds();
  }

  // Whether this is the best value of the metric so far; remembers it then.
  bool IsBest(const std::optional<Evaluation>& evaluation) {
    if (!evaluation) return false;
    const std::string& metric = recipe_.checkpoint.metric;
    const double value = metric == "top1"   ? evaluation->Top1()
                         : metric == "top5" ? evaluation->Top5()
                                            : evaluation->loss;
    const bool better =
        !counters_.best || (metric == "loss" ? value < *counters_.best : value > *counters_.best);
    if (better) counters_.best = value;
    return better;
  }

  void WriteFigures(const EpochReport& report, double seconds) {
    std::vector<runs::Figure> row = {{"epoch", static_cast<double>(report.epoch)},
                                     {"step", static_cast<double>(counters_.step)},
                                     {"lr", lr_},
                                     {"train_loss", report.train_loss}};
    std::vector<runs::Figure> events = {{"epoch/train_loss", report.train_loss}};
    if (const auto& evaluation = report.evaluation) {
      row.push_back({"val_loss", evaluation->loss});
      row.push_back({"top1", evaluation->Top1()});
      row.push_back({"top5", evaluation->Top5()});
      events.push_back({"val/loss", evaluation->loss});
      events.push_back({"val/top1", evaluation->Top1()});
      events.push_back({"val/top5", evaluation->Top5()});
    }
    row.push_back({"seconds", seconds});
    row.push_back({"images_per_second",
                   static_cast<double>(timing_.batch) / std::max(recent_.SecondsPerStep(), 1e-9)});
    summary_->Append(row);
    events_->WriteScalars(counters_.step, events);
  }

  void Save(Snapshot snapshot, bool best) {
    runs::PendingCheckpoint pending = checkpoints_.Begin(fmt::format("step-{:08}", counters_.step));
    model::SaveFolder(snapshot.model, pending.path());
    WriteSafeTensors(pending.path() + "/state.safetensors",
                     {trainer_.State(), ToMetadata(counters_)});
    pending.Commit(best);
    checkpoint_ = fmt::format("{}/step-{:08}", checkpoints_.folder(), counters_.step);
    since_save_ = Seconds();
  }

  void WriteCurves(const Evaluation& evaluation) {
    runs::Confusion confusion{.labels = datasets_.labels, .cells = {}};
    const auto classes = static_cast<int>(datasets_.labels.size());
    for (int truth = 0; truth < classes; ++truth) {
      for (int answer = 0; answer < classes; ++answer) {
        const int64_t count = evaluation.confusion[static_cast<size_t>(truth) * classes + answer];
        if (count > 0) confusion.cells.push_back({truth, answer, count});
      }
    }
    const model::Model& described = trainer_.configuration();
    runs::WriteCurves(folder_.path(), BaseName(folder_.path()),
                      fmt::format("{}, {} classes, {} x {} pixels", described.spec.name, classes,
                                  described.preprocess.height, described.preprocess.width),
                      *summary_, &confusion);
  }

  static double Seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  const recipe::Recipe& recipe_;
  const Datasets& datasets_;
  const runs::RunFolder& folder_;
  Observer& observer_;
  Trainer& trainer_;
  const recipe::Timing timing_;
  runs::Checkpoints checkpoints_;
  std::optional<runs::Summary> summary_;
  std::optional<runs::EventFile> events_;
  Counters counters_;
  Recent recent_;
  double lr_ = 0;
  double since_save_ = 0, epoch_began_ = 0;
  std::string checkpoint_;  // the last one's folder
};

}  // namespace

RunResult RunTraining(Trainer& trainer, const recipe::Recipe& recipe, const Datasets& datasets,
                      const runs::RunFolder& folder, Observer& observer) {
  return Run(trainer, recipe, datasets, folder, observer).Go();
}

}  // namespace mnv4::train
