// The layers that the kernels' tests and benchmarks list are those of the published networks.

#include "mnv4/kernels/layer_shapes.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>
#include <variant>

#include "mnv4/arch/arch.h"

namespace mnv4 {
namespace {

using ConvKey = std::tuple<int64_t, int64_t, int64_t, int, int, bool>;  // as ConvLayer's members
using AttentionKey = std::tuple<int64_t, int64_t, int, int64_t>;        // as AttentionLayer's

TEST(LayerShapes, AreThoseOfThePublishedNetworks) {
  struct Network {
    const char* name;
    int side;  // pixels
  };
  std::set<ConvKey> convs;
  std::set<AttentionKey> attentions;
  for (const Network& network : {Network{"mobilenetv4_conv_small", 224},
                                 {"mobilenetv4_conv_medium", 256},
                                 {"mobilenetv4_conv_large", 384},
                                 {"mobilenetv4_hybrid_medium", 256},
                                 {"mobilenetv4_hybrid_large", 384}}) {
    const NetworkSpec spec = FindArchitecture(network.name).value();
    const Graph graph = Lower(spec, 1, network.side, network.side);
    for (const Node& node : graph.nodes) {
      const auto input = [&](size_t i) -> const Shape& {
        return graph.at(node.inputs[i]).type.shape;
      };
      if (const auto* conv = std::get_if<Conv2d>(&node.op)) {
        convs.emplace(input(0)[1], input(0)[3], node.type.shape[3], conv->kernel.h, conv->stride.h,
                      conv->groups > 1);
      } else if (std::holds_alternative<Linear>(node.op)) {
        convs.emplace(1, input(0)[3], node.type.shape[3], 1, 1, false);
      } else if (const auto* attention = std::get_if<Attention>(&node.op)) {
        attentions.emplace(input(0)[1], input(1)[1], attention->heads,
                           input(0)[3] / attention->heads);
      }
    }
  }

  std::set<ConvKey> listed;
  for (const kernels::ConvLayer& layer : kernels::kConvLayers) {
    const bool is_new =
        listed
            .emplace(layer.size, layer.c_in, layer.c_out, layer.side, layer.stride, layer.depthwise)
            .second;
    EXPECT_TRUE(is_new) << layer.size << " " << layer.c_in << " " << layer.c_out << ": twice";
  }
  EXPECT_EQ(listed, convs);

  std::set<AttentionKey> listed_attentions;
  for (const kernels::AttentionLayer& layer : kernels::kAttentionLayers) {
    listed_attentions.emplace(layer.size, layer.kv_size, layer.heads, layer.dim);
  }
  EXPECT_EQ(listed_attentions, attentions);
}

}  // namespace
}  // namespace mnv4
