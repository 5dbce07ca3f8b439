#pragma once
/// Exponential moving average of the weights.

#include <cstdint>

#include "mnv4/train/optimizer.h"

namespace mnv4::train {

/// training.md section 9 (Garden): avg <- avg - (1 - d) (avg - w) after each update, counted after
/// the increment.
struct EmaOptions {
  double decay = 0.9999;
  int64_t start_step = 0;        ///< before it the average is the weights themselves
  bool dynamic = false;          ///< d = min(decay, (1 + k) / (10 + k)), k = step - start_step
  bool average_buffers = false;  ///< BN statistics too (timm); false: the live ones (Garden)
};

class Ema {
 public:
  /// `live`: the tensors to follow; parameters and, if average_buffers, floating buffers.
  Ema(const EmaOptions& options, TensorDict live);
  /// After update number `step` (from 1).
  void Update(int64_t step);
  /// The averages, by name; their memory is the Ema's own.
  const TensorDict& averages() const { return averages_; }
  /// Throws Error(kInvalidFile) for missing, extra or mis-shaped tensors.
  void Load(const TensorDict& state);
  /// Exchanges the values of the live tensors and the averages; twice is none.
  void Swap();

 private:
  EmaOptions options_;
  TensorDict live_, averages_;
};

}  // namespace mnv4::train
