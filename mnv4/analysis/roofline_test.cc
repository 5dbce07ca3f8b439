#include "mnv4/analysis/roofline.h"

#include <gtest/gtest.h>

namespace mnv4 {
namespace {

TEST(Roofline, IsTheLongerOfTheTwoLimits) {
  const Roofline compute = {.compute_s = 2, .memory_s = 1};
  EXPECT_TRUE(compute.compute_bound());
  EXPECT_EQ(compute.limit_s(), 2);
  const Roofline memory = {.compute_s = 2, .memory_s = 3};
  EXPECT_FALSE(memory.compute_bound());
  EXPECT_EQ(memory.limit_s(), 3);
}

TEST(Roofline, SharesAreOfWhatIsPossible) {
  const Roofline work = {.compute_s = 2, .memory_s = 1};
  EXPECT_EQ(work.Share(4), 0.5);
  EXPECT_EQ(work.Share(0), 0);
}

}  // namespace
}  // namespace mnv4
