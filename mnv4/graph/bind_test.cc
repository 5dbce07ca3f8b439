#include "mnv4/graph/bind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mnv4/base/error.h"
#include "mnv4/graph/builder.h"

namespace mnv4 {
namespace {

using testing::HasSubstr;
using testing::Not;

// x [1, 2, 2, 4] -> 1x1 convolution "conv" to `out` channels -> batch norm "bn".
Graph ConvAndNorm(int64_t out = 2) {
  Builder b("small", {1, 2, 2, 4});
  NodeId y = b.Add(Conv2d{}, {b.input(), b.Param("conv.weight", {out, 4, 1, 1})});
  const Shape c = {out};
  y = b.Add(BatchNorm{}, {y, b.Param("bn.weight", c), b.Param("bn.bias", c),
                          b.Param("bn.running_mean", c), b.Param("bn.running_var", c)});
  b.SetOutput("y", y);
  return b.Finish();
}

Tensor Integers(Shape shape) {
  auto owner = std::make_shared<std::vector<int64_t>>(NumElements(shape), 1);
  return {{DType::kI64, std::move(shape)}, std::as_bytes(std::span(*owner)), owner};
}

std::string ErrorOf(const Graph& graph, const TensorMap& file) {
  try {
    Bind(graph, file);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidFile);
    return error.what();
  }
  return "";
}

TEST(Bind, SharesTheBytesOfTheFile) {
  const TensorMap file = HashWeights(ConvAndNorm());
  const Graph graph = Bind(ConvAndNorm(), file);
  EXPECT_EQ(graph.weights.size(), 5u);
  EXPECT_EQ(graph.weights.at("conv.weight").bytes.data(), file.at("conv.weight").bytes.data());
  Verify(graph);
}

TEST(Bind, TakesBatchCountsBesideNormsOnly) {
  TensorMap file = HashWeights(ConvAndNorm());
  file.emplace("bn.num_batches_tracked", Integers({}));
  EXPECT_EQ(Bind(ConvAndNorm(), file).weights.size(), 5u);
  file.emplace("other.num_batches_tracked", Integers({}));
  EXPECT_THAT(ErrorOf(ConvAndNorm(), file), HasSubstr("other.num_batches_tracked [] is not part"));
}

TEST(Bind, ListsMissingExtraAndMisshapenTensors) {
  TensorMap file = HashWeights(ConvAndNorm(3));
  file.erase("bn.bias");
  file.emplace("head.weight", MakeTensor({1}, {0}));
  const std::string message = ErrorOf(ConvAndNorm(2), file);
  EXPECT_THAT(message, HasSubstr("do not fit small: "));
  EXPECT_THAT(message, HasSubstr("bn.bias [2] is missing"));
  EXPECT_THAT(message, HasSubstr("conv.weight is [3, 4, 1, 1], expected [2, 4, 1, 1]"));
  EXPECT_THAT(message, HasSubstr("head.weight [1] is not part of it"));
  EXPECT_THAT(message, Not(HasSubstr("more")));
}

TEST(Bind, StopsListingAfterTen) {  // in the order of the names
  TensorMap file = HashWeights(ConvAndNorm());
  for (int i = 0; i < 13; ++i) file.emplace("extra" + std::to_string(i), MakeTensor({1}, {0}));
  const std::string message = ErrorOf(ConvAndNorm(), file);
  EXPECT_THAT(message, HasSubstr("extra6"));
  EXPECT_THAT(message, Not(HasSubstr("extra7")));
  EXPECT_THAT(message, HasSubstr("; and 3 more"));
}

TEST(Bind, RefusesIntegerWeights) {
  TensorMap file = HashWeights(ConvAndNorm());
  file["conv.weight"] = Integers({2, 4, 1, 1});
  EXPECT_THAT(ErrorOf(ConvAndNorm(), file), HasSubstr("conv.weight is I64, expected floats"));
}

}  // namespace
}  // namespace mnv4
