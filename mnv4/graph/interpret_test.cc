#include "mnv4/graph/interpret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "mnv4/graph/builder.h"

namespace mnv4 {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::ElementsAreArray;

// The values of a graph with one operator `op` on `input` and parameters, worked out by hand.
std::vector<double> ValuesOf(const Op& op, Shape shape, const std::vector<float>& input,
                             const std::vector<Tensor>& parameters = {}) {
  Builder b("g", std::move(shape));
  std::vector<NodeId> inputs = {b.input()};
  TensorMap weights;
  for (const Tensor& parameter : parameters) {
    const std::string name = "p" + std::to_string(weights.size());
    inputs.push_back(b.Param(name, parameter.type.shape));
    weights.emplace(name, parameter);
  }
  b.SetOutput("y", b.Add(op, inputs));
  Graph graph = b.Finish();
  graph.weights = std::move(weights);
  return Interpret(graph, input).at("y").data;
}

TEST(Interpret, ConvolutionIsACorrelation) {
  // One channel, 2x3 pixels, kernel rows (1 2) and (3 4), padded above and on the left.
  const Conv2d conv{.kernel = {2, 2}, .pad = {.top = 1, .left = 1}};
  EXPECT_THAT(
      ValuesOf(conv, {1, 2, 3, 1}, {1, 2, 3, 4, 5, 6}, {MakeTensor({1, 1, 2, 2}, {1, 2, 3, 4})}),
      ElementsAre(4, 11, 18, 2 + 16, 1 + 4 + 12 + 20, 2 + 6 + 15 + 24));
}

TEST(Interpret, ConvolutionStridesDilatesScalesAndActivates) {
  const Conv2d strided{.stride = {1, 2}, .activation = Activation::kRelu6};
  EXPECT_THAT(ValuesOf(strided, {1, 1, 4, 2}, {1, 10, 2, 20, 3, 30, 4, 40},
                       {MakeTensor({2, 2, 1, 1}, {1, 0, 0, -1}), MakeTensor({2}, {1, 100}),
                        MakeTensor({2}, {2, 3})}),
              ElementsAre(3, 6, 6, 6));  // min(2 x + 1, 6) and min(-3 x + 100, 6)
  const Conv2d dilated{.kernel = {1, 2}, .dilation = {1, 2}};
  EXPECT_THAT(ValuesOf(dilated, {1, 1, 4, 1}, {1, 2, 3, 4}, {MakeTensor({1, 1, 1, 2}, {1, 10})}),
              ElementsAre(31, 42));
}

TEST(Interpret, AGateScalesTheChannelsOfItsImage) {
  Builder b("g", {2, 1, 2, 2});
  b.SetOutput("y", b.Add(Multiply{}, {b.input(), b.Add(Pool2d{}, {b.input()})}));
  // Means (2, 20) of the first image, (5, 0) of the second.
  EXPECT_THAT(Interpret(b.Finish(), {1, 10, 3, 30, 4, 7, 6, -7}).at("y").data,
              ElementsAre(2, 200, 6, 600, 20, 0, 30, 0));
}

TEST(Interpret, GroupsStayApart) {
  const Conv2d grouped{.groups = 2};
  EXPECT_THAT(
      ValuesOf(grouped, {1, 1, 1, 4}, {1, 2, 3, 4}, {MakeTensor({2, 2, 1, 1}, {1, 10, 1, 10})}),
      ElementsAre(21, 43));
  const Conv2d depthwise{.groups = 3};
  EXPECT_THAT(ValuesOf(depthwise, {1, 1, 1, 3}, {1, 2, 3}, {MakeTensor({3, 1, 1, 1}, {4, 5, 6})}),
              ElementsAre(4, 10, 18));
}

TEST(Interpret, NormsAndScalesWorkPerChannel) {
  const std::vector<Tensor> norm = {MakeTensor({2}, {2, 1}), MakeTensor({2}, {10, 0}),
                                    MakeTensor({2}, {1, 0}), MakeTensor({2}, {3, 0})};
  EXPECT_THAT(ValuesOf(BatchNorm{.eps = 1}, {1, 1, 2, 2}, {3, 7, 5, 8}, norm),
              ElementsAre(12, 7, 14, 8));
  EXPECT_THAT(ValuesOf(ChannelScale{}, {1, 1, 2, 2}, {1, 2, 3, 4}, {MakeTensor({2}, {2, -1})}),
              ElementsAre(2, -2, 6, -4));
  EXPECT_THAT(ValuesOf(ChannelScale{}, {1, 1, 1, 2}, {1, 2},
                       {MakeTensor({2}, {2, -1}), MakeTensor({2}, {5, 6})}),
              ElementsAre(7, 4));
}

TEST(Interpret, ActivationsAreTheExactForms) {
  const std::vector<float> x = {-4, -1, 0, 1, 8};
  const auto apply = [&](Activation a) { return ValuesOf(Activate{a}, {1, 1, 5, 1}, x); };
  EXPECT_THAT(apply(Activation::kNone), ElementsAre(-4, -1, 0, 1, 8));
  EXPECT_THAT(apply(Activation::kRelu), ElementsAre(0, 0, 0, 1, 8));
  EXPECT_THAT(apply(Activation::kRelu6), ElementsAre(0, 0, 0, 1, 6));
  EXPECT_THAT(apply(Activation::kHardSwish), ElementsAre(0, -1.0 / 3, 0, 2.0 / 3, 8));
  EXPECT_THAT(apply(Activation::kHardSigmoid), ElementsAre(0, 1.0 / 3, 0.5, 2.0 / 3, 1));
  // x times the normal distribution function, from tables.
  EXPECT_THAT(apply(Activation::kGelu),
              ElementsAre(DoubleNear(-4 * 3.1671241833e-5, 1e-12), DoubleNear(-0.1586552539, 1e-9),
                          0, DoubleNear(0.8413447461, 1e-9), DoubleNear(8, 1e-9)));
}

TEST(Interpret, PoolsAverageAndBlur) {
  const std::vector<float> x = {1, 2, 3, 4, 5, 6, 7, 8, 9};  // 3x3 pixels
  EXPECT_THAT(ValuesOf(Pool2d{}, {1, 3, 3, 1}, x), ElementsAre(DoubleNear(5, 1e-12)));
  const Pool2d average{.kind = PoolKind::kAverage, .kernel = {2, 2}, .stride = {2, 2}};
  EXPECT_THAT(ValuesOf(average, {1, 3, 3, 1}, x), ElementsAre(3));
  const Pool2d blur{
      .kind = PoolKind::kBlur, .kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}};
  EXPECT_THAT(ValuesOf(blur, {1, 3, 3, 1}, x),
              ElementsAre((4 * 1 + 2 * 2 + 2 * 4 + 5) / 16.0, (4 * 3 + 2 * 2 + 2 * 6 + 5) / 16.0,
                          (4 * 7 + 2 * 4 + 2 * 8 + 5) / 16.0, (4 * 9 + 2 * 6 + 2 * 8 + 5) / 16.0));
}

TEST(Interpret, LinearTakesRowsOfWeights) {
  EXPECT_THAT(ValuesOf(Linear{}, {2, 1, 1, 2}, {1, 2, 3, 4},
                       {MakeTensor({2, 2}, {1, 10, 100, 1000}), MakeTensor({2}, {0, 5})}),
              ElementsAre(21, 2105, 43, 4305));
}

// Two heads of one channel; images stay apart.
Graph AttentionGraph(int kv_heads) {
  Builder b("g", {2, 1, 2, 2});
  const Shape projection = {kv_heads, 2, 1, 1};
  const NodeId k = b.Add(Conv2d{}, {b.input(), b.Param("k", projection)});
  const NodeId v = b.Add(Conv2d{}, {b.input(), b.Param("v", projection)});
  const Attention attention{.heads = 2, .kv_heads = kv_heads, .scale = 0.5};
  b.SetOutput("y", b.Add(attention, {b.input(), k, v}));
  return b.Finish();
}

TEST(Interpret, QueriesShareKeysAndValuesInMultiQueryAttention) {
  Graph graph = AttentionGraph(1);
  graph.weights.emplace("k", MakeTensor({1, 2, 1, 1}, {1, 0}));
  graph.weights.emplace("v", MakeTensor({1, 2, 1, 1}, {0, 1}));
  const std::vector<float> x = {1, 10, 2, 20, 3, 30, 3, 50};  // tokens (1 10) (2 20); (3 30) (3 50)
  const auto mix = [](double q, double k0, double k1, double v0, double v1) {
    const double a = std::exp(0.5 * q * k0), b = std::exp(0.5 * q * k1);
    return DoubleNear((a * v0 + b * v1) / (a + b), 1e-9);
  };
  EXPECT_THAT(Interpret(graph, x).at("y").data,
              ElementsAre(mix(1, 1, 2, 10, 20), mix(10, 1, 2, 10, 20), mix(2, 1, 2, 10, 20),
                          mix(20, 1, 2, 10, 20), DoubleNear(40, 1e-9), DoubleNear(40, 1e-9),
                          DoubleNear(40, 1e-9), DoubleNear(40, 1e-9)));
}

TEST(Interpret, HeadsHaveTheirOwnKeysInMultiHeadAttention) {
  Graph graph = AttentionGraph(2);
  const Tensor identity = MakeTensor({2, 2, 1, 1}, {1, 0, 0, 1});
  graph.weights.emplace("k", MakeTensor({2, 2, 1, 1}, {0, 0, 0, 100}));  // head 0 sees all alike
  graph.weights.emplace("v", identity);
  const std::vector<float> x = {1, 10, 2, 20, 3, 30, 5, 50};
  EXPECT_THAT(Interpret(graph, x).at("y").data,
              ElementsAreArray({DoubleNear(1.5, 1e-9), DoubleNear(20, 1e-9), DoubleNear(1.5, 1e-9),
                                DoubleNear(20, 1e-9), DoubleNear(4, 1e-9), DoubleNear(50, 1e-9),
                                DoubleNear(4, 1e-9), DoubleNear(50, 1e-9)}));
}

}  // namespace
}  // namespace mnv4
