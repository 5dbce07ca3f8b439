#pragma once
/// Between LibTorch's tensors and the project's.

#include <torch/types.h>

#include <map>
#include <string>

#include "mnv4/base/tensor.h"

namespace mnv4::train {

/// Named tensors, as they are written to checkpoints.
using TensorDict = std::map<std::string, torch::Tensor>;

/// A copy on the CPU, row-major, of float32, float64 or int64.
Tensor ToTensor(const torch::Tensor& tensor);
TensorMap ToTensorMap(const TensorDict& tensors);

/// Writes the values of `from` into `to`, whatever its strides, dtype and device. The shapes must
/// agree.
void Assign(const Tensor& from, torch::Tensor to);

/// Assigns all of `to` from `from`. Throws Error(kInvalidFile), "<what>: <name>: ...", for missing,
/// extra and mis-shaped tensors.
void AssignAll(const TensorMap& from, const TensorDict& to, const std::string& what);

}  // namespace mnv4::train
