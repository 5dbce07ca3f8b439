#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mnv4/base/error.h"
#include "mnv4/graph/graph.h"

namespace mnv4 {
namespace {

using testing::HasSubstr;

Shape ShapeOf(const Op& op, const std::vector<Shape>& inputs) {
  std::vector<TensorType> types;
  for (const Shape& shape : inputs) types.push_back({DType::kF32, shape});
  return InferType(op, types, "here").shape;
}

std::string ErrorOf(const Op& op, const std::vector<Shape>& inputs) {
  try {
    ShapeOf(op, inputs);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "";
}

TEST(Shapes, ConvolutionCountsWindows) {
  const Conv2d conv{.kernel = {3, 5}, .stride = {2, 1}, .pad = {0, 2, 1, 2}};
  EXPECT_EQ(ShapeOf(conv, {{1, 8, 10, 4}, {6, 4, 3, 5}}), (Shape{1, 4, 10, 6}));
  const Conv2d dilated{.kernel = {3, 3}, .dilation = {2, 4}, .pad = {2, 4, 2, 4}};
  EXPECT_EQ(ShapeOf(dilated, {{2, 7, 9, 4}, {4, 4, 3, 3}}), (Shape{2, 7, 9, 4}));
}

TEST(Shapes, DepthwiseWeightsHaveOneInputChannel) {
  const Conv2d conv{.kernel = {3, 3}, .pad = {1, 1, 1, 1}, .groups = 4};
  EXPECT_EQ(ShapeOf(conv, {{1, 5, 5, 4}, {4, 1, 3, 3}, {4}, {4}}), (Shape{1, 5, 5, 4}));
  EXPECT_EQ(ErrorOf(conv, {{1, 5, 5, 4}, {4, 4, 3, 3}}),
            "here: weights [4, 4, 3, 3], expected [4, 1, 3, 3]");
  EXPECT_THAT(ErrorOf(conv, {{1, 5, 5, 6}, {4, 1, 3, 3}}), HasSubstr("do not divide"));
  EXPECT_THAT(ErrorOf(conv, {{1, 5, 5, 4}, {6, 1, 3, 3}}), HasSubstr("do not divide"));
}

TEST(Shapes, ConvolutionRefusesWhatDoesNotFit) {
  EXPECT_THAT(ErrorOf(Conv2d{}, {{1, 2, 2, 3}}), HasSubstr("1 inputs"));
  EXPECT_THAT(ErrorOf(Conv2d{}, {{2, 2, 3}, {3, 3, 1, 1}}), HasSubstr("expected [n, h, w, c]"));
  EXPECT_THAT(ErrorOf(Conv2d{}, {{1, 2, 2, 3}, {}}), HasSubstr("weights []"));
  EXPECT_THAT(ErrorOf(Conv2d{}, {{1, 2, 2, 3}, {5, 3, 1, 1}, {3}}), HasSubstr("bias [3]"));
  EXPECT_THAT(ErrorOf(Conv2d{}, {{1, 2, 2, 3}, {5, 3, 1, 1}, {5}, {1}}), HasSubstr("scale [1]"));
  const Conv2d large{.kernel = {3, 3}};
  EXPECT_THAT(ErrorOf(large, {{1, 2, 9, 3}, {5, 3, 3, 3}}), HasSubstr("would be empty"));
  EXPECT_THAT(ErrorOf(Conv2d{}, {{1, 1 << 20, 1 << 20, 1}, {2, 1, 1, 1}}), HasSubstr("too large"));
  EXPECT_THAT(ErrorOf(Conv2d{.stride = {0, 1}}, {{1, 2, 2, 3}, {5, 3, 1, 1}}),
              HasSubstr("at least 1"));
}

TEST(Shapes, PoolsShrinkMaps) {
  EXPECT_EQ(ShapeOf(Pool2d{}, {{2, 7, 5, 8}}), (Shape{2, 1, 1, 8}));
  const Pool2d average{.kind = PoolKind::kAverage, .kernel = {2, 2}, .stride = {2, 2}};
  EXPECT_EQ(ShapeOf(average, {{1, 7, 8, 4}}), (Shape{1, 3, 4, 4}));  // an odd rest is dropped
  const Pool2d blur{
      .kind = PoolKind::kBlur, .kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}};
  EXPECT_EQ(ShapeOf(blur, {{1, 7, 8, 4}}), (Shape{1, 4, 4, 4}));
}

TEST(Shapes, AttentionKeepsTheQueryShape) {
  const Attention mqa{.heads = 4, .kv_heads = 1};
  EXPECT_EQ(ShapeOf(mqa, {{1, 4, 4, 64}, {1, 2, 2, 16}, {1, 2, 2, 16}}), (Shape{1, 4, 4, 64}));
  const Attention mha{.heads = 4, .kv_heads = 4};
  EXPECT_EQ(ShapeOf(mha, {{1, 4, 4, 64}, {1, 4, 4, 64}, {1, 4, 4, 64}}), (Shape{1, 4, 4, 64}));
  EXPECT_THAT(ErrorOf(mha, {{1, 4, 4, 64}, {1, 2, 2, 16}, {1, 2, 2, 16}}),
              HasSubstr("keys [1, 2, 2, 16], expected [1, 2, 2, 64]"));
  EXPECT_THAT(ErrorOf(mqa, {{1, 4, 4, 64}, {1, 2, 2, 16}, {1, 2, 1, 16}}), HasSubstr("values"));
  EXPECT_THAT(ErrorOf(Attention{.heads = 3}, {{1, 4, 4, 64}, {1, 1, 1, 16}, {1, 1, 1, 16}}),
              HasSubstr("do not fit"));
}

TEST(Shapes, AGateIsOnePixelOfEachImage) {
  EXPECT_EQ(ShapeOf(Multiply{}, {{2, 5, 3, 8}, {2, 1, 1, 8}}), (Shape{2, 5, 3, 8}));
  EXPECT_THAT(ErrorOf(Multiply{}, {{2, 5, 3, 8}, {1, 1, 1, 8}}),
              HasSubstr("gate [1, 1, 1, 8], expected [2, 1, 1, 8]"));
  EXPECT_THAT(ErrorOf(Multiply{}, {{2, 5, 3, 8}}), HasSubstr("1 inputs"));
}

TEST(Shapes, ElementwiseOpsWantEqualShapes) {
  EXPECT_EQ(ShapeOf(Add{}, {{1, 2, 3, 4}, {1, 2, 3, 4}}), (Shape{1, 2, 3, 4}));
  EXPECT_THAT(ErrorOf(Add{}, {{1, 2, 3, 4}, {1, 2, 3, 1}}), HasSubstr("second input"));
  EXPECT_THAT(ErrorOf(ChannelScale{}, {{1, 2, 3, 4}, {3}}), HasSubstr("scale [3], expected [4]"));
  EXPECT_THAT(ErrorOf(BatchNorm{}, {{1, 2, 3, 4}, {4}, {4}, {4}, {5}}), HasSubstr("running_var"));
}

TEST(Shapes, LinearMapsTheLastDimension) {
  EXPECT_EQ(ShapeOf(Linear{}, {{3, 1, 1, 8}, {10, 8}, {10}}), (Shape{3, 1, 1, 10}));
  EXPECT_THAT(ErrorOf(Linear{}, {{3, 1, 1, 8}, {10, 7}, {10}}), HasSubstr("expected [10, 8]"));
}

}  // namespace
}  // namespace mnv4
