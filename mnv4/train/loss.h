#pragma once
/// Losses of classification, the mean over a batch, computed in float32 or wider.

#include <ATen/core/Tensor.h>

namespace mnv4::train {

/// -sum_k t_k log softmax(z)_k of soft targets [n, classes]; logits the same shape. `class_weights`
/// [classes] or undefined: each sample is weighted by sum_k t_k w_k, the mean divided by their sum.
at::Tensor SoftCrossEntropy(const at::Tensor& logits, const at::Tensor& targets,
                            const at::Tensor& class_weights = {});

/// Of hard labels int64 [n], smoothed: 1 - s + s / classes and s / classes. PyTorch's cross_entropy
/// to the bit: its class weights weigh the terms of the sum over classes, which differs from
/// SoftCrossEntropy if s > 0.
at::Tensor SmoothedCrossEntropy(const at::Tensor& logits, const at::Tensor& labels,
                                double smoothing, const at::Tensor& class_weights = {});

/// Binary cross-entropy of each class against soft targets, summed over classes if `sum_classes`,
/// else the mean over all (timm's BinaryCrossEntropy); `threshold` >= 0 makes those above it 1 and
/// the others 0. Class weights weigh the terms and divide nothing.
at::Tensor BinaryCrossEntropy(const at::Tensor& logits, const at::Tensor& targets,
                              double threshold = -1, bool sum_classes = false,
                              const at::Tensor& class_weights = {});

}  // namespace mnv4::train
