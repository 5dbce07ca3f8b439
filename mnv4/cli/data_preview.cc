// mnv4 data preview: a page of pictures as the network gets them in training.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "mnv4/base/error.h"
#include "mnv4/cli/data.h"
#include "mnv4/cli/data_options.h"
#include "mnv4/cli/data_preview_page.h"
#include "mnv4/cli/interrupt.h"
#include "mnv4/cli/output.h"
#include "mnv4/cli/picture.h"
#include "mnv4/cli/progress.h"
#include "mnv4/cli/recipes.h"
#include "mnv4/data/source.h"
#include "mnv4/image/image.h"
#include "mnv4/io/printable.h"
#include "mnv4/model/model.h"

namespace mnv4::cli {
namespace {

constexpr Option kOwnOptions[] = {kPreviewRecipe, kPreviewSet, kPreviewCount, kPreviewSeed};

constexpr int kEpochs = 6;
constexpr int kThumbnailSide = 320;  // pixels, of the longer one

recipe::Recipe RecipeFrom(const Arguments& arguments) {
  recipe::Recipe recipe;
  if (arguments.Has(kPreviewRecipe)) recipe = ReadNamedRecipe(arguments.Text(kPreviewRecipe));
  if (arguments.Has(kPreviewSeed)) {
    recipe::Set(recipe, "train.seed", arguments.Text(kPreviewSeed));
  }
  for (const std::string& text : arguments.Texts(kPreviewSet)) recipe::Set(recipe, text);
  recipe::Check(recipe);
  return recipe;
}

// As the trainer has it: the recipe's, else the network's own.
int InputSide(const recipe::Recipe& recipe) {
  if (recipe.model.img_size > 0) return static_cast<int>(recipe.model.img_size);
  return model::Load(recipe.model.name).preprocess.height;
}

data::ClassMap ClassesOf(const Arguments& arguments, const recipe::Recipe& recipe,
                         const std::vector<std::string>& operands) {
  const std::string& map = recipe.data.class_map;
  const bool given = arguments.Has(kClassMap) || arguments.Has(kClassCount);
  return given || map.empty() ? ClassesFrom(arguments, operands) : data::ClassMap::Read(map);
}

std::string MixingText(const recipe::Recipe& recipe) {
  const bool mixup = recipe.mix.mixup > 0, cutmix = recipe.mix.cutmix > 0;
  if (recipe.mix.probability <= 0) return "";
  return mixup && cutmix ? "Mixup and CutMix" : mixup ? "Mixup" : cutmix ? "CutMix" : "";
}

Image Thumbnail(const Image& image) {
  const int longer = std::max(image.width, image.height);
  if (longer <= kThumbnailSide) return image;
  const auto scaled = [&](int side) {
    return std::max(1, static_cast<int>(int64_t{side} * kThumbnailSide / longer));
  };
  return Resize(image.view(), scaled(image.width), scaled(image.height), Interpolation::kBicubic);
}

// What a run trains on.
struct TrainingSet {
  std::string name;
  std::vector<std::string> labels;  // empty: classes are numbers
  std::unique_ptr<data::Source> source;
};

TrainingSet OpenTrainingSet(const Arguments& arguments, const recipe::Recipe& recipe,
                            std::vector<std::string> operands) {
  const recipe::DataSection& section = recipe.data;
  if (!section.only.empty() || !section.without.empty() || section.per_class > 0) {
    throw Error(ErrorCode::kInvalidArgument,
                "data.only, data.without, data.per_class: a preview is of whole sets");
  }
  if (operands.size() == 1) operands[0] = TrainingPart(operands[0]);
  const data::ClassMap classes = ClassesOf(arguments, recipe, operands);
  TrainingSet set{.name = fmt::format("{}", fmt::join(operands, " ")),
                  .labels = {},
                  .source = data::OpenSource(operands, classes)};
  if (classes.classes() < data::kMostClasses) set.labels = classes.Names();
  if (set.source->Size() == 0) {
    throw Error(ErrorCode::kInvalidFile, fmt::format("{}: no pictures", Printable(set.name, 4096)));
  }
  return set;
}

// The streams are the trainer's: a function of seed, epoch and index.
PreviewRow Row(const TrainingSet& set, int64_t index, const data::Transform& transform,
               uint64_t seed) {
  PreviewRow row;
  data::Sample sample;
  try {
    sample = set.source->Get(0, index);
    row.key = sample.key;
    if (!sample.labels.empty()) {
      const auto label = static_cast<size_t>(sample.labels.front());
      row.label = label < set.labels.size() ? set.labels[label] : std::to_string(label);
    }
    const std::vector<std::byte> bytes = data::ReadBytes(sample);
    const Image whole = Decode(bytes, {.channels = transform.input.channels});
    row.width = whole.width;
    row.height = whole.height;
    row.original = Thumbnail(whole);
    for (uint64_t epoch = 0; epoch < kEpochs; ++epoch) {
      row.seen.push_back(data::PixelsForTraining(
          bytes, transform,
          data::Random(seed, data::Use::kSample, epoch, static_cast<uint64_t>(index))));
    }
  } catch (const std::exception& error) {
    row.error = WhyUnreadable(sample, error);
  }
  return row;
}

int Run(const Arguments& arguments, const std::vector<std::string>& operands) {
  const recipe::Recipe recipe = RecipeFrom(arguments);
  const TrainingSet set = OpenTrainingSet(arguments, recipe, operands);
  Output output(arguments.Text(kOutput));
  if (output.terminal()) {
    throw Error(ErrorCode::kInvalidArgument, "a page is not for a terminal: -o FILE.html");
  }

  const auto seed = static_cast<uint64_t>(recipe.train.seed);
  const data::Transform transform = recipe::TrainTransform(recipe, InputSide(recipe));
  const std::string name =
      arguments.Has(kPreviewRecipe) ? arguments.Text(kPreviewRecipe) : "defaults";
  PreviewPage page({.data = set.name,
                    .recipe = name,
                    .transform = transform,
                    .mixing = MixingText(recipe),
                    .seed = seed,
                    .pictures = set.source->Size(),
                    .classes = static_cast<int>(set.labels.size()),
                    .epochs = kEpochs});
  std::vector<int64_t> order = data::ShuffledOrder(seed, 0, set.source->Size());
  order.resize(std::min(order.size(), static_cast<size_t>(arguments.Integer(kPreviewCount))));
  const InterruptScope interrupt;
  Progress progress(static_cast<int>(order.size()), "pictures", arguments.Has(kQuiet));
  int done = 0;
  bool broken = false;
  for (const int64_t index : order) {
    if (interrupt.Interrupted()) break;
    const PreviewRow row = Row(set, index, transform, seed);
    if (!row.error.empty()) {
      broken = true;
      progress.Clear();
      fmt::print(stderr, "mnv4 data: {}: {}\n", Printable(row.key, 4096), row.error);
    }
    page.Add(row);
    progress.Update(++done);
  }
  progress.Clear();
  output.Write(page.Page());
  output.Finish();
  if (interrupt.Interrupted()) return kInterruptedExitCode;
  return broken ? static_cast<int>(ErrorCode::kRuntime) : 0;
}

}  // namespace

const DataVerb kDataPreview = {.name = "preview", .options = kOwnOptions, .run = Run};

}  // namespace mnv4::cli
