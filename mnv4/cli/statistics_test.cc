#include "mnv4/cli/statistics.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

namespace mnv4::cli {
namespace {

TEST(Quantile, InterpolatesBetweenNeighbours) {
  const std::vector<double> values = {1, 2, 3, 4};
  EXPECT_DOUBLE_EQ(Quantile(values, 0), 1);
  EXPECT_DOUBLE_EQ(Quantile(values, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(Quantile(values, 0.9), 3.7);  // numpy.quantile([1, 2, 3, 4], 0.9)
  EXPECT_DOUBLE_EQ(Quantile(values, 1), 4);
}

TEST(Summarize, DescribesSamplesInAnyOrder) {
  const std::vector<double> samples = {5, 1, 4, 2, 3};
  const Summary s = Summarize(samples);
  EXPECT_DOUBLE_EQ(s.min, 1);
  EXPECT_DOUBLE_EQ(s.mean, 3);
  EXPECT_DOUBLE_EQ(s.median, 3);
  EXPECT_DOUBLE_EQ(s.p90, 4.6);
  EXPECT_DOUBLE_EQ(s.p99, 4.96);
  EXPECT_NEAR(s.std, 1.5811388300841898, 1e-15);
}

TEST(Summarize, TakesTheMedianOfTheMeansOfConsecutiveGroups) {
  // Groups (1 1) (2 2) (3 3) (4 4) (100 100): the disturbed one does not matter.
  const std::vector<double> samples = {1, 1, 2, 2, 3, 3, 4, 4, 100, 100};
  EXPECT_DOUBLE_EQ(Summarize(samples, 5).median_of_means, 3);
  EXPECT_DOUBLE_EQ(Summarize(samples, 1).median_of_means, 22);
}

TEST(Summarize, WorksOnOneSample) {
  const Summary s = Summarize(std::vector<double>{7});
  EXPECT_DOUBLE_EQ(s.median_of_means, 7);
  EXPECT_DOUBLE_EQ(s.p99, 7);
  EXPECT_DOUBLE_EQ(s.std, 0);
}

TEST(RatioOfMeans, HoldsTheTruthNineteenTimesInTwenty) {
  std::mt19937 random(1);
  std::normal_distribution<double> noise(1.0, 0.05);
  int held = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<double> a(10), b(10);
    for (double& value : a) value = 4 * noise(random);
    for (double& value : b) value = 5 * noise(random);
    const Ratio ratio = RatioOfMeans(a, b);
    EXPECT_LT(ratio.low, ratio.value);
    EXPECT_GT(ratio.high, ratio.value);
    held += ratio.low < 1.25 && 1.25 < ratio.high ? 1 : 0;
  }
  EXPECT_GE(held, 1880);  // 94 %; few degrees of freedom make the interval a little wide
  EXPECT_LE(held, 1960);
}

TEST(RatioOfMeans, OfSingleMeasurementsSaysNothing) {
  const Ratio ratio = RatioOfMeans(std::vector<double>{2}, std::vector<double>{3, 3});
  EXPECT_DOUBLE_EQ(ratio.value, 1.5);
  EXPECT_EQ(ratio.low, 0);
  EXPECT_EQ(ratio.high, std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace mnv4::cli
