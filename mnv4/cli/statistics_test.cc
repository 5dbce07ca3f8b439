#include "mnv4/cli/statistics.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace mnv4::cli
