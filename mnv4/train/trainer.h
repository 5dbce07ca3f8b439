#pragma once
/// A run in memory: network, data, optimizer and average, one update at a time. run.h adds the
/// files.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mnv4/data/loader.h"
#include "mnv4/data/source.h"
#include "mnv4/model/model.h"
#include "mnv4/recipe/recipe.h"
#include "mnv4/train/classification.h"
#include "mnv4/train/ema.h"
#include "mnv4/train/network.h"
#include "mnv4/train/optimizer.h"

namespace mnv4::train {

/// What a recipe's data sections name, opened.
struct Datasets {
  std::unique_ptr<data::Source> train;
  std::unique_ptr<data::Source> val;  ///< may be null
  std::vector<std::string> labels;    ///< names of the classes
};

/// One update.
struct StepReport {
  int64_t step = 0;  ///< updates so far, this one included
  double loss = 0;   ///< the mean over its samples
  double lr = 0;
  double gradient_norm = 0;         ///< before clipping; 0 if there is none
  double network_ms = 0;            ///< of wall time: forward and backward passes
  double update_ms = 0;             ///< optimizer and average
  std::vector<std::string> broken;  ///< pictures that could not be read: "key: why"
};

/// What a run gives its user.
struct Snapshot {
  model::Model model;
  std::optional<Evaluation> evaluation;
};

class Trainer {
 public:
  /// Throws Error for settings that do not fit data or model. `datasets` must outlive it. `dtype`:
  /// of weights, activations and moments; float64 is for comparisons.
  Trainer(const recipe::Recipe& recipe, const Datasets& datasets,
          torch::Dtype dtype = torch::kFloat);

  /// The next update. Throws Error(kRuntime) if the loss is no number: then no weight was
  /// updated.
  StepReport Step();
  /// The same on batches of the caller's. `next` gives train.accumulate of them, one after another,
  /// each of any size and valid until the next; Mixup and CutMix change its pixels.
  StepReport Update(const std::function<data::Batch&()>& next);
  /// Updates so far.
  int64_t step() const { return step_; }
  const recipe::Timing& timing() const { return timing_; }

  /// The network as it stands: averaged weights if there are some, with batch norms recalibrated
  /// if the recipe says so; judged on the validation set if `validate` and there is one. Throws
  /// Error(kRuntime) if weights or validation loss are not finite.
  Snapshot TakeSnapshot(bool validate);

  /// All that a resumed run needs beside the recipe, and back. Load throws Error(kInvalidFile).
  TensorMap State() const;
  void Load(const TensorMap& state, int64_t step);

  Network& network() { return network_; }
  /// What is trained, without weights.
  const model::Model& configuration() const { return model_; }

 private:
  class Averaged;  // while alive, the network is as TakeSnapshot has it

  void StartLoader();
  void Recalibrate();
  [[noreturn]] void ThrowDiverged(const std::string& what) const;

  recipe::Recipe recipe_;
  const Datasets& datasets_;
  torch::Device device_;
  torch::Dtype dtype_;
  model::Model model_;  // configuration; its weights are those of the start
  recipe::Timing timing_;
  Network network_;
  data::Transform train_transform_, eval_transform_;
  std::vector<Trained> trained_;
  std::unique_ptr<Optimizer> optimizer_;
  std::optional<Ema> ema_;
  Classification classification_;
  std::unique_ptr<data::Loader> loader_;
  int64_t step_ = 0;
};

}  // namespace mnv4::train
