// A trained network means the same to LibTorch and to the engine.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>

#include "mnv4/arch/arch.h"
#include "mnv4/graph/bind.h"
#include "mnv4/io/testing.h"
#include "mnv4/model/model.h"
#include "mnv4/runtime/session.h"
#include "mnv4/train/trainer.h"

namespace mnv4::train {
namespace {

constexpr int kClasses = 5, kSide = 64;

// By hash, with layer scales under which blocks matter; training starts from 1e-5.
model::Model Begun(const std::string& name) {
  model::Model model = model::Load(name, {.num_classes = kClasses, .img_size = kSide});
  model.weights = HashWeights(Lower(model.spec, 1, kSide, kSide));
  for (auto& [key, tensor] : model.weights) {
    if (!key.ends_with("gamma")) continue;
    std::vector<float> values = ToFloats(tensor);
    for (float& value : values) value *= 0.1f;
    tensor = MakeTensor(tensor.type.shape, std::move(values));
  }
  return model;
}

recipe::Recipe RecipeFor(const std::string& name) {
  recipe::Recipe recipe;
  recipe.model.name = name;
  recipe.model.img_size = kSide;
  recipe.model.bn_momentum = 0.9;  // four steps are few: with old statistics signals fade
  recipe.model.drop = 0.2;
  recipe.model.drop_path = 0.2;
  recipe.ema.decay = 0.9;
  recipe.schedule.warmup_steps = 1;
  recipe.train.batch_size = 8;
  recipe.train.steps = 4;
  return recipe;
}

Datasets Patterns() {
  Datasets datasets;
  datasets.train = data::SyntheticSource(kClasses, 64, 72, 1);
  for (int i = 0; i < kClasses; ++i) datasets.labels.push_back("pattern " + std::to_string(i));
  return datasets;
}

// n pictures [n, h, w, c] through the engine.
std::vector<float> EngineLogits(const model::Model& model, const std::vector<float>& pixels,
                                int n) {
  runtime::PackedWeights packed;
  ThreadPool pool(1);
  runtime::Session session(std::make_shared<runtime::Plan>(model.GraphFor(n, kSide, kSide),
                                                           runtime::PlanOptions{}, packed),
                           pool);
  const float* next = pixels.data();
  for (int image = 0; image < n; ++image) {
    const runtime::Session::Input input = session.input(image);
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x, next += 3) {
        std::copy_n(next, 3, input.data + y * input.row_stride + x * input.pixel_stride);
      }
    }
  }
  session.Run();
  std::vector<float> logits(session.OutputSize("logits"));
  session.CopyOutput("logits", logits);
  return logits;
}

class Trained : public testing::TestWithParam<const char*> {
 protected:
  // Trained from the hash fill, saved.
  void SetUp() override {
    const mnv4::test::TempFolder begun;
    model::SaveFolder(Begun(GetParam()), begun.path());
    recipe::Recipe recipe = RecipeFor(GetParam());
    recipe.model.init_from = begun.path();
    Trainer trainer(recipe, datasets_);
    for (int64_t i = 0; i < recipe.train.steps; ++i) trainer.Step();
    live_ = trainer.network().Weights();
    snapshot_ = trainer.TakeSnapshot(/*validate=*/false).model;
    model::SaveFolder(snapshot_, folder_.path());
  }

  const Datasets datasets_ = Patterns();
  const mnv4::test::TempFolder folder_;
  TensorMap live_;
  model::Model snapshot_;
};

bool SameBytes(const Tensor& a, const Tensor& b) {
  return a.type == b.type && std::ranges::equal(a.bytes, b.bytes);
}

TEST_P(Trained, NetworkHasTheLogitsOfTheEngineOnItsFolder) {
  // It is the average that is saved, with the live statistics.
  EXPECT_FALSE(SameBytes(snapshot_.weights.at("conv_stem.weight"), live_.at("conv_stem.weight")));
  EXPECT_TRUE(SameBytes(snapshot_.weights.at("bn1.running_var"), live_.at("bn1.running_var")));

  const int n = 4;
  std::vector<float> pixels(static_cast<size_t>(n) * kSide * kSide * 3);
  for (size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<float>(2 * HashUniform("pictures", i) - 1);
  }
  Network network(snapshot_.spec, {});
  network.Load(snapshot_.weights);
  const torch::Tensor expected =
      network.Evaluate(torch::from_blob(pixels.data(), {n, kSide, kSide, 3}).permute({0, 3, 1, 2}))
          .contiguous();
  const double bound = 1e-4 * std::max(1.0, expected.abs().max().item<double>());

  const model::Model loaded = model::Load(folder_.path(), {.allow_random_weights = false});
  EXPECT_EQ(loaded.spec, snapshot_.spec);
  EXPECT_EQ(loaded.labels, datasets_.labels);
  const std::vector<float> logits = EngineLogits(loaded, pixels, n);
  ASSERT_EQ(static_cast<int64_t>(logits.size()), expected.numel());
  double largest = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    const double difference = std::abs(logits[i] - expected.data_ptr<float>()[i]);
    ASSERT_LE(difference, bound) << "logit " << i;
    largest = std::max(largest, difference);
  }
  RecordProperty("largest_difference", std::to_string(largest));
  // Pictures matter: one answer for all would agree too.
  EXPECT_GT((expected[0] - expected[1]).abs().max().item<double>(), 100 * bound);
}

TEST_P(Trained, FolderIsWhatAnotherRunBeginsFrom) {
  recipe::Recipe recipe = RecipeFor(GetParam());
  recipe.model.init_from = folder_.path();
  Trainer trainer(recipe, datasets_);
  const TensorMap weights = trainer.network().Weights();
  ASSERT_EQ(weights.size(), snapshot_.weights.size());
  for (const auto& [name, tensor] : snapshot_.weights) {
    EXPECT_TRUE(SameBytes(weights.at(name), tensor)) << name;
  }

  Datasets other = Patterns();
  other.labels.push_back("one more");
  Trainer with_more_classes(recipe, other);
  const TensorMap features = with_more_classes.network().Weights();
  EXPECT_EQ(features.at("classifier.bias").type.shape, Shape{kClasses + 1});
  EXPECT_TRUE(SameBytes(features.at("conv_head.weight"), weights.at("conv_head.weight")));
}

INSTANTIATE_TEST_SUITE_P(Networks, Trained, testing::Values("conv_small", "hybrid_medium"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace mnv4::train
