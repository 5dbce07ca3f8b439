// The inference passes on whole networks: same outputs, one node per convolution.

#include "mnv4/graph/passes/passes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "mnv4/arch/arch.h"
#include "mnv4/graph/bind.h"
#include "mnv4/graph/interpret.h"

namespace mnv4 {
namespace {

Graph BoundWithHashWeights(const NetworkSpec& spec, int h, int w) {
  Graph graph = Lower(spec, 1, h, w);
  const TensorMap weights = HashWeights(graph);
  return Bind(std::move(graph), weights);
}

template <class Operator>
size_t Count(const Graph& graph) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(),
                       [](const Node& node) { return std::holds_alternative<Operator>(node.op); });
}

TEST(OptimizeForInference, KeepsEveryOutputOfTheNetworks) {
  const struct {
    const char* name;
    PadMode pad;
  } networks[] = {{"conv_small", PadMode::kSame},
                  {"conv_aa_medium", PadMode::kSymmetric},
                  {"conv_blur_medium", PadMode::kSymmetric},
                  {"hybrid_medium", PadMode::kSame},
                  {"mobilenetv1_050", PadMode::kSymmetric},
                  {"mobilenetv2_050", PadMode::kSame},
                  {"mobilenetv3_small_100", PadMode::kSymmetric}};
  for (const auto& network : networks) {
    NetworkSpec spec = FindArchitecture(network.name).value();
    spec.pad = network.pad;
    const Graph before = BoundWithHashWeights(spec, 64, 51);
    const Graph after = OptimizeForInference(before);
    const std::vector<float> input = HashInput(before.nodes[0].type.shape);
    const auto wanted = Interpret(before, input), found = Interpret(after, input);
    ASSERT_EQ(wanted.size(), found.size());
    for (const auto& [output, values] : wanted) {
      const std::vector<double>& other = found.at(output).data;
      double top = 1, error = 0;
      for (size_t i = 0; i < other.size(); ++i) {
        top = std::max(top, std::abs(values.data[i]));
        error = std::max(error, std::abs(values.data[i] - other[i]));
      }
      EXPECT_LT(error, 1e-5 * top) << network.name << " " << output;
    }
  }
}

TEST(OptimizeForInference, LeavesConvolutionsAndLittleElse) {
  const Graph graph =
      OptimizeForInference(BoundWithHashWeights(FindArchitecture("conv_small").value(), 64, 64));
  EXPECT_EQ(Count<Conv2d>(graph), 46u);
  EXPECT_EQ(Count<BatchNorm>(graph) + Count<ChannelScale>(graph) + Count<Activate>(graph), 0u);
  EXPECT_EQ(Count<Add>(graph), 10u);
  EXPECT_EQ(Count<Pool2d>(graph), 1u);
  EXPECT_EQ(Count<Linear>(graph), 1u);
}

// In hybrid_medium the norm before attention folds into the projections where keys and values are
// not downsampled (stage 3) and stays for padded convolutions alone where they are (stage 2).
TEST(OptimizeForInference, KeepsNormsBeforeDownsampledKeys) {
  const Graph before = BoundWithHashWeights(FindArchitecture("hybrid_medium").value(), 64, 64);
  const Graph graph = OptimizeForInference(before);
  EXPECT_EQ(Count<ChannelScale>(graph), 4u);
  for (const Node& node : graph.nodes) {
    if (std::holds_alternative<ChannelScale>(node.op)) {
      EXPECT_TRUE(node.scope.starts_with("blocks.2.")) << node.scope;
    }
  }
  for (const std::string block : {"blocks.2.10", "blocks.3.8"}) {
    EXPECT_EQ(graph.weights.count(block + ".attn.query.proj.folded_weight"), 1u);
    EXPECT_EQ(graph.weights.count(block + ".attn.query.proj.weight"), 0u);
  }
}

// Folding adds small tensors and leaves the large ones where the file has them.
TEST(OptimizeForInference, SharesTheWeightsOfTheFile) {
  const Graph before = BoundWithHashWeights(FindArchitecture("conv_medium").value(), 64, 64);
  const Graph after = OptimizeForInference(before);
  size_t added_bytes = 0;
  for (const auto& [name, tensor] : after.weights) {
    const auto original = before.weights.find(name);
    if (original == before.weights.end()) {
      added_bytes += tensor.bytes.size();
    } else {
      EXPECT_EQ(tensor.bytes.data(), original->second.bytes.data()) << name;
    }
  }
  EXPECT_LT(added_bytes, 300u * 1024);
}

}  // namespace
}  // namespace mnv4
