// The stored forward passes of tests/golden/models.json (computed by timm in double precision on
// hash-filled weights), on every instruction set of this machine.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "mnv4/arch/arch.h"
#include "mnv4/graph/bind.h"
#include "mnv4/kernels/emulated_tiles.h"
#include "tests/parity/networks.h"

namespace mnv4 {
namespace {

using nlohmann::json;

json GoldenCases() {
  std::ifstream file(MNV4_SOURCE_DIR "/tests/golden/models.json");
  json cases = json::array();
  for (const json& entry : json::parse(file)) {
    if (FindArchitecture(entry.at("model").get<std::string>())) cases.push_back(entry);
  }
  return cases;
}

NetworkSpec SpecOf(const json& golden) {
  NetworkSpec spec = FindArchitecture(golden.at("model").get<std::string>()).value();
  if (golden.at("mode") == "same_pad_eps1e-3") {
    spec.pad = PadMode::kSame;
    spec.bn_eps = 1e-3;
  }
  return spec;
}

void ExpectGolden(const json& golden, const std::vector<float>& logits, double relative) {
  double largest = 0, sum_of_squares = 0;
  for (const float logit : logits) {
    largest = std::max(largest, std::fabs(static_cast<double>(logit)));
    sum_of_squares += static_cast<double>(logit) * logit;
  }
  const double tolerance = relative * std::max(1.0, largest);
  const auto best = std::max_element(logits.begin(), logits.end());
  EXPECT_EQ(best - logits.begin(), golden.at("argmax").get<int>());
  EXPECT_NEAR(*best, golden.at("max").get<double>(), tolerance);
  EXPECT_NEAR(std::sqrt(sum_of_squares), golden.at("l2").get<double>(), tolerance);
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_NEAR(logits[i], golden.at("logits0_7")[i].get<double>(), tolerance);
  }
}

constexpr size_t kCases = 23 + 10;  // MobileNetV4, and the other generations

class Golden : public testing::TestWithParam<size_t> {};

TEST_P(Golden, LogitsAgreeOnEveryInstructionSet) {
  static const json cases = GoldenCases();
  ASSERT_EQ(cases.size(), kCases);
  const json& golden = cases[GetParam()];
#if defined(__SANITIZE_THREAD__)
  if (golden.at("model") != "mobilenetv4_conv_small") GTEST_SKIP() << "one thread, 50 times slower";
#endif
  const int h = golden.at("input")[0].get<int>();
  const int w = golden.at("input")[1].get<int>();
  const Graph graph = BindHashWeights(Lower(SpecOf(golden), 1, h, w));
  for (const IsaSet isa : MachineIsas()) {
    SCOPED_TRACE(golden.at("model").get<std::string>() + " " + ToString(isa));
    ExpectGolden(golden, RunOnHashInput(graph, {.isa = isa}, 1), 1e-4);
  }
}

TEST(GoldenBf16, ConvSmallAgreesOnVectorsAndTiles) {
  using runtime::Precision;
  if (runtime::ParsePrecision("auto", HostIsa()) != Precision::kBf16) {
    GTEST_SKIP() << "no bf16 arithmetic here";
  }
  for (const json& golden : GoldenCases()) {
    if (golden.at("model") != "mobilenetv4_conv_small") continue;
    const int h = golden.at("input")[0].get<int>(), w = golden.at("input")[1].get<int>();
    const Graph graph = BindHashWeights(Lower(SpecOf(golden), 1, h, w));
    SCOPED_TRACE(golden.at("mode").get<std::string>() + ", " + std::to_string(h));
    ExpectGolden(golden, RunOnHashInput(graph, {.precision = Precision::kBf16}, 1), 5e-2);
    const runtime::PlanOptions emulated = {.isa = DetectIsa().Without(Isa::kAmx),
                                           .precision = Precision::kBf16,
                                           .first_kernels = kernels::EmulatedTileKernels()};
    const std::vector<float> logits = RunOnHashInput(graph, emulated, 1);
    ExpectGolden(golden, logits, 5e-2);
    if (MayUseTiles()) {  // by default they compute what the emulated ones do
      EXPECT_EQ(RunOnHashInput(graph, {.precision = Precision::kBf16}, 2), logits);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, testing::Range<size_t>(0, kCases), [](const auto& info) {
  static const json cases = GoldenCases();
  const json& golden = cases[info.param];
  return golden.at("model").get<std::string>() + (golden.at("mode") == "default" ? "_" : "_same_") +
         std::to_string(golden.at("input")[0].get<int>()) + "x" +
         std::to_string(golden.at("input")[1].get<int>());
});

}  // namespace
}  // namespace mnv4
