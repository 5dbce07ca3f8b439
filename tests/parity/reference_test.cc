// The published networks at their native size (smaller where they are emulated): the fast kernels
// against the references.

#include <gtest/gtest.h>

#include <cmath>

#include "mnv4/arch/arch.h"
#include "tests/parity/networks.h"

namespace mnv4 {
namespace {

struct Network {
  const char* name;
  int side;  // pixels
};

class Published : public testing::TestWithParam<Network> {};

TEST_P(Published, AllLogitsEqualTheReferenceAtOneAndTwoThreads) {
  const NetworkSpec spec = FindArchitecture(GetParam().name).value();
  const Graph graph = BindWellConditioned(Lower(spec, 1, GetParam().side, GetParam().side));
  const std::vector<float> expected = RunOnHashInput(graph, {.reference = true}, 2);
  ASSERT_EQ(expected.size(), 1000u);
  float largest = 1;
  for (const float logit : expected) largest = std::max(largest, std::fabs(logit));

  for (const IsaSet isa : MachineIsas()) {
    const std::vector<float> one = RunOnHashInput(graph, {.isa = isa}, 1);
    const std::vector<float> two = RunOnHashInput(graph, {.isa = isa}, 2);
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(one[i], expected[i], 1e-4f * largest) << ToString(isa) << ", logit " << i;
    }
    EXPECT_EQ(one, two) << ToString(isa) << ": the thread count changes the result";
  }
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Under a sanitizer the references of the larger networks take minutes each.
const auto kNetworks =
    testing::Values(Network{"mobilenetv4_conv_small", 224}, Network{"mobilenetv3_small_100", 224});
#elif defined(MNV4_EMULATED)
// A foreign processor is emulated: the references of the larger ones take half an hour.
const auto kNetworks =
    testing::Values(Network{"mobilenetv4_conv_small", 224}, Network{"mobilenetv4_conv_medium", 96},
                    Network{"mobilenetv4_conv_large", 96}, Network{"mobilenetv4_hybrid_medium", 96},
                    Network{"mobilenetv4_hybrid_large", 96}, Network{"mobilenetv1_100", 96},
                    Network{"mobilenetv2_100", 96}, Network{"mobilenetv3_large_100", 96});
#else
const auto kNetworks = testing::Values(
    Network{"mobilenetv4_conv_small", 224}, Network{"mobilenetv4_conv_medium", 256},
    Network{"mobilenetv4_conv_large", 384}, Network{"mobilenetv4_hybrid_medium", 256},
    Network{"mobilenetv4_hybrid_large", 384}, Network{"mobilenetv1_100", 224},
    Network{"mobilenetv2_100", 224}, Network{"mobilenetv3_large_100", 224},
    Network{"mobilenetv3_small_100", 224}, Network{"tf_mobilenetv3_small_075", 224});
#endif

INSTANTIATE_TEST_SUITE_P(Networks, Published, kNetworks,
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace mnv4
