#include "mnv4/graph/builder.h"

#include <gtest/gtest.h>

#include "mnv4/base/error.h"

namespace mnv4 {
namespace {

TEST(Builder, NamesParametersByScope) {
  Builder b("g", {1, 4, 4, 3});
  NodeId weight;
  {
    const Builder::Scope outer(b, "blocks.0");
    const Builder::Scope inner(b, "conv");
    weight = b.Param("weight", {8, 3, 1, 1});
    EXPECT_EQ(b.Param("weight", {8, 3, 1, 1}), weight);
  }
  const NodeId bias = b.Param("bias", {8});
  const NodeId y = b.Add(Conv2d{}, {b.input(), weight, bias});
  b.SetOutput("y", y);
  const Graph graph = b.Finish();
  EXPECT_EQ(graph.at(weight).op, Op(Parameter{"blocks.0.conv.weight"}));
  EXPECT_EQ(graph.at(weight).scope, "blocks.0.conv");
  EXPECT_EQ(graph.at(bias).op, Op(Parameter{"bias"}));
  EXPECT_EQ(graph.nodes.size(), 4u);
  EXPECT_EQ(graph.outputs.at("y"), y);
}

TEST(Builder, InfersTypesAsItGoes) {
  Builder b("g", {2, 7, 9, 3});
  const Conv2d conv{.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}};
  const NodeId y = b.Add(conv, {b.input(), b.Param("w", {5, 3, 3, 3})});
  EXPECT_EQ(b.TypeOf(y).shape, (Shape{2, 4, 5, 5}));
  EXPECT_THROW(b.Add(Add{}, {y, b.input()}), Error);
}

}  // namespace
}  // namespace mnv4
