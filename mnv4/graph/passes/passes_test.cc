#include "mnv4/graph/passes/passes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "mnv4/graph/bind.h"
#include "mnv4/graph/builder.h"
#include "mnv4/graph/interpret.h"

namespace mnv4 {
namespace {

using testing::HasSubstr;
using testing::Not;

class GraphWriter : public Builder {
 public:
  GraphWriter() : Builder("g", {1, 5, 5, 8}) {}

  NodeId Conv(NodeId x, const char* name, const Conv2d& op, int64_t out = 8) {
    const Scope scope(*this, name);
    const int64_t c_in = TypeOf(x).shape[3] / op.groups;
    return Add(op, {x, Param("weight", {out, c_in, op.kernel.h, op.kernel.w})});
  }
  NodeId Norm(NodeId x, const char* name) {
    const Scope scope(*this, name);
    std::vector<NodeId> inputs = {x};
    for (const char* parameter : {"weight", "bias", "running_mean", "running_var"}) {
      inputs.push_back(Param(parameter, {TypeOf(x).shape[3]}));
    }
    return Add(BatchNorm{}, inputs);
  }
  NodeId Scale(NodeId x, const char* name) {
    const Scope scope(*this, name);
    return Add(ChannelScale{}, {x, Param("gamma", {TypeOf(x).shape[3]})});
  }
  NodeId Relu(NodeId x) { return Add(Activate{}, {x}); }

  Graph FinishWith(NodeId y) {
    SetOutput("y", y);
    Graph graph = Finish();
    TensorMap weights = HashWeights(graph);
    return Bind(std::move(graph), weights);
  }
};

constexpr Conv2d kPadded{.kernel = {3, 3}, .pad = {1, 1, 1, 1}};
constexpr Conv2d kDepthwise{.kernel = {3, 3}, .pad = {1, 1, 1, 1}, .groups = 8};

// `after` is verified and gives the values of `before`, up to the rounding of folded weights.
void ExpectSameOutputs(const Graph& before, const Graph& after) {
  Verify(after);
  const std::vector<float> input = HashInput(before.nodes[0].type.shape);
  const auto wanted = Interpret(before, input), found = Interpret(after, input);
  ASSERT_EQ(wanted.size(), found.size());
  for (const auto& [name, values] : wanted) {
    const std::vector<double>& other = found.at(name).data;
    ASSERT_EQ(values.data.size(), other.size());
    for (size_t i = 0; i < other.size(); ++i) ASSERT_NEAR(values.data[i], other[i], 1e-5) << name;
  }
}

TEST(BatchNormToScale, KeepsOutputsAndReadsNoStatistics) {
  GraphWriter w;
  const Graph before = w.FinishWith(w.Norm(w.input(), "bn"));
  const Graph after = BatchNormToScale(before);
  ExpectSameOutputs(before, after);
  EXPECT_THAT(ToString(after), HasSubstr("channel_scale(%0, bn.folded_scale, bn.folded_bias)"));
  EXPECT_EQ(after.weights.size(), 2u);  // the norm's own four are gone
}

TEST(FoldScaleBackward, TakesNormAndLayerScaleIntoTheConvolution) {
  GraphWriter w;
  const NodeId conv = w.Conv(w.input(), "conv", kPadded);
  const Graph before = w.FinishWith(w.Scale(w.Norm(conv, "bn"), "layer_scale"));
  const Graph after = FoldScaleBackward(BatchNormToScale(before));
  ExpectSameOutputs(before, after);
  EXPECT_EQ(ToString(after),
            "graph g\n"
            "%0 [1, 5, 5, 8] = input()\n"
            "%4 [1, 5, 5, 8] = conv2d(%0, conv.weight, conv.folded_bias, conv.folded_scale) k=3x3 "
            "pad=1,1,1,1\n"
            "y = %4\n");
  // The large weight still shares its bytes with the file's.
  EXPECT_EQ(after.weights.at("conv.weight").bytes.data(),
            before.weights.at("conv.weight").bytes.data());
}

TEST(FoldScaleBackward, LeavesConvolutionsThatOthersReadToo) {
  GraphWriter w;
  const NodeId conv = w.Conv(w.input(), "conv", kPadded);
  const Graph before = w.FinishWith(w.Add(Add{}, {w.Scale(conv, "scale"), conv}));
  const Graph after = FoldScaleBackward(before);
  EXPECT_EQ(ToString(after), ToString(before));
}

TEST(FoldScaleBackward, LeavesConvolutionsThatAreOutputs) {
  GraphWriter w;
  const NodeId conv = w.Conv(w.input(), "conv", kPadded);
  w.SetOutput("conv", conv);
  const Graph before = w.FinishWith(w.Scale(conv, "scale"));
  EXPECT_EQ(ToString(FoldScaleBackward(before)), ToString(before));
}

TEST(FoldScaleBackward, LeavesAScaleBehindAnActivation) {
  GraphWriter w;
  Conv2d conv = kPadded;
  conv.activation = Activation::kRelu;
  const Graph before = w.FinishWith(w.Scale(w.Conv(w.input(), "conv", conv), "scale"));
  EXPECT_EQ(ToString(FoldScaleBackward(before)), ToString(before));
}

TEST(FoldScaleForward, FoldsANormIntoEveryPointwiseReader) {
  GraphWriter w;
  const NodeId norm = w.Norm(w.input(), "norm");
  const NodeId q = w.Conv(norm, "q", {}, 6);
  const NodeId k = w.Norm(w.Conv(norm, "k", Conv2d{.stride = {2, 2}}, 6), "k_norm");
  w.SetOutput("k", k);
  const Graph before = w.FinishWith(q);
  const Graph after = FoldScaleForward(FoldScaleBackward(BatchNormToScale(before)));
  ExpectSameOutputs(before, after);
  EXPECT_THAT(ToString(after), Not(HasSubstr("channel_scale")));
  EXPECT_THAT(ToString(after), HasSubstr("conv2d(%0, q.folded_weight, q.folded_bias) k=1x1\n"));
  EXPECT_THAT(ToString(after),
              HasSubstr("conv2d(%0, k.folded_weight, k.folded_bias, k.folded_scale) k=1x1 s=2x2"));
}

TEST(FoldScaleForward, LeavesANormToPaddedConvolutionsAlone) {
  GraphWriter w;
  const NodeId norm = w.Norm(w.input(), "norm");
  w.SetOutput("q", w.Conv(norm, "q", {}));
  const Graph before = w.FinishWith(w.Conv(norm, "down", kDepthwise));
  const Graph after = FoldScaleForward(BatchNormToScale(before));
  ExpectSameOutputs(before, after);
  EXPECT_THAT(ToString(after), HasSubstr("channel_scale(%0"));
  EXPECT_THAT(ToString(after), HasSubstr("conv2d(%0, q.folded_weight, q.folded_bias) k=1x1\n"));
}

TEST(FoldScaleForward, LeavesScalesThatAreOutputs) {
  GraphWriter w;
  const NodeId scale = w.Scale(w.input(), "scale");
  w.SetOutput("scale", scale);
  const Graph before = w.FinishWith(w.Conv(scale, "conv", {}));
  EXPECT_EQ(ToString(FoldScaleForward(before)), ToString(before));
}

TEST(FuseActivation, FollowsConvolutionsAndLinearLayers) {
  GraphWriter w;
  NodeId y = w.Relu(w.Conv(w.input(), "conv", kPadded));
  w.SetOutput("C1", y);
  y = w.Add(Linear{},
            {w.Add(Pool2d{}, {y}), w.Param("fc.weight", {3, 8}), w.Param("fc.bias", {3})});
  const Graph before = w.FinishWith(w.Add(Activate{Activation::kHardSwish}, {y}));
  const Graph after = FuseActivation(before);
  ExpectSameOutputs(before, after);
  EXPECT_THAT(ToString(after), Not(HasSubstr("activate")));
  EXPECT_THAT(ToString(after), HasSubstr("pad=1,1,1,1 act=relu\n"));
  EXPECT_THAT(ToString(after), HasSubstr("fc.bias) act=hard_swish\n"));
}

// The map is read twice, by the mean and by the gate, and its norm still folds backwards; a norm
// behind the gate has no convolution to fold into.
TEST(OptimizeForInference, LeavesTheGateOfSqueezeAndExciteBetweenConvolutions) {
  GraphWriter w;
  const NodeId x = w.Relu(w.Norm(w.Conv(w.input(), "dw", kDepthwise), "bn"));
  NodeId gate = w.Relu(w.Conv(w.Add(Pool2d{}, {x}), "reduce", {}, 4));
  gate = w.Add(Activate{Activation::kHardSigmoid}, {w.Conv(gate, "expand", {})});
  const NodeId gated = w.Norm(w.Add(Multiply{}, {x, gate}), "after");
  const Graph before = w.FinishWith(w.Conv(gated, "project", {}));
  const Graph after = OptimizeForInference(before);
  ExpectSameOutputs(before, after);
  const std::string text = ToString(after);
  EXPECT_THAT(text, HasSubstr("multiply(%"));
  EXPECT_THAT(text, HasSubstr("act=hard_sigmoid"));
  EXPECT_THAT(text, HasSubstr("project.folded_weight"));
  EXPECT_THAT(text, Not(HasSubstr("activate")));
  EXPECT_THAT(text, Not(HasSubstr("channel_scale")));
}

TEST(FuseActivation, LeavesWhatIsReadBeforeTheActivation) {
  GraphWriter w;
  const NodeId conv = w.Conv(w.input(), "conv", kPadded);
  w.SetOutput("conv", conv);
  const Graph before = w.FinishWith(w.Relu(w.Relu(conv)));
  EXPECT_EQ(ToString(FuseActivation(before)), ToString(before));
}

TEST(RemoveDeadNodes, KeepsWhatOutputsNeed) {
  GraphWriter w;
  const NodeId early = w.Conv(w.input(), "early", kPadded);
  w.SetOutput("early", early);
  Graph graph = w.FinishWith(w.Conv(early, "late", kPadded));
  graph.outputs.erase("y");
  const Graph after = RemoveDeadNodes(std::move(graph));
  Verify(after);
  EXPECT_EQ(after.nodes.size(), 3u);
  EXPECT_EQ(after.weights.size(), 1u);
  EXPECT_EQ(after.weights.count("early.weight"), 1u);
}

// An inverted bottleneck with everything around it.
TEST(OptimizeForInference, LeavesOneNodePerConvolution) {
  GraphWriter w;
  NodeId y = w.Norm(w.Conv(w.input(), "start", kDepthwise), "start_bn");
  y = w.Relu(w.Norm(w.Conv(y, "expand", {}, 16), "expand_bn"));
  Conv2d mid = kDepthwise;
  mid.groups = 16;
  y = w.Relu(w.Norm(w.Conv(y, "mid", mid, 16), "mid_bn"));
  y = w.Scale(w.Norm(w.Conv(y, "project", {}), "project_bn"), "layer_scale");
  const Graph before = w.FinishWith(w.Add(Add{}, {y, w.input()}));
  const Graph after = OptimizeForInference(before);
  ExpectSameOutputs(before, after);
  const auto computes = std::count_if(after.nodes.begin(), after.nodes.end(),
                                      [](const Node& node) { return !node.inputs.empty(); });
  EXPECT_EQ(computes, 5);  // four convolutions and the addition
}

}  // namespace
}  // namespace mnv4
