#include "mnv4/train/trainer.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "mnv4/base/error.h"
#include "mnv4/io/testing.h"

namespace mnv4::train {
namespace {

using testing::HasSubstr;

template <class Action>
std::string MessageOf(Action action, ErrorCode code = ErrorCode::kInvalidArgument) {
  return mnv4::test::MessageOf(action, code);
}

constexpr int kClasses = 4;

Datasets Patterns(int64_t size = 24) {
  Datasets datasets;
  datasets.train = data::SyntheticSource(kClasses, size, 40, 1);
  datasets.val = data::SyntheticSource(kClasses, 12, 40, 1);
  for (int i = 0; i < kClasses; ++i) datasets.labels.push_back("class " + std::to_string(i));
  return datasets;
}

// Everything that could depend on what came before is on.
recipe::Recipe Everything() {
  recipe::Recipe recipe;
  recipe.model.name = "conv_small_035";
  recipe.model.img_size = 32;
  recipe.model.init = "garden";
  recipe.model.drop = 0.2;
  recipe.model.drop_path = 0.2;
  recipe.augment.auto_augment = "randaugment";
  recipe.augment.erase = 0.3;
  recipe.mix.mixup = 0.8;
  recipe.mix.cutmix = 1;
  recipe.mix.probability = 0.7;
  recipe.ema.decay = 0.9;
  recipe.ema.dynamic = true;
  recipe.schedule.lr = 0.002;
  recipe.train.batch_size = 4;
  recipe.train.accumulate = 2;
  recipe.train.epochs = 4;
  recipe.train.seed = 5;
  return recipe;
}

TensorMap StateAfter(Trainer& trainer, int64_t step) {
  while (trainer.step() < step) trainer.Step();
  return trainer.State();
}

bool Equal(const TensorMap& a, const TensorMap& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.type == y.second.type &&
           std::equal(x.second.bytes.begin(), x.second.bytes.end(), y.second.bytes.begin());
  });
}

TEST(Trainer, ResumedRunsEndWithTheSameBits) {
  const Datasets datasets = Patterns();
  Trainer whole(Everything(), datasets);
  ASSERT_EQ(whole.timing().steps_per_epoch, 3);
  const TensorMap expected = StateAfter(whole, 8);
  for (const int64_t stop : {1, 3, 7}) {  // within an epoch and at its end
    Trainer first(Everything(), datasets);
    const TensorMap state = StateAfter(first, stop);
    Trainer second(Everything(), datasets);
    second.Load(state, stop);
    EXPECT_TRUE(Equal(StateAfter(second, 8), expected)) << stop;
  }
}

TEST(Trainer, WorkersChangeNothing) {
  const Datasets datasets = Patterns();
  recipe::Recipe recipe = Everything();
  Trainer one(recipe, datasets);
  recipe.data.workers = 3;
  Trainer three(recipe, datasets);
  EXPECT_TRUE(Equal(StateAfter(one, 4), StateAfter(three, 4)));
}

TEST(Trainer, RecomputingBlocksChangesNothing) {
  const Datasets datasets = Patterns();
  recipe::Recipe recipe = Everything();
  Trainer plain(recipe, datasets);
  recipe.train.checkpoint_gradients = true;
  Trainer recomputing(recipe, datasets);
  EXPECT_TRUE(Equal(StateAfter(plain, 3), StateAfter(recomputing, 3)));
}

TEST(Trainer, LearnsWhatCanBeLearned) {
  const Datasets datasets = Patterns(64);
  recipe::Recipe recipe;
  recipe.model.name = "conv_small_035";
  recipe.model.img_size = 32;
  recipe.model.init = "garden";
  recipe.augment.crop = "center";
  recipe.validation.crop_pct = 1;
  recipe.schedule.lr = 0.004;
  recipe.train.batch_size = 16;
  recipe.train.epochs = 15;
  recipe.validation.recalibrate = 4;
  recipe.ema.decay = 0.8;
  Trainer trainer(recipe, datasets);
  const double first = trainer.Step().loss;
  double last = 0;
  while (trainer.step() < trainer.timing().steps) last = trainer.Step().loss;
  EXPECT_LT(last, 0.6 * first);
  EXPECT_GE(trainer.TakeSnapshot(true).evaluation->Top1(), 75);
}

TEST(Trainer, LearnsTheSameInBfloat16) {
  // Batch norms of four values each, as in the other tests, would make much of small differences.
  const Datasets datasets = Patterns();
  recipe::Recipe recipe = Everything();
  recipe.model.img_size = 64;
  recipe.model.drop = recipe.model.drop_path = 0;
  recipe.train.batch_size = 12;
  recipe.train.accumulate = 1;
  recipe.schedule.lr = 1e-4;
  Trainer full(recipe, datasets);
  recipe.train.precision = "bf16";
  Trainer half(recipe, datasets);
  for (int i = 0; i < 3; ++i) {
    const double loss = full.Step().loss;
    EXPECT_NEAR(half.Step().loss, loss, 0.1 * loss);
  }
  for (const auto& [name, tensor] : half.network().parameters()) {
    EXPECT_EQ(tensor.scalar_type(), torch::kFloat) << name;
  }
}

TEST(Trainer, SnapshotsLeaveTheRunAsItWas) {
  const Datasets datasets = Patterns();
  recipe::Recipe recipe = Everything();
  recipe.validation.recalibrate = 2;
  Trainer trainer(recipe, datasets);
  const TensorMap before = StateAfter(trainer, 2);
  const Snapshot snapshot = trainer.TakeSnapshot(true);
  EXPECT_EQ(snapshot.evaluation->accuracy.pictures(), 12);
  EXPECT_TRUE(Equal(trainer.State(), before));
}

TEST(Trainer, FrozenPartsStayAsTheyAre) {
  const Datasets datasets = Patterns();
  recipe::Recipe recipe = Everything();
  recipe.model.freeze = {"stem", "blocks.0", "bn"};
  Trainer trainer(recipe, datasets);
  const TensorMap before = trainer.network().Weights();
  StateAfter(trainer, 2);
  const TensorMap after = trainer.network().Weights();
  const auto same = [&](const std::string& name) {
    return std::ranges::equal(before.at(name).bytes, after.at(name).bytes);
  };
  EXPECT_TRUE(same("conv_stem.weight"));
  EXPECT_TRUE(same("blocks.0.0.conv.weight"));
  EXPECT_TRUE(same("blocks.2.0.dw_mid.bn.weight"));
  EXPECT_TRUE(same("blocks.2.0.dw_mid.bn.running_mean"));
  EXPECT_FALSE(same("blocks.2.0.dw_mid.conv.weight"));
  EXPECT_FALSE(same("classifier.bias"));
}

TEST(Trainer, BeginsWithAnotherModelsWeights) {
  const mnv4::test::TempFolder folder;
  const Datasets datasets = Patterns();
  recipe::Recipe recipe = Everything();
  Trainer trainer(recipe, datasets);
  StateAfter(trainer, 2);
  const model::Model model = trainer.TakeSnapshot(false).model;
  model::SaveFolder(model, folder.path());
  recipe.model.init_from = folder.path();
  recipe.ema.decay = 0;
  EXPECT_TRUE(Equal(Trainer(recipe, datasets).network().Weights(), model.weights));

  Datasets more = Patterns();
  more.labels.push_back("one more");
  const TensorMap other = Trainer(recipe, more).network().Weights();
  EXPECT_TRUE(std::ranges::equal(other.at("conv_head.weight").bytes,
                                 model.weights.at("conv_head.weight").bytes));
  EXPECT_EQ(other.at("classifier.bias").type.shape, Shape{kClasses + 1});

  recipe.model.name = "conv_small_050";
  EXPECT_THAT(MessageOf([&] { Trainer(recipe, datasets); }),
              HasSubstr("does not fit mobilenetv4_conv_small_050"));
}

TEST(Trainer, SaysWhatDoesNotFit) {
  const Datasets datasets = Patterns();
  recipe::Recipe recipe = Everything();
  recipe.model.num_classes = 7;
  EXPECT_EQ(MessageOf([&] { Trainer(recipe, datasets); }),
            "model.num_classes: 7, but the data has 4 classes");
  recipe = Everything();
  recipe.train.batch_size = 100;
  EXPECT_EQ(MessageOf([&] { Trainer(recipe, datasets); }),
            "train.batch_size: 200, but there are 24 samples");
  recipe = Everything();
  recipe.train.device = "cuda:99";
  EXPECT_THAT(MessageOf([&] { Trainer(recipe, datasets); }, ErrorCode::kUnsupported),
              HasSubstr("GPUs"));
  recipe.train.device = "cpu:wrong";
  EXPECT_THAT(MessageOf([&] { Trainer(recipe, datasets); }), HasSubstr("train.device"));
}

TEST(Trainer, EndsWhenTheLossIsNoNumber) {
  const Datasets datasets = Patterns();
  recipe::Recipe recipe = Everything();
  recipe.schedule.kind = "constant";
  recipe.schedule.lr = 100;
  recipe.optimizer.kind = "sgd";
  Trainer trainer(recipe, datasets);
  EXPECT_THAT(MessageOf([&] { StateAfter(trainer, 200); }, ErrorCode::kRuntime),
              HasSubstr("a lower schedule.lr"));
}

TEST(Trainer, RefusesAStateThatIsNotItsOwn) {
  const Datasets datasets = Patterns();
  Trainer trainer(Everything(), datasets);
  TensorMap state = trainer.State();
  state.erase("model/conv_stem.weight");
  EXPECT_THAT(MessageOf([&] { trainer.Load(state, 1); }, ErrorCode::kInvalidFile),
              HasSubstr("conv_stem.weight"));
  recipe::Recipe wider = Everything();
  wider.model.name = "conv_small_050";
  EXPECT_THAT(MessageOf([&] { trainer.Load(Trainer(wider, datasets).State(), 1); },
                        ErrorCode::kInvalidFile),
              HasSubstr("expected [32]"));
}

}  // namespace
}  // namespace mnv4::train
