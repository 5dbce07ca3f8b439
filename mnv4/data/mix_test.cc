#include "mnv4/data/mix.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

namespace mnv4::data {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::IsEmpty;

Random At(uint64_t step) { return Random(1, Use::kMix, 0, step); }

constexpr Mix kAlways = {.probability = 1};
constexpr Mix kMixup = {.probability = 1, .cutmix_alpha = 0};
constexpr Mix kCutMix = {.probability = 1, .mixup_alpha = 0};

bool IsCutMix(const MixedSample& mixed) { return mixed.lambda_pixels == 1; }

TEST(DrawMix, MixesAsOftenAsItIsTold) {
  int mixed = 0, cut = 0;
  for (int step = 0; step < 4000; ++step) {
    const auto draw = DrawMix({.probability = 0.3}, 4, 32, 32, At(step));
    mixed += draw.empty() ? 0 : 1;
    cut += !draw.empty() && IsCutMix(draw[0]) ? 1 : 0;
  }
  EXPECT_NEAR(mixed, 1200, 100);
  EXPECT_NEAR(cut, 600, 80);
}

TEST(DrawMix, DoesNothingWithoutAnAlpha) {
  EXPECT_THAT(DrawMix({.probability = 1, .mixup_alpha = 0, .cutmix_alpha = 0}, 4, 8, 8, At(0)),
              IsEmpty());
}

TEST(DrawMix, TakesTheOneThatHasAnAlpha) {
  for (int step = 0; step < 50; ++step) {
    EXPECT_FALSE(IsCutMix(DrawMix(kMixup, 2, 32, 32, At(step))[0]));
    EXPECT_TRUE(IsCutMix(DrawMix(kCutMix, 2, 32, 32, At(step))[0]));
  }
}

TEST(DrawMix, DrawsForEverySampleOrForTheBatch) {
  const auto samples = DrawMix(kMixup, 3, 32, 32, At(1));
  EXPECT_NE(samples[0], samples[1]);
  Mix batch = kAlways;
  batch.per_sample = false;
  const auto all = DrawMix(batch, 3, 32, 32, At(1));
  EXPECT_THAT(all, Each(all[0]));
}

double VarianceOfLambda(Profile profile) {
  Mix mix = kMixup;
  mix.mixup_alpha = 0.2;
  mix.profile = profile;
  const auto draw = DrawMix(mix, 50'000, 1, 1, At(0));
  double sum = 0;
  for (const auto& mixed : draw) sum += std::pow(mixed.lambda_labels - 0.5, 2);
  return sum / static_cast<double>(draw.size());
}

TEST(DrawMix, LosesAlphaInGardenOnly) {
  EXPECT_NEAR(VarianceOfLambda(Profile::kGarden), 1.0 / 12, 0.002);
  EXPECT_NEAR(VarianceOfLambda(Profile::kClean), 0.04 / (0.16 * 1.4), 0.003);
}

TEST(DrawMix, CountsTheBoxAsItsProfileDoes) {
  Mix clean = kCutMix;
  clean.profile = Profile::kClean;
  int cut_off = 0;
  for (int step = 0; step < 500; ++step) {
    const MixedSample garden = DrawMix(kCutMix, 1, 32, 32, At(step))[0];
    ASSERT_GE(garden.top, 0);
    ASSERT_LE(garden.bottom, 32);
    const int area = (garden.bottom - garden.top) * (garden.right - garden.left);
    // Never less than what was pasted; more where the box left the picture or its side is odd.
    ASSERT_GE(1 - garden.lambda_labels, area / 1024.0 - 1e-6);
    cut_off += 1 - garden.lambda_labels > area / 1024.0 + 1e-6 ? 1 : 0;
    const MixedSample exact = DrawMix(clean, 1, 24, 32, At(step))[0];
    const int pasted = (exact.bottom - exact.top) * (exact.right - exact.left);
    ASSERT_NEAR(1 - exact.lambda_labels, pasted / 768.0, 1e-6);
  }
  EXPECT_GT(cut_off, 250);
}

TEST(MixPixels, BlendsWithTheReversedBatch) {
  std::vector<float> pixels = {0, 10, 100};  // three pictures of one value
  const std::vector<MixedSample> draw = {{.lambda_pixels = 0.75f, .lambda_labels = 0.75f},
                                         {.lambda_pixels = 0.5f, .lambda_labels = 0.5f},
                                         {.lambda_pixels = 0.25f, .lambda_labels = 0.25f}};
  MixPixels(draw, 1, 1, 1, pixels);
  EXPECT_THAT(pixels, ElementsAre(25, 10, 25));
}

TEST(MixPixels, PastesTheBoxOfThePartner) {
  std::vector<float> pixels(2 * 2 * 3 * 1);  // two pictures of 2 x 3
  std::iota(pixels.begin(), pixels.end(), 0.0f);
  const std::vector<MixedSample> draw = {
      {.lambda_labels = 0.5f, .top = 0, .left = 1, .bottom = 1, .right = 3}, {}};
  MixPixels(draw, 2, 3, 1, pixels);
  EXPECT_THAT(pixels, ElementsAre(0, 7, 8, 3, 4, 5, 6, 7, 8, 9, 10, 11));
}

TEST(MixedTargets, AreSmoothedOnceAndMixed) {
  const std::vector<int> labels = {1, 0, 1};
  const std::vector<float> plain = MixedTargets({}, labels, 4, 0.1);
  EXPECT_THAT(std::vector<float>(plain.begin(), plain.begin() + 4),
              ElementsAre(FloatNear(0.025f, 1e-7f), FloatNear(0.925f, 1e-7f),
                          FloatNear(0.025f, 1e-7f), FloatNear(0.025f, 1e-7f)));
  const std::vector<MixedSample> draw = {{.lambda_labels = 0.75f}, {.lambda_labels = 0.5f}};
  const std::vector<int> two = {2, 0};
  EXPECT_THAT(MixedTargets(draw, two, 3, 0), ElementsAre(0.25f, 0, 0.75f, 0.5f, 0, 0.5f));
  const std::vector<int> equal = {1, 1};
  EXPECT_THAT(MixedTargets(draw, equal, 2, 0), ElementsAre(0, 1, 0, 1));
}

TEST(MixedTargets, HaveTheValuesOfImageNet) {
  const std::vector<int> label = {7};
  const std::vector<float> targets = MixedTargets({}, label, 1000, 0.1);
  EXPECT_FLOAT_EQ(targets[7], 0.9001f);
  EXPECT_FLOAT_EQ(targets[8], 0.0001f);
}

}  // namespace
}  // namespace mnv4::data
