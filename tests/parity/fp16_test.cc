// fp16 against float32: as far apart as 11 bits explain, in sums of 128 products and of such sums.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mnv4/arch/arch.h"
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
const auto kNetworks = testing::Values(
    "mobilenetv4_conv_small", "mobilenetv4_conv_medium", "mobilenetv4_conv_large",
    "mobilenetv4_hybrid_medium", "mobilenetv4_hybrid_large", "mobilenetv4_conv_blur_medium",
    "mobilenetv1_100", "mobilenetv2_100", "mobilenetv3_large_100", "mobilenetv3_small_100");
#endif

bool Skips() { return !kernels::HasFp16(kernels::TestIsa()); }

constexpr double kBound = 2e-2;  // of the largest logit

TEST(Fp16, IsCloseToFloat32OnTrainedWeights) {
  if (Skips()) GTEST_SKIP() << "no fp16 arithmetic here";
  const model::Model trained = model::Load(MNV4_SOURCE_DIR "/mnv4/cli/default_model.safetensors");
  ExpectCloseToFloat32(trained.GraphFor(kBatch, kHeight, kWidth), kFp16, kBound);
}

void MultiplyParameter(Graph& graph, const std::string& name, float factor) {
  Tensor& tensor = graph.weights.at(name);
  std::vector<float> values = ToFloats(tensor);
  for (float& value : values) value *= factor;
  tensor = MakeTensor(tensor.type.shape, std::move(values));
}

// An expansion whose sums might pass fp16's range stays float32, and so does the depthwise
// convolution that reads it; nothing is left to the references.
TEST(Fp16, KeepsALayerInFloat32WhoseSumsMightOverflow) {
  if (Skips()) GTEST_SKIP() << "no fp16 arithmetic here";
  const NetworkSpec spec = FindArchitecture("mobilenetv4_conv_small").value();
  const std::string layer = "blocks.2.1.pw_exp", conv = layer + ".conv";
  Graph graph = BindHashWeights(Lower(spec, 1, 64, 64));
  MultiplyParameter(graph, conv + ".weight", 10000);
  MultiplyParameter(graph, layer + ".bn.weight", 0.5f);

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

// Sums of Winograd's values may grow to nine times a convolution's own, which fp16 would hold here.
TEST(Fp16, KeepsALayerInFloat32WhoseQuadsMightOverflow) {
  if (Skips()) GTEST_SKIP() << "no fp16 arithmetic here";
  const NetworkSpec spec = FindArchitecture("mobilenetv4_conv_small").value();
  const std::string conv = "blocks.0.0.conv";
  // 16 and 18 results a side: in float32 squares of 4 x 4 and 2 x 2
  for (const auto& [size, products] : {std::pair(64, 81.0 / 144), std::pair(72, 25.0 / 36)}) {
    Graph graph = BindHashWeights(Lower(spec, 1, size, size));
    MultiplyParameter(graph, conv + ".weight", 10);
    runtime::PackedWeights packed;
    const runtime::Plan plan(graph, kFp16, packed);
    EXPECT_THAT(plan.kept_float32(), testing::ElementsAre(conv));
    for (const runtime::Step& step : plan.steps()) {
      if (step.scope != conv) continue;
      const runtime::StepFacts facts = FactsOf(plan, step);
      EXPECT_THAT(facts.kernel, testing::StartsWith("winograd"));
      EXPECT_STREQ(facts.precision, "fp32");
      EXPECT_DOUBLE_EQ(facts.products, products * static_cast<double>(facts.macs));
    }
  }
  Graph graph = BindHashWeights(Lower(spec, 1, 68, 68));  // 17 results a side: no quads
  MultiplyParameter(graph, conv + ".weight", 10);
  runtime::PackedWeights packed;
  EXPECT_THAT(runtime::Plan(graph, kFp16, packed).kept_float32(), testing::IsEmpty());
}

// Attention has one type for all it reads: float32 if the sums of one projection might pass fp16's
// range.
TEST(Fp16, MultipliesInAttentionUnlessOneOfItsInputsMightOverflow) {
  if (Skips()) GTEST_SKIP() << "no fp16 arithmetic here";
  const NetworkSpec spec = FindArchitecture("mobilenetv4_hybrid_medium").value();
  const std::string attention = "blocks.2.4.attn", key = attention + ".key.proj";
  Graph graph = BindHashWeights(Lower(spec, 1, 64, 64));
  MultiplyParameter(graph, key + ".weight", 1e5f);

  runtime::PackedWeights packed;
  const runtime::Plan plan(graph, kFp16, packed);
  EXPECT_THAT(plan.kept_float32(), testing::ElementsAre(key));
  int in_fp16 = 0;
  for (const runtime::Step& step : plan.steps()) {
    const runtime::StepFacts facts = FactsOf(plan, step);
    EXPECT_THAT(facts.kernel, testing::Not(testing::HasSubstr("ref"))) << step.scope;
    if (facts.kind != runtime::StepKind::kAttention) continue;
    EXPECT_STREQ(facts.precision, step.scope == attention ? "fp32" : "fp16") << step.scope;
    if (step.scope != attention) ++in_fp16;
  }
  EXPECT_GT(in_fp16, 0);
}

class Fp16Networks : public testing::TestWithParam<const char*> {};

TEST_P(Fp16Networks, LogitsAreCloseToFloat32) {
  if (Skips()) GTEST_SKIP() << "no fp16 arithmetic here";
  const NetworkSpec spec = FindArchitecture(GetParam()).value();
  ExpectCloseToFloat32(BindWellConditioned(Lower(spec, kBatch, kHeight, kWidth)), kFp16, kBound);
}

INSTANTIATE_TEST_SUITE_P(All, Fp16Networks, kNetworks,
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace mnv4
