#include "mnv4/data/augment.h"

namespace mnv4::data {
namespace {

using enum Op;

// "v0" of Cubuk et al. 2019 as EfficientNet was trained with it: probability, magnitude.
constexpr PolicyStep kPolicy[][2] = {
    {{kEqualize, 0.8, 1}, {kShearY, 0.8, 4}},        {{kColor, 0.4, 9}, {kEqualize, 0.6, 3}},
    {{kColor, 0.4, 1}, {kRotate, 0.6, 8}},           {{kSolarize, 0.8, 3}, {kEqualize, 0.4, 7}},
    {{kSolarize, 0.4, 2}, {kSolarize, 0.6, 2}},      {{kColor, 0.2, 0}, {kEqualize, 0.8, 8}},
    {{kEqualize, 0.4, 8}, {kSolarizeAdd, 0.8, 3}},   {{kShearX, 0.2, 9}, {kRotate, 0.6, 8}},
    {{kColor, 0.6, 1}, {kEqualize, 1.0, 2}},         {{kInvert, 0.4, 9}, {kRotate, 0.6, 0}},
    {{kEqualize, 1.0, 9}, {kShearY, 0.6, 3}},        {{kColor, 0.4, 7}, {kEqualize, 0.6, 0}},
    {{kPosterize, 0.4, 6}, {kAutoContrast, 0.4, 7}}, {{kSolarize, 0.6, 8}, {kColor, 0.6, 9}},
    {{kSolarize, 0.2, 4}, {kRotate, 0.8, 9}},        {{kRotate, 1.0, 7}, {kTranslateY, 0.8, 9}},
    {{kShearX, 0.0, 0}, {kSolarize, 0.8, 4}},        {{kShearY, 0.8, 0}, {kColor, 0.6, 4}},
    {{kColor, 1.0, 0}, {kRotate, 0.6, 2}},           {{kEqualize, 0.8, 4}, {kEqualize, 0.0, 8}},
    {{kEqualize, 1.0, 4}, {kAutoContrast, 0.6, 2}},  {{kShearY, 0.4, 7}, {kSolarizeAdd, 0.6, 7}},
    {{kPosterize, 0.8, 2}, {kSolarize, 0.6, 10}},    {{kSolarize, 0.6, 8}, {kEqualize, 0.6, 1}},
    {{kColor, 0.8, 6}, {kRotate, 0.4, 5}},
};

constexpr double kTranslate = 250;  // pixels at magnitude 10, Garden's

}  // namespace

std::span<const PolicyStep[2]> AutoAugmentPolicy() { return kPolicy; }

void ApplyAutoAugment(Profile profile, Random& random, Image& image) {
  const auto& steps = kPolicy[random.Below(std::size(kPolicy))];
  for (const PolicyStep& step : steps) {
    if (!random.Chance(step.probability)) continue;
    ApplyOp(step.op, step.magnitude, {profile, false, kTranslate}, random, image);
  }
}

}  // namespace mnv4::data
