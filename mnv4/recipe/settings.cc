// What a recipe's words and numbers mean for data and schedule.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "mnv4/base/error.h"
#include "mnv4/recipe/recipe.h"
#include "mnv4/recipe/scaling.h"

namespace mnv4::recipe {
namespace {

// Samples that a batch norm saw in the published runs, as far as is known: 64 to 128 a core.
constexpr int64_t kNormGroup = 128;

void Require(bool holds, const std::string& otherwise) {
  if (!holds) throw Error(ErrorCode::kInvalidArgument, otherwise);
}

data::Profile ProfileOf(const Recipe& recipe) {
  return recipe.augment.profile == "garden" ? data::Profile::kGarden : data::Profile::kClean;
}

Preprocess Input(const Recipe& recipe, int size, const std::string& interpolation) {
  Preprocess input;
  input.channels = static_cast<int>(recipe.model.in_chans);
  input.height = input.width = size;
  input.crop_pct = recipe.validation.crop_pct;
  input.crop_mode = *ParseCropMode(recipe.validation.crop_mode);
  input.interpolation = *ParseInterpolation(interpolation);
  input.mean = recipe.augment.mean;
  input.std = recipe.augment.std;
  return input;
}

// docs/training.md, "Smaller batches".
void Scale(const Recipe& recipe, Timing& timing) {
  const int64_t reference = recipe.train.reference_batch;
  Schedule& schedule = timing.schedule;
  schedule.lr = recipe.schedule.lr_scaling == "sqrt"
                    ? SqrtScaledLr(schedule.lr, timing.batch, reference)
                    : LinearScaledLr(schedule.lr, timing.batch, reference);
  if (recipe.schedule.warmup_steps == 0) {
    schedule.warmup_steps = WarmupSteps(recipe.schedule.warmup_epochs,
                                        static_cast<double>(timing.steps_per_epoch), timing.steps);
  }
  if (timing.ema_decay > 0) {
    timing.ema_decay = ScaledEmaDecay(timing.ema_decay, timing.batch, reference, timing.steps);
  }
  // A batch norm sees one batch, not all that are accumulated.
  timing.bn_momentum =
      1 - ScaledBnMomentum(1 - timing.bn_momentum, std::min(recipe.train.batch_size, kNormGroup),
                           kNormGroup, timing.steps);
}

}  // namespace

void Check(const Recipe& recipe) {
  const AugmentSection& augment = recipe.augment;
  const auto channels = static_cast<size_t>(recipe.model.in_chans);
  Require(channels != 2, "model.in_chans: 2, expected 3 or 1");
  for (const auto& [key, values] :
       {std::pair{"augment.mean", &augment.mean}, std::pair{"augment.std", &augment.std}}) {
    Require(values->size() == channels, fmt::format("{}: {} values, expected one for each of the "
                                                    "{} channels",
                                                    key, values->size(), channels));
  }
  Require(augment.area_min <= augment.area_max,
          fmt::format("augment.area_min: {}, expected at most area_max, {}", augment.area_min,
                      augment.area_max));
  Require(augment.aspect_min <= augment.aspect_max,
          fmt::format("augment.aspect_min: {}, expected at most aspect_max, {}", augment.aspect_min,
                      augment.aspect_max));
  Require(recipe.train.epochs > 0 || recipe.train.steps > 0,
          "train.epochs: 0, expected more, or train.steps");
  const std::string& device = recipe.train.device;
  Require(device == "cpu" || device.starts_with("cuda"),
          fmt::format("train.device: '{}', expected cpu, cuda or cuda:N", device));
  Require(recipe.data.only.empty() || recipe.data.without.empty(),
          "data.only and data.without: expected one of them");
  Require(recipe.loss.kind != "bce" || recipe.loss.class_weights == "none",
          "loss.class_weights: 'balanced' goes with cross_entropy");
}

data::Transform TrainTransform(const Recipe& recipe, int size) {
  const AugmentSection& augment = recipe.augment;
  data::Transform transform;
  transform.input = Input(recipe, size, augment.interpolation);
  transform.profile = ProfileOf(recipe);
  if (augment.crop == "center") {
    transform.crop = data::CropKind::kCenter;
    transform.input.interpolation = *ParseInterpolation(recipe.validation.interpolation);
  }
  transform.area_min = augment.area_min;
  transform.area_max = augment.area_max;
  transform.aspect_min = augment.aspect_min;
  transform.aspect_max = augment.aspect_max;
  transform.flip = augment.flip;
  transform.auto_augment =
      augment.auto_augment == "randaugment"   ? data::AutoAugmentKind::kRandAugment
      : augment.auto_augment == "autoaugment" ? data::AutoAugmentKind::kAutoAugment
                                              : data::AutoAugmentKind::kNone;
  transform.rand_augment = {.layers = static_cast<int>(augment.layers),
                            .magnitude = augment.magnitude,
                            .probability = augment.probability,
                            .translate = augment.translate};
  transform.colour_jitter = augment.color_jitter;
  transform.erase = augment.erase;
  return transform;
}

data::Transform EvalTransform(const Recipe& recipe, int size) {
  data::Transform transform;
  transform.input = Input(recipe, size, recipe.validation.interpolation);
  transform.crop = data::CropKind::kCenter;
  transform.flip = 0;
  return transform;
}

data::Mix MixOf(const Recipe& recipe) {
  const bool any = recipe.mix.mixup > 0 || recipe.mix.cutmix > 0;
  return {.probability = any ? recipe.mix.probability : 0,
          .mixup_alpha = recipe.mix.mixup,
          .cutmix_alpha = recipe.mix.cutmix,
          .switch_probability = recipe.mix.switch_probability,
          .per_sample = recipe.mix.per_sample,
          .profile = ProfileOf(recipe)};
}

Timing TimingOf(const Recipe& recipe, int64_t samples) {
  const ScheduleSection& section = recipe.schedule;
  Timing timing;
  timing.batch = recipe.train.batch_size * recipe.train.accumulate;
  timing.steps_per_epoch = samples / timing.batch;
  Require(timing.steps_per_epoch > 0,
          fmt::format("train.batch_size: {}, but there are {} samples", timing.batch, samples));
  const auto steps = [&](double epochs) {
    return std::llround(epochs * static_cast<double>(timing.steps_per_epoch));
  };
  timing.steps = recipe.train.steps > 0 ? recipe.train.steps
                                        : std::max<int64_t>(steps(recipe.train.epochs), 1);

  Schedule& schedule = timing.schedule;
  schedule.kind = *ParseScheduleKind(section.kind);
  schedule.lr = section.lr;
  schedule.floor = section.floor;
  const bool to_the_end =
      schedule.kind == ScheduleKind::kCosine || schedule.kind == ScheduleKind::kPoly;
  schedule.steps = to_the_end && section.decay_steps > 0 ? section.decay_steps : timing.steps;
  schedule.warmup_steps =
      section.warmup_steps > 0 ? section.warmup_steps : steps(section.warmup_epochs);
  schedule.warmup_lr = section.warmup_lr;
  schedule.decay_rate = section.decay_rate;
  schedule.decay_steps = section.decay_steps > 0
                             ? section.decay_steps
                             : std::max<int64_t>(steps(section.decay_epochs), 1);
  schedule.power = section.power;
  schedule.staircase = section.staircase;
  timing.ema_decay = recipe.ema.decay;
  timing.bn_momentum = recipe.model.bn_momentum;
  const int64_t reference = recipe.train.reference_batch;
  if (reference > 0 && reference != timing.batch) Scale(recipe, timing);
  return timing;
}

}  // namespace mnv4::recipe
