// bfloat16 against float32 on the stored cases' networks: as far apart as 8 bits explain.

#include <gtest/gtest.h>

#include <cmath>

#include "mnv4/arch/arch.h"
#include "mnv4/base/error.h"
#include "mnv4/graph/bind.h"
#include "tests/parity/networks.h"

namespace mnv4 {
namespace {

using runtime::Precision;

TEST(Bf16, IsRefusedWhereItIsNotArithmetic) {
  const NetworkSpec spec = FindArchitecture("mobilenetv4_conv_small_035").value();
  const Graph graph = BindHashWeights(Lower(spec, 1, 32, 32));
  const IsaSet without = DetectIsa().Without(Isa::kBf16);
  try {
    RunOnHashInput(graph, {.isa = without, .precision = Precision::kBf16}, 1);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
  }
}

class Bf16Networks : public testing::TestWithParam<const char*> {};

TEST_P(Bf16Networks, LogitsAreCloseToFloat32OnAnyNumberOfThreads) {
  if (!DetectIsa().Has(Isa::kBf16)) GTEST_SKIP() << "no bf16 arithmetic here";
  const NetworkSpec spec = FindArchitecture(GetParam()).value();
  const Graph graph = BindWellConditioned(Lower(spec, 2, 96, 128));
  const std::vector<float> expected = RunOnHashInput(graph, {}, 1);
  const std::vector<float> one = RunOnHashInput(graph, {.precision = Precision::kBf16}, 1);
  double largest = 1, dot = 0, squares_one = 0, squares_expected = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::fabs(static_cast<double>(expected[i])));
    dot += static_cast<double>(one[i]) * expected[i];
    squares_one += static_cast<double>(one[i]) * one[i];
    squares_expected += static_cast<double>(expected[i]) * expected[i];
  }
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(one[i], expected[i], 5e-2 * largest);
  EXPECT_GT(dot / std::sqrt(squares_one * squares_expected), 0.999);
  EXPECT_NE(one, expected);
  for (const int threads : {2, 3}) {
    EXPECT_EQ(RunOnHashInput(graph, {.precision = Precision::kBf16}, threads), one);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Bf16Networks,
                         testing::Values("mobilenetv4_conv_small", "mobilenetv4_conv_medium",
                                         "mobilenetv4_conv_large", "mobilenetv4_hybrid_medium",
                                         "mobilenetv4_hybrid_large", "mobilenetv4_conv_blur_medium",
                                         "mobilenetv1_100", "mobilenetv2_100",
                                         "mobilenetv3_large_100", "mobilenetv3_small_100"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace mnv4
