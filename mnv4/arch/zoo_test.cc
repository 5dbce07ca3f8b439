#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "mnv4/arch/arch.h"

namespace mnv4 {
namespace {

// Output channels of every stage's last block that has its own.
std::vector<int> Widths(const NetworkSpec& spec) {
  std::vector<int> widths;
  for (const auto& stage : spec.stages) {
    for (auto block = stage.rbegin(); block != stage.rend(); ++block) {
      const auto* uib = std::get_if<UibSpec>(&*block);
      const auto* conv = std::get_if<ConvSpec>(&*block);
      const auto* fused = std::get_if<FusedIbSpec>(&*block);
      if (!uib && !conv && !fused) continue;
      widths.push_back(uib ? uib->out : conv ? conv->out : fused->out);
      break;
    }
  }
  return widths;
}

TEST(RoundChannels, IsTimmsRule) {
  EXPECT_EQ(RoundChannels(1), 8);
  EXPECT_EQ(RoundChannels(11.2), 16);  // 8 would be below 90 %
  EXPECT_EQ(RoundChannels(20), 24);
  EXPECT_EQ(RoundChannels(33.6), 32);
  EXPECT_EQ(RoundChannels(36), 40);
  EXPECT_EQ(RoundChannels(240), 240);
}

TEST(FindArchitecture, KnowsEveryNameWithAndWithoutTheFamily) {
  EXPECT_EQ(ArchitectureNames().size(), 34u);
  for (const std::string name : ArchitectureNames()) {
    const auto spec = FindArchitecture(name);
    ASSERT_TRUE(spec.has_value()) << name;
    EXPECT_EQ(spec->name, name);
    const std::string prefix = "mobilenetv4_";
    if (!name.starts_with(prefix)) continue;
    EXPECT_EQ(FindArchitecture(name.substr(prefix.size())), spec);
  }
}

TEST(FindArchitecture, RefusesOtherNames) {
  for (const char* name :
       {"", "conv", "conv_smal", "mobilenetv4_", "mobilenetv3_medium_100", "conv_small_",
        "conv_small_5", "conv_small_x50", "conv_small_-50", "conv_small_000", "_050",
        "tf_conv_small", "tf_mobilenetv2_100", "mobilenetv2_minimal_100", "mobilenetv1_100x",
        "mobilenetv4_mobilenetv1_100", "v2_100", "tf_"}) {
    EXPECT_FALSE(FindArchitecture(name).has_value()) << name;
  }
}

TEST(FindArchitecture, ScalesWidthsAsTimmDoes) {
  const NetworkSpec small = FindArchitecture("conv_small_035").value();
  EXPECT_EQ(Widths(small), (std::vector<int>{16, 24, 32, 48, 336}));
  EXPECT_EQ(small.stem, 32);
  EXPECT_EQ(small.head, 1280);
  EXPECT_EQ(Widths(FindArchitecture("conv_small_050").value()),
            (std::vector<int>{16, 32, 48, 64, 480}));
  EXPECT_EQ(Widths(FindArchitecture("hybrid_medium_075").value()),
            (std::vector<int>{40, 64, 120, 192, 720}));
  const NetworkSpec large = FindArchitecture("hybrid_large_075").value();
  EXPECT_EQ(Widths(large), (std::vector<int>{40, 72, 144, 384, 720}));
  EXPECT_EQ(large.stem, 24);
  EXPECT_EQ(large.activation, Activation::kGelu);
}

TEST(FindArchitecture, TakesAnyWidth) {
  const NetworkSpec wide = FindArchitecture("conv_medium_150").value();
  EXPECT_EQ(wide.name, "mobilenetv4_conv_medium_150");
  EXPECT_EQ(wide.stem, 48);
  EXPECT_EQ(Widths(wide), (std::vector<int>{72, 120, 240, 384, 1440}));
  EXPECT_EQ(wide.head, 1280);
}

TEST(FindArchitecture, AntiAliasedVariantsHaveTheBlocksOfTheirBase) {
  const NetworkSpec base = FindArchitecture("conv_medium").value();
  const NetworkSpec average = FindArchitecture("conv_aa_medium").value();
  EXPECT_EQ(average.stages, base.stages);
  EXPECT_EQ(base.low_pass, LowPass::kNone);
  EXPECT_EQ(average.low_pass, LowPass::kAverage);
  EXPECT_EQ(FindArchitecture("conv_blur_medium")->low_pass, LowPass::kBlur);
  EXPECT_EQ(FindArchitecture("conv_aa_large")->low_pass, LowPass::kAverage);
}

TEST(FindArchitecture, ScalesTheEndsAsEachGenerationDoes) {
  const struct {
    const char* name;
    int stem, head;
  } rows[] = {{"mobilenetv1_125", 40, 0},          {"mobilenetv2_035", 16, 1280},
              {"mobilenetv2_140", 48, 1792},       {"mobilenetv2_120d", 32, 1280},
              {"mobilenetv3_small_050", 16, 1024}, {"mobilenetv3_large_075", 16, 1280},
              {"mobilenetv3_large_200", 32, 1280}};
  for (const auto& row : rows) {
    const NetworkSpec spec = FindArchitecture(row.name).value();
    EXPECT_EQ(spec.stem, row.stem) << row.name;
    EXPECT_EQ(spec.head, row.head) << row.name;
  }
}

TEST(FindArchitecture, TakesAWidthOf100ForGranted) {
  EXPECT_EQ(FindArchitecture("mobilenetv2"), FindArchitecture("mobilenetv2_100"));
  EXPECT_EQ(FindArchitecture("tf_mobilenetv3_small_minimal")->name,
            "tf_mobilenetv3_small_minimal_100");
  EXPECT_EQ(FindArchitecture("mobilenetv1_100h")->name, "mobilenetv1_100h");
}

TEST(FindArchitecture, TensorFlowsNetworksHaveItsPaddingAndEpsilon) {
  NetworkSpec spec = FindArchitecture("tf_mobilenetv3_large_100").value();
  EXPECT_EQ(spec.pad, PadMode::kSame);
  EXPECT_EQ(spec.bn_eps, 1e-3);
  EXPECT_EQ(spec.stages, FindArchitecture("mobilenetv3_large_100")->stages);
  spec = FindArchitecture("tf_mobilenetv3_large_minimal_100").value();
  EXPECT_EQ(spec.activation, Activation::kRelu);
  EXPECT_EQ(spec.stages[5][0],
            BlockSpec(InvertedResidualSpec{.kernel = 3, .expand = 6, .out = 160, .stride = 2}));
  EXPECT_EQ(spec.stages[6][0], BlockSpec(ConvSpec{.kernel = 1, .out = 960}));
}

TEST(FindArchitecture, HasTheSegmentationNetworkWithItsOwnEndpoints) {
  const NetworkSpec seg = FindArchitecture("conv_medium_seg").value();
  EXPECT_EQ(Widths(seg), (std::vector<int>{48, 80, 160, 128, 448}));
  EXPECT_EQ(seg.activation, Activation::kRelu6);
  EXPECT_EQ(seg.stages[3].size(), 8u);
  const Graph graph = Lower(seg, 1, 64, 64);
  EXPECT_EQ(graph.nodes[size_t(graph.outputs.at("C4"))].type.shape, (Shape{1, 4, 4, 160}));
  EXPECT_EQ(graph.nodes[size_t(graph.outputs.at("C5"))].type.shape, (Shape{1, 2, 2, 448}));
}

TEST(NearestName, NamesTheSmallestEditDistance) {
  EXPECT_EQ(NearestName("mobilenetv4_conv_smal", ArchitectureNames()), "mobilenetv4_conv_small");
  EXPECT_EQ(NearestName("mobilenetv4_hybird_large", ArchitectureNames()),
            "mobilenetv4_hybrid_large");
  EXPECT_EQ(NearestName("x", {}), "");
}

TEST(NearestArchitecture, LooksBehindTheFamily) {
  EXPECT_EQ(NearestArchitecture("conv_smal"), "mobilenetv4_conv_small");
  EXPECT_EQ(NearestArchitecture("mobilenetv4_conv_smal"), "mobilenetv4_conv_small");
  EXPECT_EQ(NearestArchitecture("mobilentv2_140"), "mobilenetv2_140");
  EXPECT_EQ(NearestArchitecture("tf_mobilenetv3_large_100s"), "tf_mobilenetv3_large_100");
}

TEST(PretrainedTags, AreOfKnownArchitectures) {
  EXPECT_EQ(PretrainedTags().size(), 28u + 24u);
  std::set<std::string> names, tags;
  for (const PretrainedTag& tag : PretrainedTags()) {
    EXPECT_TRUE(FindArchitecture(tag.architecture).has_value()) << tag.architecture;
    names.insert(tag.architecture);
    EXPECT_TRUE(tags.insert(std::string(tag.architecture) + "." + tag.tag).second) << tag.tag;
    EXPECT_EQ(tag.num_classes == 11821, std::string(tag.tag).ends_with("_in12k")) << tag.tag;
    EXPECT_EQ(tag.num_classes == 11221, std::string(tag.tag).ends_with("_in21k")) << tag.tag;
    EXPECT_EQ(tag.on_hub, std::string(tag.tag) != "untrained");
    EXPECT_EQ(tag.test_size > 0, tag.test_crop_pct > 0);
    EXPECT_EQ(tag.top1 > 0, tag.on_hub && tag.num_classes == 1000);
  }
  EXPECT_EQ(names.size(), 12u + 21u);
}

TEST(PretrainedTags, BeginWithTheDefaultOfEachArchitecture) {
  std::map<std::string, std::string> defaults;
  for (const PretrainedTag& tag : PretrainedTags()) defaults.emplace(tag.architecture, tag.tag);
  EXPECT_EQ(defaults["mobilenetv4_conv_small"], "e2400_r224_in1k");
  EXPECT_EQ(defaults["mobilenetv4_conv_medium"], "e500_r256_in1k");
  EXPECT_EQ(defaults["mobilenetv4_conv_large"], "e600_r384_in1k");
  EXPECT_EQ(defaults["mobilenetv4_hybrid_medium"], "e200_r256_in12k_ft_in1k");
  EXPECT_EQ(defaults["mobilenetv4_hybrid_large"], "ix_e600_r384_in1k");
  EXPECT_EQ(defaults["mobilenetv4_conv_aa_large"], "e230_r448_in12k_ft_in1k");
  EXPECT_EQ(defaults["mobilenetv3_large_100"], "ra_in1k");
}

}  // namespace
}  // namespace mnv4
