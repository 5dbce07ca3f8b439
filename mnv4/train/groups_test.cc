#include "mnv4/train/groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mnv4/base/error.h"

namespace mnv4::train {
namespace {

using ::testing::ElementsAre;
using Names = std::vector<std::string>;

struct Row {
  const char* name;
  std::vector<int64_t> shape;
  bool bn, garden_decay, no_1d_decay, l2;
};

// One of each kind of tensor, by timm's names.
TEST(Groups, GiveEachTensorWhatItsKindTakes) {
  const Row rows[] = {
      {"conv_stem.weight", {32, 3, 3, 3}, false, true, true, true},
      {"bn1.weight", {32}, true, false, false, false},
      {"bn1.bias", {32}, true, false, false, false},
      {"blocks.0.0.conv.weight", {32, 32, 3, 3}, false, true, true, true},
      {"blocks.0.0.bn1.weight", {32}, true, false, false, false},
      {"blocks.2.0.dw_start.conv.weight", {96, 1, 5, 5}, false, true, true, false},
      {"blocks.2.0.dw_start.bn.weight", {96}, true, false, false, false},
      {"blocks.2.0.pw_exp.conv.weight", {576, 96, 1, 1}, false, true, true, true},
      {"blocks.2.4.norm.weight", {160}, true, false, false, false},
      {"blocks.2.4.attn.query.proj.weight", {256, 160, 1, 1}, false, true, true, false},
      {"blocks.2.4.attn.key.down_conv.weight", {160, 1, 3, 3}, false, true, true, false},
      {"blocks.2.4.attn.key.norm.bias", {160}, true, false, false, false},
      {"blocks.2.4.layer_scale.gamma", {160}, false, true, false, false},
      {"conv_head.weight", {1280, 960, 1, 1}, false, true, true, true},
      {"norm_head.weight", {1280}, true, false, false, false},
      {"classifier.weight", {1000, 1280}, false, true, true, true},
      {"classifier.bias", {1000}, false, true, false, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(IsBatchNorm(row.name), row.bn) << row.name;
    EXPECT_EQ(TakesDecay(DecayFilter::kGarden, row.name, row.shape), row.garden_decay) << row.name;
    EXPECT_EQ(TakesDecay(DecayFilter::kNo1d, row.name, row.shape), row.no_1d_decay) << row.name;
    EXPECT_EQ(TakesL2(row.name, row.shape), row.l2) << row.name;
  }
}

TEST(Groups, TakeTheStemOfGreyPicturesForARegularConvolution) {
  EXPECT_TRUE(TakesL2("conv_stem.weight", std::vector<int64_t>{32, 1, 3, 3}));
}

TEST(Groups, ScaleLearningRatesByLayerFromTheHeadDown) {
  const Names names = {
      "classifier.bias",        "conv_stem.weight",       "bn1.bias",
      "blocks.0.0.conv.weight", "blocks.0.1.conv.weight", "blocks.10.0.conv.weight",
      "blocks.9.0.bn.weight",   "conv_head.weight",       "norm_head.weight"};
  EXPECT_THAT(LayerLrScales(names, 0.5),
              ElementsAre(1, 1 / 32.0, 1 / 32.0, 1 / 16.0, 1 / 8.0, 1 / 2.0, 1 / 4.0, 1, 1));
  EXPECT_THAT(LayerLrScales(Names{"conv_stem.weight", "classifier.bias"}, 1), ElementsAre(1, 1));
}

TEST(Groups, FreezeWhatPatternsName) {
  const Names names = {"conv_stem.weight",       "bn1.weight",       "blocks.1.0.conv.weight",
                       "blocks.10.0.bn1.weight", "conv_head.weight", "norm_head.weight",
                       "classifier.weight"};
  const auto frozen = [&](Names patterns) { return Frozen(names, patterns); };
  EXPECT_THAT(frozen({}), ElementsAre(0, 0, 0, 0, 0, 0, 0));
  EXPECT_THAT(frozen({"stem"}), ElementsAre(1, 1, 0, 0, 0, 0, 0));
  EXPECT_THAT(frozen({"blocks.1"}), ElementsAre(0, 0, 1, 0, 0, 0, 0));
  EXPECT_THAT(frozen({"blocks.10.0"}), ElementsAre(0, 0, 0, 1, 0, 0, 0));
  EXPECT_THAT(frozen({"blocks"}), ElementsAre(0, 0, 1, 1, 0, 0, 0));
  EXPECT_THAT(frozen({"bn"}), ElementsAre(0, 1, 0, 1, 0, 1, 0));
  EXPECT_THAT(frozen({"head", "classifier"}), ElementsAre(0, 0, 0, 0, 1, 1, 1));
}

TEST(Groups, RefusePatternsThatFitNothing) {
  const Names names = {"conv_stem.weight", "blocks.1.0.conv.weight"};
  for (const char* pattern :
       {"blocks.2", "conv_stem", "", "bn", "classifier", "blocks.1.0.conv.weight"}) {
    try {
      Frozen(names, Names{"stem", pattern});
      ADD_FAILURE() << pattern;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_NE(std::string(error.what()).find(pattern), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace mnv4::train
