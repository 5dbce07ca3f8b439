#include "mnv4/train/network.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "mnv4/arch/arch.h"
#include "mnv4/graph/bind.h"
#include "mnv4/model/testing.h"
#include "mnv4/train/initialise.h"
#include "mnv4/train/tensors.h"

namespace mnv4::train {
namespace {

using nlohmann::json;

torch::Tensor HashPictures(int n, int h, int w) {
  std::vector<float> values = HashInput({n, h, w, 3});
  return torch::from_blob(values.data(), {n, h, w, 3}).clone().permute({0, 3, 1, 2});
}

// What MobileNetV1 to V3 have and TinySpec has not.
NetworkSpec TinyV3() {
  return ParseNetwork(
      "network v3 family=mobilenetv3 act=hard_swish stem=8 head=8 num_classes=4\n"
      "stage\n  ds k3 o8 act=relu\n"
      "stage\n  ir k3 s2 e2 o8 se0.25\n  ir k5 e2 o8 se0.25 act=relu6\n"
      "stage\n  dsa k3 o8 se0.5\n  conv k1 o8\n");
}

Network Tiny(const Regularisation& regularisation = {},
             const NetworkSpec& spec = model::test::TinySpec()) {
  Network network(spec, regularisation);
  network.Load(HashWeights(Lower(network.spec(), 1, 32, 32)));
  return network;
}

// What timm computed in double precision on the same weights (tests/golden/models.json).
TEST(Network, EvaluatesAsTimmDoes) {
  std::ifstream file(MNV4_SOURCE_DIR "/tests/golden/models.json");
  int cases = 0;
  for (const json& golden : json::parse(file)) {
    const auto name = golden.at("model").get<std::string>();
    const int h = golden.at("input")[0].get<int>(), w = golden.at("input")[1].get<int>();
    if (!FindArchitecture(name) || h * w > 128 * 128) continue;
    SCOPED_TRACE(name);
    ++cases;
    NetworkSpec spec = FindArchitecture(name).value();
    if (golden.at("mode") == "same_pad_eps1e-3") {
      spec.pad = PadMode::kSame;
      spec.bn_eps = 1e-3;
    }
    Network network(spec, {});
    network.Load(HashWeights(Lower(spec, 1, h, w)));
    network.To(torch::kCPU, torch::kDouble);
    const torch::Tensor logits = network.Evaluate(HashPictures(1, h, w).to(torch::kDouble))[0];
    const double largest = logits.abs().max().item<double>();
    EXPECT_EQ(logits.argmax().item<int64_t>(), golden.at("argmax").get<int64_t>());
    for (int i = 0; i < 8; ++i) {
      EXPECT_NEAR(logits[i].item<double>(), golden.at("logits0_7")[i].get<double>(),
                  1e-6 * std::max(1.0, largest));
    }
  }
  EXPECT_GE(cases, 20);
}

TEST(Network, HasTimmsParametersAndNoOthers) {
  const Network network(*FindArchitecture("hybrid_medium"), {});
  int64_t count = 0;
  for (const auto& [name, tensor] : network.parameters()) {
    count += tensor.numel();
    EXPECT_TRUE(tensor.requires_grad()) << name;
    if (tensor.dim() == 4) {
      EXPECT_TRUE(tensor.is_contiguous(at::MemoryFormat::ChannelsLast)) << name;
    }
  }
  EXPECT_EQ(count, 11074648);
  EXPECT_TRUE(network.parameters().contains("blocks.2.4.attn.key.down_conv.weight"));
  EXPECT_TRUE(network.statistics().contains("blocks.2.4.attn.key.norm.running_var"));
}

class TinyNetworks : public testing::TestWithParam<NetworkSpec> {};
INSTANTIATE_TEST_SUITE_P(Network, TinyNetworks, testing::Values(model::test::TinySpec(), TinyV3()),
                         [](const auto& info) { return info.param.name; });

TEST_P(TinyNetworks, GradientsAreTheSlopesOfTheLoss) {
  Network network = Tiny({.dropout = 0.25, .drop_path = 0.3}, GetParam());
  network.To(torch::kCPU, torch::kDouble);
  const torch::Tensor pictures = HashPictures(4, 32, 32).to(torch::kDouble);
  const auto loss = [&] { return network.Train(pictures, {.seed = 3, .step = 5}).square().sum(); };
  loss().backward();
  for (const auto& [name, tensor] : network.parameters()) {
    ASSERT_TRUE(tensor.grad().defined()) << name;
    const torch::Tensor direction = at::ones_like(tensor) / std::sqrt(tensor.numel());
    const double expected = (tensor.grad() * direction).sum().item<double>();
    const double step = 1e-6;
    const torch::NoGradGuard no_grad;
    tensor.detach().add_(direction, step);
    const double above = loss().item<double>();
    tensor.detach().sub_(direction, 2 * step);
    const double below = loss().item<double>();
    tensor.detach().add_(direction, step);
    const double slope = (above - below) / (2 * step);
    EXPECT_NEAR(slope, expected, 1e-4 * std::max(1.0, std::abs(expected))) << name;
  }
}

TEST_P(TinyNetworks, RecomputedBlocksGiveTheSameGradientsAndStatistics) {
  Network plain = Tiny({.dropout = 0.25, .drop_path = 0.3}, GetParam());
  Network recomputing = Tiny({.dropout = 0.25, .drop_path = 0.3}, GetParam());
  recomputing.CheckpointGradients(true);
  for (Network* network : {&plain, &recomputing}) {
    network->To(torch::kCPU, torch::kDouble);
    const torch::Tensor pictures = HashPictures(4, 32, 32).to(torch::kDouble);
    network->Train(pictures, {.seed = 3, .step = 5}).square().sum().backward();
  }
  for (const auto& [name, tensor] : plain.parameters()) {
    const torch::Tensor other = recomputing.parameters().at(name).grad();
    EXPECT_TRUE(tensor.grad().allclose(other, 1e-9, 1e-9)) << name;
  }
  for (const auto& [name, tensor] : plain.statistics()) {
    EXPECT_TRUE(tensor.equal(recomputing.statistics().at(name))) << name;
  }
}

TEST(Network, StochasticDepthRisesAsThePublishedSchedule) {
  const Network network(*FindArchitecture("conv_medium"), {.drop_path = 0.075});
  EXPECT_NEAR(network.drop_path().at("blocks.1.1"), 0.011538, 1e-6);
  EXPECT_NEAR(network.drop_path().at("blocks.2.1"), 0.017308, 1e-6);
  EXPECT_NEAR(network.drop_path().at("blocks.3.10"), 0.066346, 1e-6);
  EXPECT_FALSE(network.drop_path().contains("blocks.1.0"));
  const Network hybrid(*FindArchitecture("hybrid_large"), {.drop_path = 0.35});
  EXPECT_NEAR(hybrid.drop_path().at("blocks.3.17"), 0.32375, 1e-6);
  EXPECT_EQ(hybrid.drop_path().at("blocks.2.7"), 0.35);  // attention
  const Network v3(*FindArchitecture("mobilenetv3_large_100"), {.drop_path = 0.2});
  EXPECT_TRUE(v3.drop_path().contains("blocks.0.0"));
  EXPECT_FALSE(v3.drop_path().contains("blocks.4.0"));
  EXPECT_TRUE(Network(*FindArchitecture("mobilenetv1_100"), {}).drop_path().empty());
}

TEST(Network, DropsWholeBranchesAndKeepsTheirMean) {
  Network network = Tiny({.drop_path = 0.5, .drop_path_schedule = DropPathSchedule::kFlat});
  std::map<float, int> seen;
  const torch::Tensor picture = HashPictures(1, 32, 32);
  const torch::NoGradGuard no_grad;
  for (uint64_t step = 0; step < 64; ++step) {
    ++seen[network.Train(picture, {.step = step})[0][0].item<float>()];
  }
  EXPECT_EQ(seen.size(), 2u);  // one residual block: with its branch or without
  for (const auto& [value, count] : seen) EXPECT_GT(count, 20);
}

TEST(Network, DrawsDependOnSeedAndStepOnly) {
  Network network = Tiny({.dropout = 0.5});
  const torch::NoGradGuard no_grad;
  const torch::Tensor pictures = HashPictures(3, 32, 32);
  const auto logits = [&](uint64_t seed, uint64_t step) {
    return network.Train(pictures, {.seed = seed, .step = step});
  };
  const torch::Tensor first = logits(1, 7);
  EXPECT_FALSE(first.equal(logits(1, 8)));
  EXPECT_FALSE(first.equal(logits(2, 7)));
  EXPECT_TRUE(first.equal(logits(1, 7)));
}

TEST(Network, FrozenNormsKeepTheirStatistics) {
  Network network = Tiny();
  network.FreezeNorms("blocks.0.0.bn1");
  const torch::Tensor frozen = network.statistics().at("blocks.0.0.bn1.running_mean").clone();
  const torch::Tensor free = network.statistics().at("bn1.running_mean").clone();
  network.Train(HashPictures(2, 32, 32), {});
  EXPECT_TRUE(frozen.equal(network.statistics().at("blocks.0.0.bn1.running_mean")));
  EXPECT_FALSE(free.equal(network.statistics().at("bn1.running_mean")));
}

TEST(Network, WeightsTravelBothWays) {
  Network network = Tiny();
  const TensorMap weights = network.Weights();
  Network other(model::test::TinySpec(), {});
  other.Load(weights);
  const torch::Tensor pictures = HashPictures(1, 32, 32);
  EXPECT_TRUE(network.Evaluate(pictures).equal(other.Evaluate(pictures)));
}

TEST(Network, GivesTheFeaturesOfItsStages) {
  Network network(*FindArchitecture("conv_small"), {});
  Initialise(network, Initialisation::kTimm, 1);
  const auto features = network.Features(HashPictures(1, 64, 64), {"C2", "C5", "blocks.3"});
  EXPECT_EQ(features.at("C2").sizes().vec(), (std::vector<int64_t>{1, 32, 16, 16}));
  EXPECT_EQ(features.at("C5").sizes().vec(), (std::vector<int64_t>{1, 960, 2, 2}));
  EXPECT_EQ(features.at("blocks.3").sizes().vec(), (std::vector<int64_t>{1, 128, 2, 2}));
}

// Deviation of a tensor's values.
double Deviation(const Network& network, const std::string& name) {
  return network.parameters().at(name).detach().square().mean().sqrt().item<double>();
}

TEST(Initialise, FollowsTimm) {
  Network network(*FindArchitecture("hybrid_medium"), {});
  Initialise(network, Initialisation::kTimm, 1);
  EXPECT_NEAR(Deviation(network, "conv_stem.weight"), std::sqrt(2.0 / (9 * 32)), 0.01);
  EXPECT_NEAR(Deviation(network, "blocks.2.0.dw_start.conv.weight"), std::sqrt(2.0) / 3, 0.05);
  EXPECT_NEAR(Deviation(network, "conv_head.weight"), std::sqrt(2.0 / 1280), 1e-4);
  const double bound = std::sqrt(6.0 / (160 + 256));  // query: 160 in, 4 * 64 out
  EXPECT_NEAR(Deviation(network, "blocks.2.4.attn.query.proj.weight"), bound / std::sqrt(3.0),
              1e-3);
  EXPECT_NEAR(Deviation(network, "classifier.weight"), 1 / std::sqrt(3000.0), 1e-4);
  EXPECT_NEAR(Deviation(network, "blocks.2.0.layer_scale.gamma"), 1e-5, 1e-9);
  EXPECT_EQ(Deviation(network, "classifier.bias"), 0);
  EXPECT_EQ(Deviation(network, "bn1.weight"), 1);
}

TEST(Initialise, OfSqueezeAndExciteFollowsTimm) {
  Network network(*FindArchitecture("mobilenetv3_small_100"), {});
  network.parameters().at("conv_head.bias").detach().fill_(1);
  network.parameters().at("blocks.4.2.se.conv_reduce.bias").detach().fill_(1);
  Initialise(network, Initialisation::kTimm, 1);
  EXPECT_NEAR(Deviation(network, "blocks.4.2.se.conv_expand.weight"), std::sqrt(2.0 / 576), 1e-3);
  EXPECT_EQ(Deviation(network, "blocks.4.2.se.conv_reduce.bias"), 0);
  EXPECT_EQ(Deviation(network, "conv_head.bias"), 0);
}

TEST(Initialise, FollowsTheAuthorsCode) {
  Network network(*FindArchitecture("conv_small"), {});
  Initialise(network, Initialisation::kGarden, 1);
  EXPECT_NEAR(Deviation(network, "conv_head.weight"), std::sqrt(1.0 / 960), 1e-4);
  EXPECT_NEAR(Deviation(network, "blocks.2.0.dw_start.conv.weight"), std::sqrt(1.0 / (25 * 64)),
              2e-3);
  EXPECT_NEAR(Deviation(network, "classifier.weight"), 0.05 / std::sqrt(3.0), 1e-4);
  const torch::Tensor& head = network.parameters().at("conv_head.weight");
  EXPECT_LE(head.abs().max().item<double>(), 2 * std::sqrt(1.0 / 960) / 0.8796 + 1e-6);
}

}  // namespace
}  // namespace mnv4::train
