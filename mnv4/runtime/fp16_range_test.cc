#include "mnv4/runtime/fp16_range.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace mnv4::runtime {
namespace {

constexpr float kLargest = 65504 / kLargestActivation;  // sum of |weights| that just fits

TEST(Fp16Range, IsPassedByTheSumOfOneChannel) {
  const std::vector<float> fits = {1, -2, kLargest / 2, -kLargest / 2};
  EXPECT_FALSE(MayPassFp16(fits, {}, {}, 2));
  EXPECT_TRUE(MayPassFp16(fits, {}, {}, 1));
  EXPECT_TRUE(MayPassFp16(fits, {}, {}, 2, 1.01));
  EXPECT_TRUE(MayPassFp16(fits, {}, std::vector<float>{0, -1}, 2));
  EXPECT_FALSE(MayPassFp16(fits, {}, std::vector<float>{-1, 0}, 2));
}

TEST(Fp16Range, CountsTheScale) {
  const std::vector<float> weights = {kLargest};
  EXPECT_FALSE(MayPassFp16(weights, std::vector<float>{-1}, {}, 1));
  EXPECT_TRUE(MayPassFp16(weights, std::vector<float>{-1.01f}, {}, 1));
}

TEST(Fp16Range, IsPassedByWhatIsNoNumber) {
  EXPECT_TRUE(MayPassFp16(std::vector<float>{std::nanf("")}, {}, {}, 1));
  EXPECT_TRUE(MayPassFp16(std::vector<float>{0}, {}, std::vector<float>{INFINITY}, 1));
}

TEST(Fp16Range, IsPassedByTheScoresOfLongHeads) {
  EXPECT_FALSE(ScoresMayPassFp16(64, 1 / 8.0));
  EXPECT_FALSE(ScoresMayPassFp16(122, 1 / std::sqrt(122.0)));
  EXPECT_TRUE(ScoresMayPassFp16(123, 1 / std::sqrt(123.0)));
  EXPECT_TRUE(ScoresMayPassFp16(64, -1));
}

TEST(Fp16Range, HoldsWeightsByTheirOwnSize) {
  const std::vector<float> weights = {65504, -65504, 1e-30f, 0};
  EXPECT_TRUE(FitFp16(weights, {}, 2));
  EXPECT_TRUE(FitFp16(weights, std::vector<float>{-1, 1e30f}, 2));
  EXPECT_FALSE(FitFp16(weights, std::vector<float>{1.01f, 1}, 2));
  EXPECT_FALSE(FitFp16(weights, std::vector<float>{1, INFINITY}, 2));
  EXPECT_FALSE(FitFp16(std::vector<float>{std::nanf("")}, {}, 1));
}

}  // namespace
}  // namespace mnv4::runtime
