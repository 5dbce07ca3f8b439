#include "mnv4/data/augment.h"

namespace mnv4::data {

void ApplyRandAugment(const RandAugment& rand_augment, Profile profile, Random& random,
                      Image& image) {
  const Strength strength = {profile, rand_augment.increasing, rand_augment.translate};
  // Garden draws one number more, which stands for no operation.
  const uint32_t choices = profile == Profile::kGarden ? kNumOps + 1 : kNumOps;
  for (int layer = 0; layer < rand_augment.layers; ++layer) {
    const uint32_t choice = random.Below(choices);
    const bool applied = random.Chance(rand_augment.probability);
    double magnitude = rand_augment.magnitude;
    if (rand_augment.magnitude_std > 0) magnitude += rand_augment.magnitude_std * random.Normal();
    if (!applied || choice == kNumOps) continue;
    ApplyOp(static_cast<Op>(choice), magnitude, strength, random, image);
  }
}

}  // namespace mnv4::data
