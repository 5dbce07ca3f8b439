// The files of recipes/, and the page that describes them and every key.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "mnv4/base/error.h"
#include "mnv4/io/file.h"
#include "mnv4/recipe/fields.h"
#include "mnv4/recipe/recipe.h"

namespace mnv4::recipe {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

constexpr size_t kMostBytes = 1 << 20;
const std::string kSource = MNV4_SOURCE_DIR;

std::vector<fs::path> Files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kSource + "/recipes")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Recipe Read(const std::string& name) {
  return ParseRecipe(ReadTextFile(kSource + "/recipes/" + name + ".yaml", kMostBytes), name);
}

TEST(Recipes, AreReadAndFitTogether) {
  ASSERT_GE(Files().size(), 18u);
  for (const fs::path& file : Files()) {
    SCOPED_TRACE(file);
    EXPECT_EQ(file.extension(), ".yaml");
    const std::string text = ReadTextFile(file.string(), kMostBytes);
    EXPECT_NO_THROW(Check(ParseRecipe(text, file.filename().string())));
    // What it is for, and the command that runs it.
    EXPECT_THAT(text, StartsWith("# "));
    EXPECT_THAT(text, HasSubstr("\n#   mnv4 train "));
    EXPECT_THAT(text, HasSubstr("--recipe " + file.stem().string()));
  }
}

TEST(Recipes, AreOnTheirPage) {
  const std::string page = ReadTextFile(kSource + "/docs/recipes.md", kMostBytes);
  for (const fs::path& file : Files()) {
    EXPECT_THAT(page, HasSubstr(fmt::format("| `{}` |", file.stem().string())));
  }
}

// Table 10 of Qin et al. 2024; input side, batch norms, translation and the start of the average
// from the authors' experiment files. Momentum of batch norms as Keras has it.
struct Published {
  const char* name;
  int64_t batch;
  double lr, floor, epochs, warmup_epochs, weight_decay, beta1, beta2, eps, ema, l2, dropout;
  double drop_path, probability, magnitude, mix;
  int64_t side;
  double bn_momentum, bn_eps, translate;
  int64_t ema_start;
};
constexpr Published kPublished[] = {
    {"mnv4_conv_s", 4096, 0.002, 0,   9600, 5, 0.01, 0.6,  0.999, 1e-6, 0.9999,
     1e-5,          0.3,  0,     0.5, 9,    0, 224,  0.95, 1e-6,  20,   1560},
    {"mnv4_conv_m", 4096,  0.004, 0,  500, 5,   0.1,   0.9,  0.999, 1e-7, 0, 0,
     0.2,           0.075, 0.7,   15, 0,   256, 0.997, 1e-3, 10,    0},
    {"mnv4_hybrid_m", 16384, 0.016, 0, 500, 20,    0.1,  0.9, 0.999, 1e-7, 0, 0, 0.2,
     0.075,           0.7,   15,    0, 256, 0.997, 1e-3, 10,  0},
    {"mnv4_conv_l", 16384, 0.004, 0,  500, 20,  0.2,   0.9,  0.999, 1e-7, 0, 0,
     0.2,           0.35,  1,     15, 0.3, 384, 0.997, 1e-3, 10,    0},
    {"mnv4_hybrid_l",
     16384,
     0.01,
     0.001,
     500,
     20,
     0.2,
     0.9,
     0.999,
     1e-7,
     0,
     0,
     0.2,
     0.35,
     1,
     15,
     0.3,
     384,
     0.997,
     1e-3,
     10,
     0},
};

TEST(Recipes, OfThePaperHaveItsNumbers) {
  for (const Published& p : kPublished) {
    SCOPED_TRACE(p.name);
    const Recipe r = Read(p.name);
    EXPECT_EQ(r.train.batch_size * r.train.accumulate, p.batch);
    EXPECT_EQ(r.train.reference_batch, p.batch);
    EXPECT_EQ(r.train.epochs, p.epochs);
    EXPECT_EQ(r.schedule.kind, "cosine");
    EXPECT_EQ(r.schedule.lr, p.lr);
    EXPECT_EQ(r.schedule.floor, p.floor);
    EXPECT_EQ(r.schedule.warmup_epochs, p.warmup_epochs);
    EXPECT_EQ(r.optimizer.kind, "adamw_keras");
    EXPECT_EQ(r.optimizer.weight_decay, p.weight_decay);
    EXPECT_EQ(r.optimizer.beta1, p.beta1);
    EXPECT_EQ(r.optimizer.beta2, p.beta2);
    EXPECT_EQ(r.optimizer.eps, p.eps);
    EXPECT_EQ(r.optimizer.l2, p.l2);
    EXPECT_EQ(r.optimizer.clip_grad, 0);
    EXPECT_EQ(r.optimizer.decay_filter, "garden");
    EXPECT_EQ(r.ema.decay, p.ema);
    EXPECT_EQ(r.ema.start_step, p.ema_start);
    EXPECT_EQ(r.model.drop, p.dropout);
    EXPECT_EQ(r.model.drop_path, p.drop_path);
    EXPECT_EQ(r.model.img_size, p.side);
    EXPECT_DOUBLE_EQ(1 - r.model.bn_momentum, p.bn_momentum);
    EXPECT_EQ(r.model.bn_eps, p.bn_eps);
    EXPECT_EQ(r.augment.auto_augment, "randaugment");
    EXPECT_EQ(r.augment.layers, 2);
    EXPECT_EQ(r.augment.probability, p.probability);
    EXPECT_EQ(r.augment.magnitude, p.magnitude);
    EXPECT_EQ(r.augment.translate, p.translate);
    EXPECT_EQ(MixOf(r).probability, p.mix);
    if (p.mix > 0) {
      EXPECT_EQ(r.mix.mixup, 0.8);
      EXPECT_EQ(r.mix.cutmix, 1);
    }
    EXPECT_EQ(r.loss.smoothing, 0.1);
    EXPECT_EQ(r.validation.crop_pct, 0.875);
  }
}

// The Model Garden's experiment files for the other generations; updates are of 4096 pictures.
TEST(Recipes, OfTheOtherGenerationsHaveTheGardensNumbers) {
  const struct {
    const char* name;
    const char *optimizer, *schedule;
    double lr;
    int64_t steps, warmup_steps;
    double warmup_lr, decay_rate;
    int64_t decay_steps;
    double ema, l2, weight_decay;
  } rows[] = {
      {"mnv1", "rmsprop", "exponential", 0.256, 156000, 1560, 0, 0.94, 780, 0, 1e-5, 0},
      {"mnv2", "rmsprop", "exponential", 0.256, 156000, 1560, 0, 0.96, 780, 0, 1e-5, 0},
      {"mnv3_small", "rmsprop", "exponential", 0.01, 312000, 1560, 0.001, 0.99, 936, 0.9999, 1e-5,
       0},
      {"mnv3_large", "adamw_keras", "cosine", 0.004, 218000, 0, 0, 0.1, 0, 0, 0, 0.1},
  };
  for (const auto& p : rows) {
    SCOPED_TRACE(p.name);
    const Recipe r = Read(p.name);
    const Timing timing = TimingOf(r, 1281167);
    EXPECT_EQ(timing.batch, 4096);
    EXPECT_EQ(timing.steps, p.steps);
    EXPECT_EQ(timing.schedule.lr, p.lr);
    EXPECT_EQ(timing.schedule.warmup_steps, p.warmup_steps);
    EXPECT_EQ(timing.schedule.warmup_lr, p.warmup_lr);
    EXPECT_EQ(timing.schedule.decay_rate, p.decay_rate);
    EXPECT_TRUE(timing.schedule.staircase);
    if (p.decay_steps > 0) {
      EXPECT_EQ(timing.schedule.decay_steps, p.decay_steps);
    }
    EXPECT_EQ(r.schedule.kind, p.schedule);
    EXPECT_EQ(r.optimizer.kind, p.optimizer);
    EXPECT_EQ(r.optimizer.eps, r.optimizer.kind == "rmsprop" ? 0.002 : 1e-7);
    EXPECT_EQ(r.optimizer.rho, 0.9);
    EXPECT_EQ(r.optimizer.momentum, 0.9);
    EXPECT_EQ(r.optimizer.l2, p.l2);
    EXPECT_EQ(r.optimizer.weight_decay, p.weight_decay);
    EXPECT_EQ(r.ema.decay, p.ema);
    EXPECT_EQ(r.ema.buffers, p.ema > 0 ? "average" : "live");
    EXPECT_EQ(r.model.drop, 0.2);
    EXPECT_EQ(r.model.pad_type, "same");
    EXPECT_EQ(r.model.bn_eps, 1e-3);
    EXPECT_DOUBLE_EQ(1 - r.model.bn_momentum, 0.997);
    EXPECT_EQ(r.loss.smoothing, 0.1);
    EXPECT_EQ(MixOf(r).probability, 0);
    const bool large = std::string(p.name) == "mnv3_large";
    EXPECT_EQ(r.augment.auto_augment, large ? "autoaugment" : "none");
  }
}

// "`train.batch_size` | 32 | 1 to 65536 | samples at once"
std::string Line(const Field& field) {
  const std::string text = ValueText(Recipe(), field);
  std::string values;
  if (!field.choices.empty()) {
    std::vector<std::string> words;
    for (const std::string word : field.choices) words.push_back(word.empty() ? "\"\"" : word);
    values = fmt::format("{}", fmt::join(words, ", "));
  } else if (text == "true" || text == "false") {
    values = "true, false";
  } else if (field.most > 0) {
    values = field.most >= 1e9 ? fmt::format("from {}", field.least)
                               : fmt::format("{} to {}", field.least, field.most);
  }
  return fmt::format("| `{}` | {} | {} | {} |\n", field.key, text, values, field.help);
}

TEST(Recipes, HaveEveryKeyOnTheirPage) {
  std::string table = "| key | default | values | meaning |\n|---|---|---|---|\n";
  for (const Field& field : Fields()) table += Line(field);
  EXPECT_THAT(ReadTextFile(kSource + "/docs/recipes.md", kMostBytes), HasSubstr(table));
}

}  // namespace
}  // namespace mnv4::recipe
