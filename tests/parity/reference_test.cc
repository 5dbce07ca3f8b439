// The five published networks at their native size: the fast kernels against the references.

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

// The hash fill with layer scales ten times smaller, between the fill's and those training starts
// from. As they are, Hybrid-L's residual stream grows to 1400 at 384 pixels and its attention
// scores with the square: by float64 timm's own float32 is then wrong by 0.082 in a logit, more
// than the bound (docs/numerics.md). The golden cases keep the fill as it is.
Graph BindWellConditioned(Graph graph) {
  TensorMap weights = HashWeights(graph);
  for (auto& [name, tensor] : weights) {
    if (!name.ends_with("gamma")) continue;
    std::vector<float> values = ToFloats(tensor);
    for (float& value : values) value *= 0.1f;
    tensor = MakeTensor(tensor.type.shape, std::move(values));
  }
  return Bind(std::move(graph), weights);
}

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
const auto kNetworks = testing::Values(Network{"mobilenetv4_conv_small", 224});
#else
const auto kNetworks = testing::Values(
    Network{"mobilenetv4_conv_small", 224}, Network{"mobilenetv4_conv_medium", 256},
    Network{"mobilenetv4_conv_large", 384}, Network{"mobilenetv4_hybrid_medium", 256},
    Network{"mobilenetv4_hybrid_large", 384});
#endif

INSTANTIATE_TEST_SUITE_P(Networks, Published, kNetworks,
                         [](const auto& info) { return std::string(info.param.name).substr(12); });

}  // namespace
}  // namespace mnv4
