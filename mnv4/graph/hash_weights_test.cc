#include <gtest/gtest.h>

#include "mnv4/graph/bind.h"
#include "mnv4/graph/builder.h"

namespace mnv4 {
namespace {

// Made by an independent program.
TEST(HashUniform, GivesThePublishedNumbers) {
  EXPECT_EQ(HashUniform("conv_stem.weight", 0), 0.46950939632904587);
  EXPECT_EQ(HashUniform("conv_stem.weight", 1), 0.718999998608763);
  EXPECT_EQ(HashUniform("conv_stem.weight", 2), 0.9457770132363378);
  EXPECT_EQ(HashUniform("input", 0), 0.0978183426575382);
  EXPECT_EQ(HashUniform("input", 1), 0.14747860371491817);
  EXPECT_EQ(HashUniform("input", 2), 0.5740844483096654);
}

TEST(HashInput, CountsAlongPlanesAndRepeatsForEveryImage) {
  const std::vector<float> input = HashInput({2, 1, 2, 3});
  ASSERT_EQ(input.size(), 12u);
  EXPECT_EQ(input[0], static_cast<float>(2 * 0.0978183426575382 - 1));
  EXPECT_EQ(input[3], static_cast<float>(2 * 0.14747860371491817 - 1));  // pixel 1, channel 0
  EXPECT_EQ(input[1], static_cast<float>(2 * 0.5740844483096654 - 1));   // pixel 0, channel 1
  EXPECT_EQ(input[6], input[0]);
}

TEST(HashWeights, FillsByTheKindOfTensor) {
  Builder b("g", {1, 4, 4, 2});
  std::vector<NodeId> norm = {b.input()};
  for (const char* name : {"weight", "bias", "running_mean", "running_var"}) {
    const Builder::Scope scope(b, "bn");
    norm.push_back(b.Param(name, {2}));
  }
  NodeId y = b.Add(BatchNorm{}, norm);
  y = b.Add(ChannelScale{}, {y, b.Param("gamma", {2})});
  y = b.Add(Conv2d{}, {y, b.Param("conv.weight", {8, 2, 1, 1})});
  y = b.Add(Conv2d{}, {y, b.Param("query.proj.weight", {8, 8, 1, 1})});
  b.SetOutput("y", y);
  const TensorMap weights = HashWeights(b.Finish());
  const auto expect_range = [&](const char* name, double least, double most) {
    for (const float value : ToFloats(weights.at(name))) {
      EXPECT_GE(value, least) << name;
      EXPECT_LT(value, most) << name;
    }
  };
  expect_range("bn.weight", 0.75, 1.25);
  expect_range("bn.bias", -0.3, 0.3);
  expect_range("bn.running_mean", -0.2, 0.2);
  expect_range("bn.running_var", 0.5, 1.5);
  expect_range("gamma", 0.25, 0.75);
  expect_range("conv.weight", -1.5, 1.5);
  expect_range("query.proj.weight", -0.015, 0.015);
  EXPECT_EQ(ToFloats(weights.at("conv.weight"))[3],
            static_cast<float>(1.5 * (2 * HashUniform("conv.weight", 3) - 1)));
}

}  // namespace
}  // namespace mnv4
