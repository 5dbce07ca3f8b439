#pragma once
/// RandAugment (Cubuk et al. 2020) and AutoAugment (Cubuk et al. 2019): operations, how strong a
/// magnitude makes each, and which are drawn. docs/augmentation.md has the tables.

#include <cstdint>
#include <span>

#include "mnv4/data/random.h"
#include "mnv4/data/transform.h"
#include "mnv4/image/pixels.h"

namespace mnv4::data {

/// In Garden's order.
enum class Op : uint8_t {
  kAutoContrast,
  kEqualize,
  kInvert,
  kRotate,     ///< degrees
  kPosterize,  ///< bits kept
  kSolarize,   ///< threshold
  kColor,      ///< factor, as of the three below
  kContrast,
  kBrightness,
  kSharpness,
  kShearX,      ///< pixels a row
  kShearY,      ///< pixels a column
  kTranslateX,  ///< pixels
  kTranslateY,  ///< pixels
  kSolarizeAdd  ///< addend
};
inline constexpr int kNumOps = 15;

/// "AutoContrast", "Equalize", ...: the papers' names.
const char* Name(Op op);

/// From magnitudes to arguments.
struct Strength {
  Profile profile = Profile::kGarden;
  bool increasing = false;  ///< clean only: RandAugment::increasing
  double translate = 10;    ///< Garden: pixels at magnitude 10
};

/// What `op` gets at this magnitude, as positive as can be; `side`: of the picture, in the
/// direction of a translation. Clean magnitudes end at 10.
double ArgumentOf(Op op, double magnitude, const Strength& strength, int side);

/// The operation with its argument.
void ApplyOp(Op op, double argument, Profile profile, Image& image);
/// The same at a magnitude, either way round where there are two.
void ApplyOp(Op op, double magnitude, const Strength& strength, Random& random, Image& image);

void ApplyRandAugment(const RandAugment& rand_augment, Profile profile, Random& random,
                      Image& image);

/// One of the 25 sub-policies of "v0", found for ImageNet.
void ApplyAutoAugment(Profile profile, Random& random, Image& image);

/// An operation of a sub-policy.
struct PolicyStep {
  Op op;
  double probability, magnitude;
};
/// The two steps of each.
std::span<const PolicyStep[2]> AutoAugmentPolicy();

}  // namespace mnv4::data
