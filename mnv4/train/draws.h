#pragma once
/// What the random layers of a forward pass draw: functions of the run's seed and the micro-batch,
/// not of a generator's history.

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace mnv4::train {

/// What the random layers of one forward pass are a function of.
struct Draw {
  uint64_t seed = 0;
  uint64_t step = 0;       ///< micro-batches since the start of the run
  bool regularise = true;  ///< false: neither dropout nor stochastic depth
};

/// Stochastic depth, float64 [n, 1, 1, 1]: 0 where the branch is dropped, with probability `rate`,
/// else 1 / (1 - rate). `block`: its place in Network::drop_path().
at::Tensor DropPathMask(const Draw& draw, int64_t block, double rate, int64_t n);

/// Dropout, float64 [n, features]: 0 with probability `rate`, else 1 / (1 - rate).
at::Tensor DropoutMask(const Draw& draw, double rate, int64_t n, int64_t features);

}  // namespace mnv4::train
