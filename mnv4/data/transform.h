#pragma once
/// From a picture's bytes to what the network sees in training.
/// Source: the recipes of Qin et al. 2024, Appendix C, as their released code (Model Garden) does
/// it; docs/augmentation.md has the exact rules.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "mnv4/data/profile.h"
#include "mnv4/data/random.h"
#include "mnv4/image/pixels.h"
#include "mnv4/image/preprocess.h"

namespace mnv4::data {

enum class CropKind : uint8_t {
  kRandom,  ///< Inception crop: a random part of the picture, of random shape
  kCenter,  ///< the evaluation crop: for fine-tuning on a few pictures, and for ready-made scenes
};

enum class AutoAugmentKind : uint8_t { kNone, kRandAugment, kAutoAugment };

struct RandAugment {
  int layers = 2;
  double magnitude = 9;      ///< of 10; Garden takes more, clean ends there
  double probability = 0.5;  ///< of an operation being applied
  double translate = 10;     ///< pixels at magnitude 10 (Garden); clean: 45 % of the side
  double magnitude_std = 0;  ///< of normal noise on the magnitude: timm's "mstd"
  bool increasing = false;   ///< clean: every operation grows with the magnitude, timm's "inc1"
  bool operator==(const RandAugment&) const = default;
};

struct Transform {
  Preprocess input;  ///< channels, size, mean, std; crop_pct and interpolation for kCenter
  Profile profile = Profile::kGarden;
  CropKind crop = CropKind::kRandom;
  double area_min = 0.08, area_max = 1.0;             ///< of the picture
  double aspect_min = 3.0 / 4, aspect_max = 4.0 / 3;  ///< width / height
  double flip = 0.5;                                  ///< probability of a left-right flip
  AutoAugmentKind auto_augment = AutoAugmentKind::kNone;
  RandAugment rand_augment;
  double colour_jitter = 0;  ///< brightness, contrast, saturation in [1 - x, 1 + x]; 0: none
  double erase = 0;          ///< probability of random erasing
  bool operator==(const Transform&) const = default;
};

/// Decodes, crops, resizes and augments one picture and writes input.height * input.width *
/// channels floats, normalised, n h w c order. Depends on its arguments only. Throws
/// Error(kRuntime) for a picture that does not decode.
void LoadForTraining(std::span<const std::byte> bytes, const Transform& transform, Random random,
                     float* out);

/// The same with normalisation undone: 8-bit pixels, to be looked at (`mnv4 data preview`).
Image PixelsForTraining(std::span<const std::byte> bytes, const Transform& transform,
                        Random random);

}  // namespace mnv4::data
