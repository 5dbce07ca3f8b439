#pragma once
/// How a published recipe becomes one for a smaller batch or a shorter run. The rules and where
/// they come from: docs/training.md, "Smaller batches". "Batch" is what one update sees,
/// accumulation included.

#include <cstdint>

namespace mnv4::recipe {

/// lr sqrt(batch / batch_ref): the rule for AdamW and LAMB (timm's default for them).
double SqrtScaledLr(double lr, int64_t batch, int64_t batch_ref);

/// lr batch / batch_ref: the rule for SGD (Goyal et al. 2017); Conv-M and Hybrid-M relate like
/// this.
double LinearScaledLr(double lr, int64_t batch, int64_t batch_ref);

/// decay^(batch / batch_ref) keeps the horizon 1 / (1 - decay) the same in samples; it is then cut
/// to a tenth of the run, so that a short run does not end with an average of its beginning.
double ScaledEmaDecay(double decay, int64_t batch, int64_t batch_ref, int64_t total_steps);

/// Keras' momentum (the part of the running statistic that stays; PyTorch's is 1 minus it) for
/// normalisation groups of another size: momentum^(group / group_ref). Runs under 20,000 steps
/// take at most 0.99, or their statistics would never arrive.
double ScaledBnMomentum(double momentum, int64_t group, int64_t group_ref, int64_t total_steps);

/// The epochs of the recipe, but at least 500 steps, but at most a tenth of the run.
int64_t WarmupSteps(double warmup_epochs, double steps_per_epoch, int64_t total_steps);

}  // namespace mnv4::recipe
