#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "mnv4/arch/arch.h"
#include "mnv4/base/error.h"

namespace mnv4 {
namespace {

using testing::HasSubstr;

const Shape& OutputShape(const Graph& graph, const std::string& name) {
  return graph.at(graph.outputs.at(name)).type.shape;
}

// The nodes of one kind, in order.
template <class Operator>
std::vector<const Node*> NodesOf(const Graph& graph) {
  std::vector<const Node*> nodes;
  for (const Node& node : graph.nodes) {
    if (std::holds_alternative<Operator>(node.op)) nodes.push_back(&node);
  }
  return nodes;
}
template <class Operator>
void NodesOf(Graph&&) = delete;  // the pointers would outlive it

const Conv2d& ConvAt(const Graph& graph, const std::string& scope) {
  for (const Node* node : NodesOf<Conv2d>(graph)) {
    if (node->scope == scope) return std::get<Conv2d>(node->op);
  }
  throw std::out_of_range(scope);
}

// A network of one block after a stem of 16 channels, on an 8x8 picture (4x4 after the stem).
Graph OneBlock(const BlockSpec& block, NetworkSpec spec = {}) {
  spec.name = "one";
  spec.stem = 16;
  spec.stages = {{block}};
  return Lower(spec, 1, 8, 8);
}

size_t Residuals(const Graph& graph) { return NodesOf<Add>(graph).size(); }

TEST(Lower, NamesTimmsFeatures) {
  const struct {
    const char* name;
    std::vector<int64_t> channels;  // C1..C5, then V4's blocks.3
  } rows[] = {
      {"conv_small_035", {32, 16, 24, 32, 336, 48}},
      {"conv_small_050", {32, 16, 32, 48, 480, 64}},
      {"conv_small", {32, 32, 64, 96, 960, 128}},
      {"conv_medium", {32, 48, 80, 160, 960, 256}},
      {"conv_large", {24, 48, 96, 192, 960, 512}},
      {"hybrid_medium_075", {32, 40, 64, 120, 720, 192}},
      {"hybrid_medium", {32, 48, 80, 160, 960, 256}},
      {"hybrid_large_075", {24, 40, 72, 144, 720, 384}},
      {"hybrid_large", {24, 48, 96, 192, 960, 512}},
      {"conv_aa_medium", {32, 48, 80, 160, 960, 256}},
      {"mobilenetv1_100", {64, 128, 256, 512, 1024}},
      {"mobilenetv2_100", {16, 24, 32, 96, 320}},
      {"mobilenetv3_large_100", {16, 24, 40, 112, 960}},
      {"mobilenetv3_small_100", {16, 16, 24, 48, 576}},
  };
  for (const auto& row : rows) {
    const Graph graph = Lower(FindArchitecture(row.name).value(), 2, 64, 96);
    for (int level = 1; level <= 5; ++level) {
      EXPECT_EQ(OutputShape(graph, "C" + std::to_string(level)),
                (Shape{2, 64 >> level, 96 >> level, row.channels[level - 1]}))
          << row.name;
    }
    if (row.channels.size() > 5) {
      EXPECT_EQ(OutputShape(graph, "blocks.3"), (Shape{2, 2, 3, row.channels[5]})) << row.name;
    }
    EXPECT_EQ(graph.outputs.count("C6"), 0u);
  }
}

TEST(Lower, RoundsOddSidesAsTimmDoes) {
  const auto sides = [](const char* name) {
    const Graph graph = Lower(FindArchitecture(name).value(), 1, 75, 101);
    std::vector<int64_t> heights;
    for (int level = 1; level <= 5; ++level) {
      heights.push_back(OutputShape(graph, "C" + std::to_string(level))[1]);
    }
    return heights;
  };
  EXPECT_EQ(sides("conv_medium"), (std::vector<int64_t>{38, 19, 10, 5, 3}));
  EXPECT_EQ(sides("conv_blur_medium"), (std::vector<int64_t>{38, 19, 10, 5, 3}));
  EXPECT_EQ(sides("conv_aa_medium"), (std::vector<int64_t>{38, 19, 9, 4, 2}));
}

TEST(Lower, OutputsFollowTheNumberOfClasses) {
  NetworkSpec spec = FindArchitecture("conv_small").value();
  spec.num_classes = 7;
  Graph graph = Lower(spec, 3, 64, 64);
  EXPECT_EQ(OutputShape(graph, "logits"), (Shape{3, 1, 1, 7}));
  EXPECT_EQ(OutputShape(graph, "pre_logits"), (Shape{3, 1, 1, 1280}));
  spec.num_classes = 0;
  graph = Lower(spec, 3, 64, 64);
  EXPECT_EQ(graph.outputs.at("logits"), graph.outputs.at("pre_logits"));
  EXPECT_THAT(NodesOf<Linear>(graph), testing::IsEmpty());
}

TEST(Lower, TakesAnyNumberOfInputChannels) {
  NetworkSpec spec = FindArchitecture("conv_small").value();
  spec.in_chans = 5;
  const Graph graph = Lower(spec, 1, 64, 64);
  EXPECT_EQ(graph.nodes[0].type.shape, (Shape{1, 64, 64, 5}));
  EXPECT_EQ(graph.nodes[1].type.shape, (Shape{32, 5, 3, 3}));
}

TEST(Lower, PadsSymmetricallyOrAsTensorFlowDoes) {
  NetworkSpec spec = FindArchitecture("conv_small").value();
  Graph graph = Lower(spec, 1, 64, 101);
  EXPECT_EQ(ConvAt(graph, "conv_stem").pad, (Padding{1, 1, 1, 1}));
  EXPECT_EQ(ConvAt(graph, "blocks.2.0.dw_mid.conv").pad, (Padding{2, 2, 2, 2}));
  spec.pad = PadMode::kSame;
  graph = Lower(spec, 1, 64, 101);
  EXPECT_EQ(ConvAt(graph, "conv_stem").pad, (Padding{0, 1, 1, 1}));  // 64 is even, 101 odd
  EXPECT_EQ(ConvAt(graph, "blocks.2.0.dw_start.conv").pad, (Padding{2, 2, 2, 2}));
  EXPECT_EQ(ConvAt(graph, "blocks.2.0.dw_mid.conv").pad, (Padding{1, 2, 2, 2}));
}

TEST(Lower, GivesEveryNormTheEpsilonOfTheSpec) {
  NetworkSpec spec = FindArchitecture("hybrid_medium").value();
  spec.bn_eps = 1e-3;
  const Graph graph = Lower(spec, 1, 64, 64);
  for (const Node* node : NodesOf<BatchNorm>(graph)) {
    EXPECT_EQ(node->op, Op(BatchNorm{1e-3}));
  }
}

TEST(Lower, AddsAResidualWhereShapesAgree) {
  EXPECT_EQ(Residuals(OneBlock(UibSpec{.dw_start = 3, .dw_mid = 3, .out = 16})), 1u);
  EXPECT_EQ(Residuals(OneBlock(UibSpec{.dw_mid = 3, .out = 24})), 0u);
  EXPECT_EQ(Residuals(OneBlock(UibSpec{.dw_mid = 3, .out = 16, .stride = 2})), 0u);
  EXPECT_EQ(Residuals(OneBlock(FusedIbSpec{.out = 16})), 1u);
  EXPECT_EQ(Residuals(OneBlock(FusedIbSpec{.out = 16, .stride = 2})), 0u);
  EXPECT_EQ(Residuals(OneBlock(ConvSpec{.out = 16})), 0u);
  EXPECT_EQ(Residuals(OneBlock(MqaSpec{})), 1u);
}

TEST(Lower, SeparableBlocksHaveAResidualOrAnActivationAtTheEnd) {
  EXPECT_EQ(Residuals(OneBlock(SeparableSpec{.out = 16})), 1u);
  EXPECT_EQ(Residuals(OneBlock(SeparableSpec{.out = 16, .activate = true})), 0u);
  EXPECT_EQ(Residuals(OneBlock(SeparableSpec{.out = 16, .stride = 2})), 0u);
  EXPECT_EQ(Residuals(OneBlock(InvertedResidualSpec{.out = 16})), 1u);
  EXPECT_EQ(Residuals(OneBlock(InvertedResidualSpec{.out = 24})), 0u);
  const auto activations = [](const BlockSpec& block) {
    const Graph graph = OneBlock(block);
    return NodesOf<Activate>(graph).size() - 2;  // of stem and head
  };
  EXPECT_EQ(activations(SeparableSpec{.out = 16}), 1u);
  EXPECT_EQ(activations(SeparableSpec{.out = 16, .activate = true}), 2u);
  EXPECT_EQ(activations(InvertedResidualSpec{.out = 16}), 2u);
  EXPECT_EQ(activations(InvertedResidualSpec{.out = 16, .squeeze = 0.25}), 4u);
}

TEST(Lower, BlocksMayHaveAnActivationOfTheirOwn) {
  const Graph graph = Lower(FindArchitecture("mobilenetv3_large_100").value(), 1, 64, 64);
  std::map<std::string, Activation> found;
  for (const Node* node : NodesOf<Activate>(graph)) {
    found[node->scope] = std::get<Activate>(node->op).activation;
  }
  EXPECT_EQ(found["bn1"], Activation::kHardSwish);
  EXPECT_EQ(found["blocks.2.2.bn2"], Activation::kRelu);
  EXPECT_EQ(found["blocks.3.0.bn2"], Activation::kHardSwish);
}

TEST(Lower, PutsTheHeadWhereItsGenerationHasIt) {
  const auto pre_logits = [](const char* name) {
    const NetworkSpec spec = FindArchitecture(name).value();
    const Graph graph = Lower(spec, 1, 64, 64);
    const Node& node = graph.at(graph.outputs.at("pre_logits"));
    EXPECT_EQ(node.type.shape, (Shape{1, 1, 1, FeatureChannels(spec)})) << name;
    return std::string(Name(node.op));
  };
  EXPECT_EQ(pre_logits("mobilenetv1_100"), "pool2d");
  EXPECT_EQ(pre_logits("mobilenetv1_100h"), "pool2d");
  EXPECT_EQ(pre_logits("mobilenetv2_140"), "pool2d");
  EXPECT_EQ(pre_logits("mobilenetv3_large_075"), "activate");
  EXPECT_EQ(pre_logits("conv_small"), "activate");
  // Channels before the pooling: timm's num_features.
  EXPECT_EQ(MapChannels(FindArchitecture("mobilenetv1_125").value()), 1280);
  EXPECT_EQ(MapChannels(FindArchitecture("mobilenetv2_140").value()), 1792);
  EXPECT_EQ(MapChannels(FindArchitecture("mobilenetv3_small_100").value()), 576);
  EXPECT_EQ(MapChannels(FindArchitecture("hybrid_medium").value()), 960);
}

TEST(Lower, BuildsTheFourFormsOfTheBottleneck) {
  const auto kernels = [](const UibSpec& block) {
    std::string text;
    const Graph graph = OneBlock(block);
    for (const Node* node : NodesOf<Conv2d>(graph)) {
      if (node->scope.starts_with("blocks.0.0.")) text += node->scope.substr(11) + " ";
    }
    return text;
  };
  EXPECT_EQ(kernels({.dw_start = 3, .dw_mid = 5, .out = 16}),
            "dw_start.conv pw_exp.conv dw_mid.conv pw_proj.conv ");
  EXPECT_EQ(kernels({.dw_mid = 5, .out = 16}), "pw_exp.conv dw_mid.conv pw_proj.conv ");
  EXPECT_EQ(kernels({.dw_start = 3, .out = 16}), "dw_start.conv pw_exp.conv pw_proj.conv ");
  EXPECT_EQ(kernels({.out = 16}), "pw_exp.conv pw_proj.conv ");
}

TEST(Lower, GivesTheStrideToTheLastDepthwiseConvolution) {
  const Graph both = OneBlock(UibSpec{.dw_start = 3, .dw_mid = 5, .out = 16, .stride = 2});
  EXPECT_EQ(ConvAt(both, "blocks.0.0.dw_start.conv").stride, (Size2{1, 1}));
  EXPECT_EQ(ConvAt(both, "blocks.0.0.dw_mid.conv").stride, (Size2{2, 2}));
  const Graph first = OneBlock(UibSpec{.dw_start = 3, .out = 16, .stride = 2});
  EXPECT_EQ(ConvAt(first, "blocks.0.0.dw_start.conv").stride, (Size2{2, 2}));
}

TEST(Lower, ScalesEveryBottleneckAndAttentionOfAHybrid) {
  const Graph graph = Lower(FindArchitecture("hybrid_medium").value(), 1, 64, 64);
  EXPECT_EQ(NodesOf<ChannelScale>(graph).size(), 2u + 12u + 16u);
}

TEST(Lower, BuildsMobileAttention) {
  const Graph graph = OneBlock(MqaSpec{.heads = 4, .key_dim = 25, .kv_stride = 2});
  const Node& attention = *NodesOf<Attention>(graph).at(0);
  EXPECT_EQ(attention.op, Op(Attention{.heads = 4, .kv_heads = 1, .scale = 0.2}));
  EXPECT_EQ(attention.type.shape, (Shape{1, 4, 4, 100}));
  EXPECT_EQ(graph.at(attention.inputs[1]).type.shape, (Shape{1, 2, 2, 25}));
  EXPECT_NE(attention.inputs[1], attention.inputs[2]);
}

TEST(Lower, BuildsMultiHeadAttentionToCompare) {
  const Graph graph = OneBlock(MqaSpec{.heads = 4, .key_dim = 16, .multi_head = true});
  const Node& attention = *NodesOf<Attention>(graph).at(0);
  EXPECT_EQ(attention.op, Op(Attention{.heads = 4, .kv_heads = 4, .scale = 0.25}));
  EXPECT_EQ(graph.at(attention.inputs[1]).type.shape, (Shape{1, 4, 4, 64}));
}

TEST(Lower, LowPassTakesOverEveryStrideButTheStems) {
  const Graph graph = Lower(FindArchitecture("conv_blur_medium").value(), 1, 64, 64);
  EXPECT_EQ(ConvAt(graph, "conv_stem").stride, (Size2{2, 2}));
  for (const char* scope : {"blocks.0.0.conv_exp", "blocks.1.0.dw_mid.conv"}) {
    EXPECT_EQ(ConvAt(graph, scope).stride, (Size2{1, 1})) << scope;
  }
  std::vector<std::string> scopes;
  for (const Node* node : NodesOf<Pool2d>(graph)) scopes.push_back(node->scope);
  EXPECT_THAT(scopes,
              testing::ElementsAre("blocks.0.0.aa", "blocks.1.0.dw_mid.aa", "blocks.2.0.dw_mid.aa",
                                   "blocks.3.0.dw_mid.aa", "global_pool"));
}

TEST(Lower, OutputStrideTurnsStridesIntoDilation) {
  NetworkSpec spec = FindArchitecture("hybrid_medium").value();
  spec.output_stride = 8;
  const Graph graph = Lower(spec, 1, 64, 64);
  EXPECT_EQ(OutputShape(graph, "C4"), (Shape{1, 8, 8, 160}));
  EXPECT_EQ(OutputShape(graph, "C5"), (Shape{1, 8, 8, 960}));
  // The first block of a dilated stage takes the dilation before it.
  EXPECT_EQ(ConvAt(graph, "blocks.2.0.dw_mid.conv").dilation, (Size2{1, 1}));
  EXPECT_EQ(ConvAt(graph, "blocks.2.2.dw_mid.conv").dilation, (Size2{2, 2}));
  EXPECT_EQ(ConvAt(graph, "blocks.2.4.attn.key.down_conv").dilation, (Size2{2, 2}));
  EXPECT_EQ(ConvAt(graph, "blocks.2.4.attn.key.down_conv").stride, (Size2{2, 2}));
  EXPECT_EQ(ConvAt(graph, "blocks.3.0.dw_mid.conv").dilation, (Size2{2, 2}));
  EXPECT_EQ(ConvAt(graph, "blocks.3.1.dw_mid.conv").dilation, (Size2{4, 4}));
}

TEST(Lower, RefusesWhatCannotBeBuilt) {
  const auto error_of = [](NetworkSpec spec, int n, int h, int w) -> std::string {
    try {
      Lower(spec, n, h, w);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      return error.what();
    }
    return "";
  };
  const NetworkSpec good = FindArchitecture("conv_small").value();
  EXPECT_THAT(error_of(good, 0, 8, 8), HasSubstr("wanted at least 1"));
  EXPECT_THAT(error_of(good, 1, -3, 8), HasSubstr("wanted at least 1"));
  EXPECT_THAT(error_of(good, 1 << 20, 1 << 15, 1 << 15), HasSubstr("too large"));
  EXPECT_EQ(error_of(good, 1, 1, 1), "");  // every convolution is padded
  // Average pooling drops an odd rest, here all there is.
  EXPECT_THAT(error_of(FindArchitecture("conv_aa_medium").value(), 1, 2, 2),
              HasSubstr("blocks.0.0.aa: the result [1, 0, 0, 128] would be empty"));

  NetworkSpec bad = good;
  bad.stages[2][3] = UibSpec{.dw_mid = 4, .out = 96};
  EXPECT_EQ(error_of(bad, 1, 64, 64),
            "mobilenetv4_conv_small: blocks.2.3: dw_mid is 4, wanted an odd side");
  bad = good;
  bad.stages[1].clear();
  EXPECT_THAT(error_of(bad, 1, 64, 64), HasSubstr("stage 1 has no blocks"));
  bad = good;
  bad.stages.back().resize(600, ConvSpec{.out = 8});
  EXPECT_THAT(error_of(bad, 1, 64, 64), HasSubstr("the number of blocks is 616, wanted 1 to 512"));
  bad = good;
  bad.stages[3].push_back(FusedIbSpec{.kernel = 31, .expand = 64, .out = 16384});
  EXPECT_THAT(error_of(bad, 1, 64, 64), HasSubstr("parameters, wanted at most"));
  bad = good;
  bad.activation = Activation::kNone;
  EXPECT_THAT(error_of(bad, 1, 64, 64), HasSubstr("the activation is none"));
  bad = good;
  bad.bn_eps = std::nan("");
  EXPECT_THAT(error_of(bad, 1, 64, 64), HasSubstr("bn_eps is nan"));
}

}  // namespace
}  // namespace mnv4
