#pragma once
/// Mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019): sample i of a batch is mixed with sample
/// n - 1 - i, the labels likewise.

#include <cstdint>
#include <span>
#include <vector>

#include "mnv4/data/profile.h"
#include "mnv4/data/random.h"

namespace mnv4::data {

struct Mix {
  double probability = 0;           ///< of a batch being mixed
  double mixup_alpha = 0.8;         ///< 0: never Mixup
  double cutmix_alpha = 1.0;        ///< 0: never CutMix
  double switch_probability = 0.5;  ///< of CutMix, where both may be
  bool per_sample = true;           ///< a lambda each; false: one for the batch, as timm
  Profile profile = Profile::kGarden;
  bool operator==(const Mix&) const = default;
};

/// What one sample becomes: outside the box own * lambda + partner * (1 - lambda) of pixels
/// (Mixup, lambda_pixels), inside it the partner's (CutMix); labels by lambda_labels.
struct MixedSample {
  float lambda_pixels = 1, lambda_labels = 1;
  int top = 0, left = 0, bottom = 0, right = 0;  ///< box, pixels; empty for Mixup
  bool operator==(const MixedSample&) const = default;
};

/// The draw for one batch of n pictures; empty: this batch is not mixed.
std::vector<MixedSample> DrawMix(const Mix& mix, int n, int height, int width, Random random);

/// Applies it in place to n h w c floats.
void MixPixels(std::span<const MixedSample> draw, int height, int width, int channels,
               std::span<float> pixels);

/// Targets [n, classes]: smoothed one-hot (1 - s + s / classes, s / classes), then mixed.
std::vector<float> MixedTargets(std::span<const MixedSample> draw, std::span<const int> labels,
                                int classes, double smoothing);

}  // namespace mnv4::data
