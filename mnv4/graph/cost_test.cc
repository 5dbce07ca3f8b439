#include <gtest/gtest.h>

#include "mnv4/graph/builder.h"

namespace mnv4 {
namespace {

// The cost of the last node that `build` adds.
template <class Build>
Cost CostOfLast(Shape input, Build build) {
  Builder b("g", std::move(input));
  const NodeId id = build(b);
  return CostOf(b.Finish(), id);
}

TEST(Cost, ConvolutionMultipliesEveryTapOfEveryOutput) {
  const Cost dense = CostOfLast({2, 8, 8, 3}, [](Builder& b) {
    const Conv2d conv{.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}};
    return b.Add(conv, {b.input(), b.Param("w", {16, 3, 3, 3}), b.Param("b", {16})});
  });
  EXPECT_EQ(dense, (Cost{.macs = 2 * 4 * 4 * 16 * 27, .parameters = 16 * 27 + 16}));
  const Cost depthwise = CostOfLast({1, 8, 8, 16}, [](Builder& b) {
    const Conv2d conv{.kernel = {5, 5}, .pad = {2, 2, 2, 2}, .groups = 16};
    return b.Add(conv, {b.input(), b.Param("w", {16, 1, 5, 5})});
  });
  EXPECT_EQ(depthwise, (Cost{.macs = 8 * 8 * 16 * 25, .parameters = 16 * 25}));
}

TEST(Cost, RunningStatisticsAreNotLearned) {
  const Cost cost = CostOfLast({1, 8, 8, 16}, [](Builder& b) {
    std::vector<NodeId> inputs = {b.input()};
    for (const char* name : {"weight", "bias", "mean", "var"})
      inputs.push_back(b.Param(name, {16}));
    return b.Add(BatchNorm{}, inputs);
  });
  EXPECT_EQ(cost, (Cost{.parameters = 32}));
}

TEST(Cost, AttentionCountsItsTwoProducts) {
  const Cost cost = CostOfLast({1, 4, 4, 32}, [](Builder& b) {
    const Pool2d half{.kind = PoolKind::kAverage, .kernel = {2, 2}, .stride = {2, 2}};
    const NodeId kv = b.Add(half, {b.Add(Conv2d{}, {b.input(), b.Param("w", {8, 32, 1, 1})})});
    return b.Add(Attention{.heads = 4}, {b.input(), kv, kv});
  });
  EXPECT_EQ(cost, (Cost{.attention_macs = 16 * 4 * 32 * 2}));
}

TEST(Cost, LinearAndBlurCountAndAverageDoesNot) {
  EXPECT_EQ(
      CostOfLast({2, 1, 1, 8},
                 [](Builder& b) {
                   return b.Add(Linear{}, {b.input(), b.Param("w", {5, 8}), b.Param("b", {5})});
                 }),
      (Cost{.macs = 2 * 5 * 8, .parameters = 45}));
  const Pool2d blur{
      .kind = PoolKind::kBlur, .kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}};
  EXPECT_EQ(CostOfLast({1, 8, 8, 4}, [&](Builder& b) { return b.Add(blur, {b.input()}); }),
            (Cost{.macs = 4 * 4 * 4 * 9}));
  EXPECT_EQ(CostOfLast({1, 8, 8, 4}, [](Builder& b) { return b.Add(Pool2d{}, {b.input()}); }),
            Cost{});
}

TEST(Cost, GatesCountNothing) {
  EXPECT_EQ(CostOfLast({2, 8, 8, 4},
                       [](Builder& b) {
                         return b.Add(Multiply{}, {b.input(), b.Add(Pool2d{}, {b.input()})});
                       }),
            Cost{});
}

}  // namespace
}  // namespace mnv4
