// 16-bit weights where the CPU multiplies float32 only: as far from float32 as their rounding is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>

#include "mnv4/arch/arch.h"
#include "mnv4/graph/bind.h"
#include "mnv4/runtime/step_facts.h"
#include "tests/parity/networks.h"

namespace mnv4 {
namespace {

using runtime::Precision;
using runtime::StepKind;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr std::pair<Precision, double> kBounds[] = {{Precision::kBf16, 5e-2},
                                                    {Precision::kF16, 2e-2}};
#if defined(MNV4_EMULATED)
constexpr int kHeight = 32, kWidth = 32;  // a million products take a second
const auto kNetworks = testing::Values("mobilenetv4_conv_small");
#else
constexpr int kHeight = 64, kWidth = 96;
const auto kNetworks = testing::Values(
    "mobilenetv4_conv_small", "mobilenetv4_conv_medium", "mobilenetv4_conv_large",
    "mobilenetv4_hybrid_medium", "mobilenetv4_hybrid_large", "mobilenetv4_conv_blur_medium",
    "mobilenetv1_100", "mobilenetv2_100", "mobilenetv3_large_100", "mobilenetv3_small_100");
#endif

class StoredNetworks : public testing::TestWithParam<const char*> {};

TEST_P(StoredNetworks, LogitsAreCloseToFloat32OnEveryInstructionSet) {
  const NetworkSpec spec = FindArchitecture(GetParam()).value();
  const Graph graph = BindWellConditioned(Lower(spec, 1, kHeight, kWidth));
  for (const auto& [precision, bound] : kBounds) {
    for (const IsaSet isa : MachineIsas()) {
      SCOPED_TRACE(fmt::format("{} on {}", Name(precision), ToString(isa)));
      ExpectCloseToFloat32(graph, {.isa = isa, .precision = precision}, bound);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, StoredNetworks, kNetworks,
                         [](const auto& info) { return std::string(info.param); });

TEST(Stored, WeightsOfAllButStemAndDepthwiseLayersTakeHalfTheMemory) {
  const NetworkSpec spec = FindArchitecture("mobilenetv4_conv_small").value();
  const Graph graph = BindHashWeights(Lower(spec, 1, 64, 64));
  for (const IsaSet isa : MachineIsas()) {
    runtime::PackedWeights packed;
    const runtime::Plan full(graph, {.isa = isa}, packed);
    for (const auto& [precision, bound] : kBounds) {
      const runtime::PlanOptions options = {.isa = isa, .precision = precision};
      EXPECT_EQ(PrecisionText(options),
                fmt::format("{} weights, fp32 arithmetic", Name(precision)));
      const runtime::Plan plan(graph, options, packed);
      EXPECT_LT(static_cast<double>(plan.packed_bytes()),
                0.52 * static_cast<double>(full.packed_bytes()));
      for (size_t i = 0; i < plan.steps().size(); ++i) {
        const runtime::StepFacts facts = FactsOf(plan, plan.steps()[i]);
        SCOPED_TRACE(plan.steps()[i].scope);
        EXPECT_STREQ(facts.precision, "fp32");
        if (facts.kind != StepKind::kDense && facts.kind != StepKind::kPointwise &&
            facts.kind != StepKind::kLinear) {
          continue;
        }
        EXPECT_THAT(facts.kernel, EndsWith(fmt::format("-{}w", Name(precision))));
        EXPECT_LT(facts.weight_bytes, FactsOf(full, full.steps()[i]).weight_bytes * 6 / 10);
      }
    }
  }
}

// Of a CPU that multiplies bfloat16 and is asked for fp16, or the other way round.
TEST(Stored, WeightsAreInTheTypeAskedForBesideArithmeticInTheOther) {
#if defined(__aarch64__) || defined(MNV4_EMULATED)
  GTEST_SKIP() << "no bf16 arithmetic here";
#endif
  const NetworkSpec spec = FindArchitecture("mobilenetv4_conv_small").value();
  const Graph graph = BindHashWeights(Lower(spec, 1, 64, 64));
  IsaSet avx512;
  for (const Isa isa : {Isa::kSse4, Isa::kAvx2, Isa::kAvx512}) avx512.Add(isa);
  IsaSet bf16 = avx512, fp16 = avx512;
  bf16.Add(Isa::kBf16);
  fp16.Add(Isa::kFp16);
  for (const runtime::PlanOptions& options :
       {runtime::PlanOptions{.isa = bf16, .precision = Precision::kF16},
        runtime::PlanOptions{.isa = fp16, .precision = Precision::kBf16}}) {
    const std::string name = Name(options.precision);
    EXPECT_EQ(PrecisionText(options), name + " weights, fp32 arithmetic");
    runtime::PackedWeights packed;
    const runtime::Plan plan(graph, options, packed);
    EXPECT_THAT(FactsOf(plan, plan.steps().back()).kernel, EndsWith("-" + name + "w"));
    for (const runtime::Step& step : plan.steps()) {
      EXPECT_STREQ(FactsOf(plan, step).precision, "fp32") << step.scope;
    }
  }
}

TEST(Stored, ReferenceIsFloat32) {
  const NetworkSpec spec = FindArchitecture("mobilenetv4_conv_small_035").value();
  const Graph graph = BindHashWeights(Lower(spec, 1, 32, 32));
  const Graph hybrid =
      BindHashWeights(Lower(FindArchitecture("mobilenetv4_hybrid_medium").value(), 1, 32, 32));
  for (const Graph* network : {&graph, &hybrid}) {
    for (const IsaSet isa : {MachineIsas().back(), kernels::TestIsa()}) {
      EXPECT_EQ(RunOnHashInput(*network,
                               {.isa = isa, .precision = Precision::kF16, .reference = true}, 1),
                RunOnHashInput(*network, {.isa = isa, .reference = true}, 1));
    }
  }
  const runtime::PlanOptions scalar = {.isa = IsaSet(), .precision = Precision::kBf16};
  EXPECT_EQ(PrecisionText(scalar), "fp32");
  EXPECT_EQ(RunOnHashInput(graph, scalar, 1), RunOnHashInput(graph, {.isa = IsaSet()}, 1));
}

// fp16 ends at 65504: a layer with a weight beyond it, or with one that is no number, keeps
// float32.
TEST(Stored, KeepsALayerInFloat32WhoseWeightsFp16CannotHold) {
  const NetworkSpec spec = FindArchitecture("mobilenetv4_conv_small").value();
  const std::string conv = "blocks.2.1.pw_exp.conv";
  for (const float hostile : {1e6f, -1e6f, INFINITY, NAN}) {
    SCOPED_TRACE(hostile);
    Graph graph = BindHashWeights(Lower(spec, 1, 64, 64));
    Tensor& weight = graph.weights.at(conv + ".weight");
    std::vector<float> values = ToFloats(weight);
    values[7] = hostile;
    weight = MakeTensor(weight.type.shape, std::move(values));
    for (const IsaSet isa : MachineIsas()) {
      runtime::PackedWeights packed;
      const runtime::PlanOptions options = {.isa = isa, .precision = Precision::kF16};
      const runtime::Plan plan(graph, options, packed);
      EXPECT_THAT(plan.kept_float32(), ElementsAre(conv));
      for (const runtime::Step& step : plan.steps()) {
        const std::string kernel = FactsOf(plan, step).kernel;
        if (step.scope == conv) {
          EXPECT_THAT(kernel, Not(EndsWith("-fp16w")));
          EXPECT_THAT(kernel, HasSubstr("pointwise"));
        } else if (step.scope == "blocks.2.2.pw_exp.conv") {
          EXPECT_THAT(kernel, EndsWith("-fp16w"));
        }
      }
      if (std::isfinite(hostile)) ExpectCloseToFloat32(graph, options, 2e-2);
    }
    runtime::PackedWeights packed;  // bfloat16 holds what float32 does
    const runtime::PlanOptions bf16 = {.isa = MachineIsas().back(), .precision = Precision::kBf16};
    EXPECT_THAT(runtime::Plan(graph, bf16, packed).kept_float32(), ElementsAre());
  }
}

}  // namespace
}  // namespace mnv4
