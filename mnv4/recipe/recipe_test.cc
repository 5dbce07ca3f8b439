#include "mnv4/recipe/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "mnv4/base/error.h"
#include "mnv4/recipe/fields.h"

namespace mnv4::recipe {
namespace {

using testing::HasSubstr;

std::string ErrorOf(const std::string& yaml) {
  try {
    ParseRecipe(yaml, "r.yaml");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidFile);
    return error.what();
  }
  return "";
}

TEST(Recipe, ReadsWhatItPrints) {
  Recipe recipe;
  recipe.data.train = {"a folder/with \"quotes\"", "b-{000..003}.tar", "true"};
  recipe.model.license = "line\nbreak\\";
  recipe.schedule.lr = 1.0 / 3;
  recipe.train.seed = 9007199254740992;
  recipe.mix.per_sample = false;
  recipe.augment.mean = {0.1, 0.2, 0.3};
  EXPECT_EQ(ParseRecipe(Print(recipe), "r"), recipe);
  EXPECT_EQ(ParseRecipe(Print(recipe, /*help=*/true), "r"), recipe);
  EXPECT_EQ(ParseRecipe("", "r"), Recipe{});
}

TEST(Recipe, KeysAreUniqueAndInOrderOfSections) {
  std::set<std::string> keys, sections;
  std::string section;
  for (const Field& field : Fields()) {
    EXPECT_TRUE(keys.insert(field.key).second) << field.key;
    const std::string key = field.key;
    if (const std::string now = key.substr(0, key.find('.')); now != section) {
      EXPECT_TRUE(sections.insert(now).second) << field.key;
      section = now;
    }
  }
}

TEST(Recipe, EveryDefaultIsAllowed) {
  const Recipe recipe;
  for (const Field& field : Fields()) {
    Recipe copy;
    if (ValueText(recipe, field).starts_with('[')) continue;
    std::string text = ValueText(recipe, field);
    if (text == "\"\"") text = "";
    EXPECT_NO_THROW(SetField(copy, field, {text})) << field.key;
  }
  EXPECT_NO_THROW(Check(recipe));
}

TEST(Recipe, UnknownKeysNameTheNearest) {
  EXPECT_EQ(ErrorOf("train:\n  epochs: 3\n  batchsize: 8\n"),
            "r.yaml:3: 'train.batchsize' is no key of a recipe; did you mean train.batch_size?");
  EXPECT_THAT(ErrorOf("trian:\n  epochs: 3\n"), HasSubstr("did you mean train.epochs?"));
}

TEST(Recipe, RefusesWhatIsNoRecipe) {
  EXPECT_THAT(ErrorOf("- a\n- b\n"), HasSubstr("not a recipe"));
  EXPECT_THAT(ErrorOf("train: 3\n"), HasSubstr("r.yaml:1: 'train': expected keys below it"));
  EXPECT_THAT(ErrorOf("train:\n  epochs: [1, 2]\n"), HasSubstr("expected one value"));
  EXPECT_THAT(ErrorOf("train:\n  epochs: {a: 1}\n"), HasSubstr("expected a single value"));
  EXPECT_THAT(ErrorOf("train:\n  epochs: 1\n  epochs: 2\n"),
              HasSubstr("r.yaml:3: train.epochs is given twice"));
  EXPECT_THAT(ErrorOf("train: {epochs: \"\x01\"}\n"), HasSubstr("r.yaml:1: "));
  EXPECT_THAT(ErrorOf("a: [\n"), HasSubstr("r.yaml:"));
  EXPECT_THAT(ErrorOf("train:\n  epochs: -1\n"), HasSubstr("expected a number from 0 to"));
  EXPECT_THAT(ErrorOf("train:\n  seed: 1.5\n"), HasSubstr("a whole number"));
  EXPECT_THAT(ErrorOf("optimizer:\n  kind: adamv\n"), HasSubstr("did you mean adamw?"));
  EXPECT_THAT(ErrorOf("mix:\n  per_sample: 1\n"), HasSubstr("expected true or false"));
  const std::string deep(20000, '[');
  EXPECT_THAT(ErrorOf(deep), HasSubstr("r.yaml:"));
}

TEST(Recipe, IsOverriddenByAssignments) {
  Recipe recipe;
  Set(recipe, "schedule.lr=0.25");
  Set(recipe, "data.train=[a, b c]");
  Set(recipe, "model.init_from=x=y");
  EXPECT_EQ(recipe.schedule.lr, 0.25);
  EXPECT_EQ(recipe.data.train, (std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ(recipe.model.init_from, "x=y");
  EXPECT_THROW(Set(recipe, "schedule.lr"), Error);
  EXPECT_THROW(Set(recipe, "schedule.rl=1"), Error);
}

TEST(Recipe, SaysWhichSettingsDoNotGoTogether) {
  Recipe recipe;
  recipe.augment.mean = {0.5};
  EXPECT_THROW(Check(recipe), Error);
  recipe = {};
  recipe.augment.area_min = 0.9;
  recipe.augment.area_max = 0.5;
  EXPECT_THROW(Check(recipe), Error);
}

TEST(Timing, CountsWholeBatchesOfAnEpoch) {
  Recipe recipe;
  recipe.train = {.epochs = 9600, .batch_size = 256, .accumulate = 16};
  recipe.schedule.warmup_epochs = 5;
  const Timing timing = TimingOf(recipe, 1281167);
  EXPECT_EQ(timing.steps_per_epoch, 312);  // of ImageNet, as the authors' code counts
  EXPECT_EQ(timing.schedule.warmup_steps, 1560);
  EXPECT_EQ(timing.steps, 312 * 9600);
  EXPECT_THROW(TimingOf(recipe, 4095), Error);
}

TEST(Timing, ScalesTheLearningRateToTheBatch) {
  Recipe recipe;
  recipe.schedule.lr = 0.004;
  recipe.train.reference_batch = 4096;
  recipe.train.batch_size = 256;
  EXPECT_DOUBLE_EQ(TimingOf(recipe, 1000).schedule.lr, 0.001);
  recipe.schedule.lr_scaling = "linear";
  EXPECT_DOUBLE_EQ(TimingOf(recipe, 1000).schedule.lr, 0.00025);
}

}  // namespace
}  // namespace mnv4::recipe
