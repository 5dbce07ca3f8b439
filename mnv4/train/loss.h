#pragma once
/// Losses of classification, the mean over a batch, computed in float32 or wider.

#include <torch/types.h>

namespace mnv4::train {

/// -sum_k t_k log softmax(z)_k of soft targets [n, classes]; logits the same shape. `class_weights`
/// [classes] or undefined: each sample is weighted by sum_k t_k w_k, the mean divided by their sum.
torch::Tensor SoftCrossEntropy(const torch::Tensor& logits, const torch::Tensor& targets,
                               const torch::Tensor& class_weights = {});

/// Of hard labels int64 [n], smoothed: 1 - s + s / classes and s / classes.
torch::Tensor SmoothedCrossEntropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                   double smoothing, const torch::Tensor& class_weights = {});

/// Binary cross-entropy of each class against soft targets, summed over classes if `sum_classes`,
/// else the mean over all (timm's BinaryCrossEntropy); `threshold` >= 0 makes targets 0 or 1.
torch::Tensor BinaryCrossEntropy(const torch::Tensor& logits, const torch::Tensor& targets,
                                 double threshold = -1, bool sum_classes = false,
                                 const torch::Tensor& class_weights = {});

}  // namespace mnv4::train
