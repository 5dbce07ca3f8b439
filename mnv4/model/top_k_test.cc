#include "mnv4/model/top_k.h"

#include <gtest/gtest.h>

#include <vector>

namespace mnv4::model {
namespace {

TEST(TopK, SortsByProbability) {
  const std::vector<float> logits = {1, 3, 2, -100};
  const auto best = TopK(logits, 2);
  ASSERT_EQ(best.size(), 2u);
  EXPECT_EQ(best[0].index, 1);
  EXPECT_EQ(best[1].index, 2);
  EXPECT_NEAR(best[0].score, 0.66524096, 1e-7);  // e^3 / (e + e^2 + e^3)
  EXPECT_NEAR(best[1].score, 0.24472847, 1e-7);
}

TEST(TopK, GivesAllClassesWhenAskedForMore) {
  const std::vector<float> logits = {1e30f, 0};
  const auto best = TopK(logits, 5);
  ASSERT_EQ(best.size(), 2u);
  EXPECT_EQ(best[0].score, 1);
  EXPECT_EQ(best[1].score, 0);
}

TEST(TopK, TakesTheLowerIndexOfEqualLogits) {
  const std::vector<float> logits = {2, 5, 5};
  EXPECT_EQ(TopK(logits, 1)[0].index, 1);
}

}  // namespace
}  // namespace mnv4::model
