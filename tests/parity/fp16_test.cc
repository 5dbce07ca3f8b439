// fp16 against float32: as far apart as 11 bits and sums of up to 128 products explain.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "mnv4/arch/arch.h"
#include "mnv4/base/error.h"
#include "mnv4/graph/bind.h"
#include "mnv4/model/model.h"
#include "mnv4/runtime/step_facts.h"
#include "tests/parity/networks.h"

namespace mnv4 {
namespace {

using runtime::Precision;

const runtime::PlanOptions kFp16 = {.isa = kernels::TestIsa(), .precision = Precision::kF16};
#if defined(MNV4_EMULATED)
constexpr int kBatch = 1, kHeight = 32, kWidth = 32;  // a million products take a second
const auto kNetworks = testing::Values("mobilenetv4_conv_small");
#else
constexpr int kBatch = 2, kHeight = 64, kWidth = 96;
const auto kNetworks = testing::Values("mobilenetv4_conv_small", "mobilenetv4_conv_medium",
                                       "mobilenetv4_conv_large", "mobilenetv4_hybrid_medium",
                                       "mobilenetv4_hybrid_large", "mobilenetv4_conv_blur_medium");
#endif

bool Skips() { return !kernels::HasFp16(kernels::TestIsa()); }

TEST(Fp16, IsRefusedWhereItIsNotArithmetic) {
  const Graph graph =
      BindHashWeights(Lower(FindArchitecture("mobilenetv4_conv_small_035").value(), 1, 32, 32));
  const IsaSet without = DetectIsa().Without(Isa::kFp16).Without(Isa::kNeonFp16);
  try {
    RunOnHashInput(graph, {.isa = without, .precision = Precision::kF16}, 1);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
  }
}

// Within 2e-2 of the largest logit, in the same direction, on any number of threads.
void ExpectCloseToFloat32(const Graph& graph) {
  const std::vector<float> expected = RunOnHashInput(graph, {}, 1);
  const std::vector<float> one = RunOnHashInput(graph, kFp16, 1);
  double largest = 1, dot = 0, squares_one = 0, squares_expected = 0, worst = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::fabs(static_cast<double>(expected[i])));
    dot += static_cast<double>(one[i]) * expected[i];
    squares_one += static_cast<double>(one[i]) * one[i];
    squares_expected += static_cast<double>(expected[i]) * expected[i];
    worst = std::max(worst, std::fabs(static_cast<double>(one[i]) - expected[i]));
  }
  const double cosine = dot / std::sqrt(squares_one * squares_expected);
  testing::Test::RecordProperty("worst", fmt::format("{:.2g}", worst / largest));
  testing::Test::RecordProperty("cosine", fmt::format("{:.6f}", cosine));
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(one[i], expected[i], 2e-2 * largest);
  EXPECT_GT(cosine, 0.999);
  EXPECT_NE(one, expected);
  for (const int threads : {1, 2, 3}) {  // EXPECT_EQ would print a thousand logits
    EXPECT_TRUE(RunOnHashInput(graph, kFp16, threads) == one) << threads << " threads";
  }
}

TEST(Fp16, IsCloseToFloat32OnTrainedWeights) {
  if (Skips()) GTEST_SKIP() << "no fp16 arithmetic here";
  const model::Model trained = model::Load(MNV4_SOURCE_DIR "/mnv4/cli/default_model.safetensors");
  ExpectCloseToFloat32(trained.GraphFor(kBatch, kHeight, kWidth));
}

// An expansion whose sums might pass fp16's range stays float32, and so does the depthwise
// convolution that reads it; nothing is left to the references.
TEST(Fp16, KeepsALayerInFloat32WhoseSumsMightOverflow) {
  if (Skips()) GTEST_SKIP() << "no fp16 arithmetic here";
  const NetworkSpec spec = FindArchitecture("mobilenetv4_conv_small").value();
  const std::string layer = "blocks.2.1.pw_exp", conv = layer + ".conv";
  Graph graph = BindHashWeights(Lower(spec, 1, 64, 64));
  Tensor& weight = graph.weights.at(conv + ".weight");
  std::vector<float> values = ToFloats(weight);
  for (float& value : values) value *= 10000;
  weight = MakeTensor(weight.type.shape, std::move(values));
  Tensor& scale = graph.weights.at(layer + ".bn.weight");
  values = ToFloats(scale);
  for (float& value : values) value /= 2;
  scale = MakeTensor(scale.type.shape, std::move(values));

  runtime::PackedWeights packed;
  const runtime::Plan plan(graph, kFp16, packed);
  EXPECT_THAT(plan.kept_float32(), testing::ElementsAre(conv));
  for (const runtime::Step& step : plan.steps()) {
    const runtime::StepFacts facts = FactsOf(plan, step);
    EXPECT_THAT(facts.kernel, testing::Not(testing::HasSubstr("ref"))) << step.scope;
    if (step.scope == conv) {
      EXPECT_STREQ(facts.precision, "fp32");
    } else if (step.scope == "blocks.2.2.pw_exp.conv") {
      EXPECT_STREQ(facts.precision, "fp16");
    }
  }
}

class Fp16Networks : public testing::TestWithParam<const char*> {};

TEST_P(Fp16Networks, LogitsAreCloseToFloat32) {
  if (Skips()) GTEST_SKIP() << "no fp16 arithmetic here";
  const NetworkSpec spec = FindArchitecture(GetParam()).value();
  ExpectCloseToFloat32(BindWellConditioned(Lower(spec, kBatch, kHeight, kWidth)));
}

INSTANTIATE_TEST_SUITE_P(All, Fp16Networks, kNetworks,
                         [](const auto& info) { return std::string(info.param).substr(12); });

}  // namespace
}  // namespace mnv4
