#pragma once
/// Weights before training.

#include <cstdint>

#include "mnv4/train/network.h"

namespace mnv4::train {

enum class Initialisation : uint8_t {
  kTimm,    ///< He by fan-out, attention Xavier-uniform (timm 1.0.31)
  kGarden,  ///< truncated normal by fan-in, attention Glorot-uniform (the authors' TensorFlow code)
};

/// Fills all parameters and running statistics; each tensor depends on the seed and its name only.
/// Batch norms: weight 1, bias 0, mean 0, variance 1; layer scales 1e-5; biases 0.
void Initialise(Network& network, Initialisation kind, uint64_t seed);

}  // namespace mnv4::train
