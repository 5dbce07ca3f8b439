#include "mnv4/recipe/scaling.h"

#include <gtest/gtest.h>

namespace mnv4::recipe {
namespace {

// Conv-M's recipe, batch 4096 and learning rate 0.004, at smaller batches.
TEST(Scaling, TakesConvMToSmallerBatches) {
  EXPECT_DOUBLE_EQ(SqrtScaledLr(0.004, 1024, 4096), 0.002);
  EXPECT_NEAR(SqrtScaledLr(0.004, 512, 4096), 1.41e-3, 5e-6);
  EXPECT_DOUBLE_EQ(SqrtScaledLr(0.004, 256, 4096), 0.001);
  EXPECT_NEAR(SqrtScaledLr(0.004, 128, 4096), 7.1e-4, 5e-6);
}

TEST(Scaling, TakesConvMToHybridMByTheLinearRule) {
  EXPECT_DOUBLE_EQ(LinearScaledLr(0.004, 16384, 4096), 0.016);
}

TEST(Scaling, KeepsTheHorizonOfTheAverageInSamples) {
  const double decay = ScaledEmaDecay(0.9999, 256, 4096, 10'000'000);
  EXPECT_NEAR(256 / (1 - decay), 4096 / (1 - 0.9999), 4096);
  EXPECT_DOUBLE_EQ(ScaledEmaDecay(0.9999, 4096, 4096, 10'000'000), 0.9999);
}

TEST(Scaling, CutsTheHorizonOfTheAverageToATenthOfTheRun) {
  EXPECT_DOUBLE_EQ(ScaledEmaDecay(0.9999, 4096, 4096, 5000), 1 - 1 / 500.0);
  EXPECT_EQ(ScaledEmaDecay(0.9999, 4096, 4096, 3), 0);
}

TEST(Scaling, KeepsTheMemoryOfBatchNormsInSamples) {
  EXPECT_DOUBLE_EQ(ScaledBnMomentum(0.997, 256, 128, 100000), 0.997 * 0.997);
  EXPECT_DOUBLE_EQ(ScaledBnMomentum(0.997, 128, 128, 100000), 0.997);
  EXPECT_DOUBLE_EQ(ScaledBnMomentum(0.997, 128, 128, 19999), 0.99);
  EXPECT_DOUBLE_EQ(ScaledBnMomentum(0.95, 128, 128, 19999), 0.95);
}

TEST(Scaling, WarmsUpForTheEpochsOfTheRecipeWithinLimits) {
  EXPECT_EQ(WarmupSteps(5, 312, 156000), 1560);
  EXPECT_EQ(WarmupSteps(5, 20, 100000), 500);
  EXPECT_EQ(WarmupSteps(5, 20, 2000), 200);
  EXPECT_EQ(WarmupSteps(0, 312, 156000), 0);
}

}  // namespace
}  // namespace mnv4::recipe
