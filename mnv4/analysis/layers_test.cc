#include "mnv4/analysis/layers.h"

#include <gtest/gtest.h>

#include "mnv4/graph/builder.h"

namespace mnv4 {
namespace {

// 3x3 convolution to 4 channels, batch norm, and the input's average added to nothing.
Graph Small() {
  Builder b("small", {1, 6, 6, 2});
  NodeId y;
  {
    const Builder::Scope scope(b, "conv");
    const Conv2d conv{.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}};
    y = b.Add(conv, {b.input(), b.Param("weight", {4, 2, 3, 3})});
  }
  {
    const Builder::Scope scope(b, "bn");
    std::vector<NodeId> inputs = {y};
    for (const char* name : {"weight", "bias", "running_mean", "running_var"}) {
      inputs.push_back(b.Param(name, {4}));
    }
    y = b.Add(BatchNorm{}, inputs);
  }
  b.SetOutput("logits", b.Add(Add{}, {y, y}));
  return b.Finish();
}

TEST(Layers, HaveARowForEachOperatorThatComputes) {
  const std::vector<Layer> layers = LayersOf(Small());
  ASSERT_EQ(layers.size(), 3u);
  const Layer& conv = layers[0];
  EXPECT_EQ(conv.id, NodeId{2});
  EXPECT_EQ(conv.name, "conv");
  EXPECT_STREQ(conv.op, "conv2d");
  EXPECT_EQ(conv.output, (Shape{1, 3, 3, 4}));
  EXPECT_EQ(conv.cost, (Cost{.macs = 3 * 3 * 4 * 18, .parameters = 72}));
  EXPECT_EQ(conv.weight_bytes, 4 * 72);
  EXPECT_EQ(conv.activation_bytes, 4 * (72 + 36));
  const Layer& norm = layers[1];
  EXPECT_EQ(norm.cost, (Cost{.parameters = 8}));
  EXPECT_EQ(norm.weight_bytes, 4 * 16);
  EXPECT_EQ(layers[2].activation_bytes, 4 * 3 * 36);  // both inputs and the result
}

TEST(Layers, CountBoundWeightsWithTheirOwnElementSize) {
  Graph graph = Small();
  const std::vector<std::byte> halves(2 * 72);
  for (const Node& node : graph.nodes) {
    if (const auto* parameter = std::get_if<Parameter>(&node.op)) {
      graph.weights[parameter->name] = {{DType::kF16, node.type.shape}, halves, nullptr};
    }
  }
  EXPECT_EQ(LayersOf(graph)[0].weight_bytes, 2 * 72);
}

TEST(Totals, SumTheLayers) {
  const Totals totals = TotalsOf(LayersOf(Small()));
  EXPECT_EQ(totals.cost, (Cost{.macs = 648, .parameters = 80}));
  EXPECT_EQ(totals.macs(), 648);
  EXPECT_EQ(totals.flops(), 1296);
  EXPECT_EQ(totals.weight_bytes, 4 * 88);
  EXPECT_EQ(totals.activation_bytes, 4 * (108 + 72 + 108));
}

}  // namespace
}  // namespace mnv4
