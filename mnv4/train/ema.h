#pragma once
/// Exponential moving average of the weights.

#include <cstdint>

#include "mnv4/train/optimizer.h"

namespace mnv4::train {

/// As the Model Garden does it: avg <- avg - (1 - d) (avg - w) after each update, counted after
/// the increment.
struct EmaOptions {
  double decay = 0.9999;
  int64_t start_step = 0;        ///< before it the average is the weights themselves
  bool dynamic = false;          ///< d = min(decay, (1 + k) / (10 + k)), k = step - start_step
  bool average_buffers = false;  ///< BN statistics too (timm); false: the live ones (Garden)
};

/// The factor d of update number `step`, from 1.
double EmaDecay(const EmaOptions& options, int64_t step);

class Ema {
 public:
  /// `live`: the tensors to follow, all of floating type; parameters and, if average_buffers,
  /// floating buffers. The averages begin as copies of them.
  Ema(const EmaOptions& options, TensorDict live);
  /// After update number `step` (from 1). Not while swapped.
  void Update(int64_t step);
  /// The averages, by name; their memory is the Ema's own, their types are those of the live ones.
  const TensorDict& averages() const { return averages_; }
  /// Copies `state`. Throws Error(kInvalidFile), and changes nothing, for missing, extra or
  /// mis-shaped tensors and those with infinities or NaN.
  void Load(const TensorDict& state);
  /// Exchanges the values of the live tensors and the averages; twice is none.
  void Swap();

 private:
  EmaOptions options_;
  TensorDict live_, averages_;
};

}  // namespace mnv4::train
