#pragma once
/// Between LibTorch's tensors and the project's.

#include <torch/types.h>

#include <map>
#include <string>

#include "mnv4/base/tensor.h"
#include "mnv4/train/optimizer.h"

namespace mnv4::train {

/// A copy on the CPU, row-major, of float32, float64 or int64.
Tensor ToTensor(const torch::Tensor& tensor);
TensorMap ToTensorMap(const TensorDict& tensors);

/// Writes the values of `from` into `to`, whatever its strides, dtype and device. The shapes must
/// agree.
void Assign(const Tensor& from, torch::Tensor to);

}  // namespace mnv4::train
