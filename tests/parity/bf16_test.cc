// bfloat16 against float32 on the stored cases' networks: as far apart as 8 bits explain.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string_view>
#include <utility>

#include "mnv4/arch/arch.h"
#include "mnv4/graph/bind.h"
#include "mnv4/kernels/emulated_tiles.h"
#include "mnv4/runtime/step_facts.h"
#include "tests/parity/networks.h"

namespace mnv4 {
namespace {

using runtime::Precision;

constexpr double kBound = 5e-2;  // of the largest logit

class Bf16Networks : public testing::TestWithParam<const char*> {};

TEST_P(Bf16Networks, LogitsAreCloseToFloat32OnAnyNumberOfThreads) {
  if (runtime::ParsePrecision("auto", HostIsa()) != Precision::kBf16) {
    GTEST_SKIP() << "no bf16 arithmetic here";
  }
  const NetworkSpec spec = FindArchitecture(GetParam()).value();
  ExpectCloseToFloat32(BindWellConditioned(Lower(spec, 2, 96, 128)),
                       {.precision = Precision::kBf16}, kBound);
}

// What runs where the CPU has tiles: every dense layer on them, nothing by the slow reference.
TEST_P(Bf16Networks, LogitsAreCloseToFloat32OnEmulatedTiles) {
  if (kernels::EmulatedTileKernels().empty()) GTEST_SKIP() << "no bf16 conversions here";
  const NetworkSpec spec = FindArchitecture(GetParam()).value();
  const Graph graph = BindWellConditioned(Lower(spec, 2, 96, 128));
  const runtime::PlanOptions options = {.isa = DetectIsa().Without(Isa::kAmx),
                                        .precision = Precision::kBf16,
                                        .first_kernels = kernels::EmulatedTileKernels()};
  runtime::PackedWeights packed;
  const runtime::Plan plan(graph, options, packed);
  for (const runtime::Step& step : plan.steps()) {
    SCOPED_TRACE(step.scope);
    const runtime::StepFacts facts = FactsOf(plan, step);
    const std::string kernel = facts.kernel;
    EXPECT_FALSE(kernel.ends_with("-ref"));
    using runtime::StepKind;
    if (facts.kind == StepKind::kStem || facts.kind == StepKind::kDense ||
        facts.kind == StepKind::kPointwise) {
      EXPECT_TRUE(kernel.ends_with("-emulated")) << kernel;
    }
  }
  ExpectCloseToFloat32(graph, options, kBound);
}

// Neither where tiles are for some layers only: small maps, and whole batches of single pixels.
TEST_P(Bf16Networks, NothingRunsByTheReferenceWhereSomeMapsAreTooSmallForTiles) {
  if (kernels::EmulatedTileKernels().empty()) GTEST_SKIP() << "no bf16 conversions here";
  const NetworkSpec spec = FindArchitecture(GetParam()).value();
  constexpr std::pair<int, int> kShapes[] = {{1, 32}, {1, 96}, {1, 112}, {1, 224}, {16, 64}};
  for (const auto& [batch, side] : kShapes) {
    SCOPED_TRACE(fmt::format("{} of {} pixels", batch, side));
    runtime::PackedWeights packed;
    const runtime::Plan plan(BindWellConditioned(Lower(spec, batch, side, side)),
                             {.isa = DetectIsa().Without(Isa::kAmx),
                              .precision = Precision::kBf16,
                              .first_kernels = kernels::EmulatedTileKernels()},
                             packed);
    for (const runtime::Step& step : plan.steps()) {
      const std::string_view kernel = FactsOf(plan, step).kernel;
      EXPECT_FALSE(kernel.ends_with("-ref")) << step.scope;
    }
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
