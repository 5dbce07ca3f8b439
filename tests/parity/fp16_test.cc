// fp16 against float32: as far apart as 11 bits and sums of up to 128 products explain.

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
const auto kNetworks = testing::Values("mobilenetv4_conv_small", "mobilenetv4_conv_medium",
                                       "mobilenetv4_conv_large", "mobilenetv4_hybrid_medium",
                                       "mobilenetv4_hybrid_large", "mobilenetv4_conv_blur_medium");
#endif

bool Skips() { return !kernels::HasFp16(kernels::TestIsa()); }

constexpr double kBound = 2e-2;  // of the largest logit

TEST(Fp16, IsCloseToFloat32OnTrainedWeights) {
  if (Skips()) GTEST_SKIP() << "no fp16 arithmetic here";
  const model::Model trained = model::Load(MNV4_SOURCE_DIR "/mnv4/cli/default_model.safetensors");
  ExpectCloseToFloat32(trained.GraphFor(kBatch, kHeight, kWidth), kFp16, kBound);
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
  ExpectCloseToFloat32(BindWellConditioned(Lower(spec, kBatch, kHeight, kWidth)), kFp16, kBound);
}

INSTANTIATE_TEST_SUITE_P(All, Fp16Networks, kNetworks,
                         [](const auto& info) { return std::string(info.param).substr(12); });

}  // namespace
}  // namespace mnv4
