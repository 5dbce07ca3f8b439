#include "mnv4/data/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "mnv4/image/synthetic_pixels.h"

namespace mnv4::data {
namespace {

struct Row {
  Op op;
  double at5, at9, at15;
};

TEST(ArgumentOf, IsGardensTable) {
  const Row rows[] = {{Op::kRotate, 15, 27, 45},        {Op::kShearX, 0.15, 0.27, 0.45},
                      {Op::kShearY, 0.15, 0.27, 0.45},  {Op::kColor, 1.0, 1.72, 2.8},
                      {Op::kContrast, 1.0, 1.72, 2.8},  {Op::kBrightness, 1.0, 1.72, 2.8},
                      {Op::kSharpness, 1.0, 1.72, 2.8}, {Op::kPosterize, 2, 3, 6},
                      {Op::kSolarize, 128, 230, 128},   {Op::kSolarizeAdd, 55, 99, 165},
                      {Op::kTranslateX, 5, 9, 15},      {Op::kInvert, 0, 0, 0}};
  for (const Row& row : rows) {
    SCOPED_TRACE(Name(row.op));
    EXPECT_DOUBLE_EQ(ArgumentOf(row.op, 5, {}, 224), row.at5);
    EXPECT_DOUBLE_EQ(ArgumentOf(row.op, 9, {}, 224), row.at9);
    EXPECT_DOUBLE_EQ(ArgumentOf(row.op, 15, {}, 224), row.at15);
  }
  EXPECT_DOUBLE_EQ(ArgumentOf(Op::kTranslateY, 9, {.translate = 20}, 224), 18);
  EXPECT_DOUBLE_EQ(ArgumentOf(Op::kSolarize, 10, {}, 224), 256);
}

TEST(ArgumentOf, OfCleanEndsAtTen) {
  const Strength clean = {.profile = Profile::kClean};
  EXPECT_DOUBLE_EQ(ArgumentOf(Op::kSolarize, 15, clean, 224), 256);
  EXPECT_DOUBLE_EQ(ArgumentOf(Op::kRotate, 15, clean, 224), 30);
  EXPECT_DOUBLE_EQ(ArgumentOf(Op::kRotate, -1, clean, 224), 0);
  EXPECT_DOUBLE_EQ(ArgumentOf(Op::kPosterize, 9, clean, 224), 3);
  EXPECT_DOUBLE_EQ(ArgumentOf(Op::kTranslateX, 10, clean, 200), 90);
}

TEST(ArgumentOf, GrowsWithTheMagnitudeIfItIsToldTo) {
  const Strength clean = {.profile = Profile::kClean, .increasing = true};
  EXPECT_DOUBLE_EQ(ArgumentOf(Op::kPosterize, 9, clean, 224), 1);
  EXPECT_DOUBLE_EQ(ArgumentOf(Op::kSolarize, 9, clean, 224), 26);
  EXPECT_DOUBLE_EQ(ArgumentOf(Op::kColor, 9, clean, 224), 1.81);
  EXPECT_DOUBLE_EQ(ArgumentOf(Op::kSolarizeAdd, 9, clean, 224), 99);
}

// The pictures that many draws give, and how often.
std::map<std::string, int> Outcomes(const RandAugment& rand_augment, Profile profile, int draws) {
  const Image image = SyntheticPixels(40, 40, 3);
  std::map<std::string, int> counts;
  for (int i = 0; i < draws; ++i) {
    Random random(1, Use::kSample, 0, i);
    Image changed = image;
    ApplyRandAugment(rand_augment, profile, random, changed);
    ++counts[Hash(changed)];
  }
  return counts;
}

TEST(RandAugment, DrawsEveryOperationAsOften) {
  const std::string same = Hash(SyntheticPixels(40, 40, 3));
  constexpr int kDraws = 8000;
  const auto garden = Outcomes({.layers = 1, .probability = 1}, Profile::kGarden, kDraws);
  // One more for the other way of five operations. Stretching noise of 0..255 changes nothing.
  EXPECT_EQ(garden.size(), 15u + 5);
  EXPECT_NEAR(garden.at(same), kDraws / 8, 120);  // and one draw in 16 means no operation
  const auto clean = Outcomes({.layers = 1, .probability = 1}, Profile::kClean, kDraws);
  EXPECT_NEAR(clean.at(same), kDraws / 15, 90);
  const auto half = Outcomes({.layers = 1, .probability = 0.5}, Profile::kGarden, kDraws);
  EXPECT_NEAR(half.at(same), kDraws * 9 / 16, 180);
}

TEST(RandAugment, OfNoLayerOrNoProbabilityDoesNothing) {
  EXPECT_EQ(Outcomes({.layers = 0}, Profile::kGarden, 20).size(), 1u);
  EXPECT_EQ(Outcomes({.probability = 0}, Profile::kClean, 20).size(), 1u);
}

TEST(RandAugment, VariesItsMagnitudeIfItIsToldTo) {
  const RandAugment varied = {.layers = 1, .probability = 1, .magnitude_std = 0.5};
  EXPECT_GT(Outcomes(varied, Profile::kClean, 500).size(), 200u);
}

TEST(RandAugment, FadesBothWaysIfItIncreases) {
  const RandAugment increasing = {.layers = 1, .probability = 1, .increasing = true};
  EXPECT_EQ(Outcomes(increasing, Profile::kClean, 4000).size(), 15u + 5 + 4);
}

// Found by running them: a change of any bit of any operation or draw shows here.
TEST(RandAugment, StaysWhatItWas) {
  const struct {
    Profile profile;
    double magnitude;
    const char* hash;
  } golden[] = {{Profile::kGarden, 9, "a1f958029f3cb686"},
                {Profile::kGarden, 15, "67f4af614019d64b"},
                {Profile::kClean, 9, "07ca444b0b84c7c2"}};
  for (const auto& [profile, magnitude, hash] : golden) {
    std::string all;
    for (int i = 0; i < 200; ++i) {
      Random random(7, Use::kSample, 1, i);
      Image image = SyntheticPixels(37, 29, 3);
      ApplyRandAugment({.magnitude = magnitude, .probability = 0.7}, profile, random, image);
      all += Hash(image);
    }
    EXPECT_EQ(Hash(std::as_bytes(std::span(all))), hash) << magnitude;
  }
}

TEST(AutoAugment, HasTheSubPoliciesOfThePaper) {
  const auto policy = AutoAugmentPolicy();
  ASSERT_EQ(policy.size(), 25u);
  EXPECT_EQ(policy[0][0].op, Op::kEqualize);
  EXPECT_EQ(policy[15][1].op, Op::kTranslateY);
  EXPECT_EQ(policy[24][1].op, Op::kRotate);
  EXPECT_EQ(policy[24][1].probability, 0.4);
  EXPECT_EQ(policy[24][1].magnitude, 5);
}

TEST(AutoAugment, StaysWhatItWas) {
  std::string all;
  std::set<std::string> different;
  for (int i = 0; i < 400; ++i) {
    Random random(7, Use::kSample, 2, i);
    Image image = SyntheticPixels(37, 29, 3);
    ApplyAutoAugment(i % 2 == 0 ? Profile::kGarden : Profile::kClean, random, image);
    all += Hash(image);
    different.insert(Hash(image));
  }
  EXPECT_GT(different.size(), 50u);
  EXPECT_EQ(Hash(std::as_bytes(std::span(all))), "502de5b8dc2c1605");
}

}  // namespace
}  // namespace mnv4::data
