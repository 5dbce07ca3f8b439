#pragma once
/// A run and what it leaves behind: checkpoints, summary.csv, TensorBoard events, curves.

#include <cstdint>
#include <optional>
#include <string>

#include "mnv4/recipe/recipe.h"
#include "mnv4/runs/run_folder.h"
#include "mnv4/train/trainer.h"

namespace mnv4::train {

/// How far a run is.
struct Progress {
  int64_t step = 0, steps = 0;
  int64_t epoch = 0, epochs = 0;  ///< the one at hand, from 1
  int64_t step_in_epoch = 0, steps_per_epoch = 0;
  double loss = 0;  ///< the mean of the last few steps
  double lr = 0;
  double images_per_second = 0;  ///< of this program's steps
  double seconds_left = 0;
};

/// The end of an epoch.
struct EpochReport {
  int64_t epoch = 0, epochs = 0;
  double train_loss = 0;
  std::optional<Evaluation> evaluation;
  bool best = false;
};

/// What a program shows of a run and how it ends one.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void OnStep(const Progress& progress) = 0;
  virtual void OnEpoch(const EpochReport& report) = 0;
  /// One line: a broken picture.
  virtual void OnNote(const std::string& line) = 0;
  /// Asked after every step: the run saves a checkpoint and ends early.
  virtual bool WantsToStop() = 0;
};

struct RunResult {
  bool finished = false;       ///< false: the observer wanted it to end
  std::string checkpoint;      ///< the folder of the last one
  std::optional<double> best;  ///< the best value of checkpoint.metric
};

/// Trains what `trainer` made of `recipe` and `datasets` until the recipe's end, from the newest
/// checkpoint in `folder` if there is one. Every checkpoint is a folder that other verbs and timm
/// read, with state.safetensors beside. If a step or a file fails, what Error says is followed by
/// the checkpoint that was kept.
RunResult RunTraining(Trainer& trainer, const recipe::Recipe& recipe, const Datasets& datasets,
                      const runs::RunFolder& folder, Observer& observer);

}  // namespace mnv4::train
