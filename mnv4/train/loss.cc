#include "mnv4/train/loss.h"

#include <ATen/core/Reduction.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/matmul.h>

namespace mnv4::train {
namespace {

// bfloat16 and float16 become float32, the others stay.
at::Tensor Wide(const at::Tensor& logits) {
  return logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat);
}

// Undefined stays undefined, which ATen takes for none.
at::Tensor WeightsLike(const at::Tensor& weights, const at::Tensor& logits) {
  return weights.defined() ? weights.to(logits.options()) : weights;
}

}  // namespace

at::Tensor SoftCrossEntropy(const at::Tensor& logits, const at::Tensor& targets,
                            const at::Tensor& class_weights) {
  const at::Tensor z = Wide(logits), t = targets.to(z.scalar_type());
  const at::Tensor losses = t.mul(at::log_softmax(z, -1)).sum(-1).neg();
  if (!class_weights.defined()) return losses.mean();
  const at::Tensor weights = at::matmul(t, class_weights.to(z.options()));
  return losses.mul(weights).sum().div(weights.sum());
}

at::Tensor SmoothedCrossEntropy(const at::Tensor& logits, const at::Tensor& labels,
                                double smoothing, const at::Tensor& class_weights) {
  const at::Tensor z = Wide(logits);
  return at::cross_entropy_loss(z, labels, WeightsLike(class_weights, z), at::Reduction::Mean,
                                /*ignore_index=*/-100, smoothing);
}

at::Tensor BinaryCrossEntropy(const at::Tensor& logits, const at::Tensor& targets, double threshold,
                              bool sum_classes, const at::Tensor& class_weights) {
  const at::Tensor z = Wide(logits);
  const at::Tensor t = (threshold >= 0 ? targets.gt(threshold) : targets).to(z.scalar_type());
  const at::Tensor losses = at::binary_cross_entropy_with_logits(
      z, t, WeightsLike(class_weights, z), /*pos_weight=*/{}, at::Reduction::None);
  return sum_classes ? losses.sum(-1).mean() : losses.mean();
}

}  // namespace mnv4::train
