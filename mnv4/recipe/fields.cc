#include "mnv4/recipe/fields.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "mnv4/arch/arch.h"
#include "mnv4/base/error.h"
#include "mnv4/io/printable.h"

namespace mnv4::recipe {
namespace {

template <auto Section, auto Member>
auto& At(Recipe& recipe) {
  return (recipe.*Section).*Member;
}

constexpr const char* kInits[] = {"timm", "garden"};
constexpr const char* kPads[] = {"", "same"};
constexpr const char* kDropPaths[] = {"garden", "flat", "timm"};
constexpr const char* kProfiles[] = {"garden", "clean"};
constexpr const char* kCrops[] = {"random", "center"};
constexpr const char* kAutoAugments[] = {"none", "randaugment", "autoaugment"};
constexpr const char* kInterpolations[] = {"nearest", "box",     "bilinear",
                                           "hamming", "bicubic", "lanczos"};
constexpr const char* kLosses[] = {"cross_entropy", "bce"};
constexpr const char* kWeights[] = {"none", "balanced"};
constexpr const char* kOptimizers[] = {"adamw", "adamw_keras", "sgd", "rmsprop", "lamb"};
constexpr const char* kFilters[] = {"no_1d", "garden"};
constexpr const char* kSchedules[] = {"cosine", "step", "exponential", "poly", "constant"};
constexpr const char* kScalings[] = {"sqrt", "linear"};
constexpr const char* kBuffers[] = {"live", "average"};
constexpr const char* kPrecisions[] = {"fp32", "bf16"};
constexpr const char* kCropModes[] = {"center", "squash", "border"};
constexpr const char* kMetrics[] = {"top1", "top5", "loss"};

constexpr double kMany = 1e9;

using M = ModelSection;
using D = DataSection;
using A = AugmentSection;
using X = MixSection;
using L = LossSection;
using O = OptimizerSection;
using S = ScheduleSection;
using E = EmaSection;
using T = TrainSection;
using V = ValidationSection;
using C = CheckpointSection;
using R = Recipe;

constexpr Field kFields[] = {
    {"model.name", At<&R::model, &M::name>, "zoo name, or a file of network text"},
    {"model.num_classes", At<&R::model, &M::num_classes>, "0: as many as the data has", 0, 1 << 20},
    {"model.in_chans", At<&R::model, &M::in_chans>, "channels of a picture: 3 or 1", 1, 3},
    {"model.img_size", At<&R::model, &M::img_size>, "input side in pixels; 0: the network's own", 0,
     8192},
    {"model.test_size", At<&R::model, &M::test_size>,
     "side for evaluation, saved as test_input_size; 0: img_size", 0, 8192},
    {"model.test_crop_pct", At<&R::model, &M::test_crop_pct>,
     "crop_pct at test_size; 0: validation.crop_pct", 0, 1},
    {"model.init", At<&R::model, &M::init>, "how weights begin: timm's way or the authors'", 0, 0,
     kInits},
    {"model.init_from", At<&R::model, &M::init_from>,
     "a model to begin with; its classifier too, if the classes are as many"},
    {"model.freeze", At<&R::model, &M::freeze>,
     "what is not trained: stem, blocks.N, bn, classifier"},
    {"model.bn_momentum", At<&R::model, &M::bn_momentum>,
     "the new batch's part in the running statistics (Keras: 1 - this)", 0, 1},
    {"model.bn_eps", At<&R::model, &M::bn_eps>, "epsilon of batch norms; 0: the network's own", 0,
     1},
    {"model.pad_type", At<&R::model, &M::pad_type>,
     "same: TensorFlow's padding; empty: the network's own", 0, 0, kPads},
    {"model.drop", At<&R::model, &M::drop>, "dropout before the classifier", 0, 0.99},
    {"model.drop_path", At<&R::model, &M::drop_path>, "stochastic depth, peak rate", 0, 0.99},
    {"model.drop_path_schedule", At<&R::model, &M::drop_path_schedule>,
     "how it rises with depth: garden, flat, timm", 0, 0, kDropPaths},
    {"model.tag", At<&R::model, &M::tag>, "name of the weights, kept in the configuration"},
    {"model.license", At<&R::model, &M::license>, "of the weights, kept in the configuration"},

    {"data.train", At<&R::data, &D::train>,
     "ImageFolder, .csv, .tar shards, scenes:train:COUNT or synthetic:CLASSES:COUNT"},
    {"data.val", At<&R::data, &D::val>, "the same for validation; empty: none"},
    {"data.class_map", At<&R::data, &D::class_map>,
     "file of class names; else the folders of an ImageFolder, sorted"},
    {"data.only", At<&R::data, &D::only>, "train and validate on these classes alone"},
    {"data.without", At<&R::data, &D::without>, "leave these classes out"},
    {"data.per_class", At<&R::data, &D::per_class>,
     "train on the first so many samples of each class; 0: all", 0, kMany},
    {"data.workers", At<&R::data, &D::workers>, "threads that decode and augment", 1, 256},
    {"data.strict", At<&R::data, &D::strict>, "stop at the first picture that cannot be read"},

    {"augment.profile", At<&R::augment, &A::profile>,
     "whose arithmetic: garden (the authors' code, quirks included) or clean (timm's)", 0, 0,
     kProfiles},
    {"augment.crop", At<&R::augment, &A::crop>, "random (Inception crop) or center", 0, 0, kCrops},
    {"augment.area_min", At<&R::augment, &A::area_min>, "part of the picture a crop has", 0.0001,
     1},
    {"augment.area_max", At<&R::augment, &A::area_max>, "the same, at most", 0.0001, 1},
    {"augment.aspect_min", At<&R::augment, &A::aspect_min>, "width / height of a crop", 0.01, 100},
    {"augment.aspect_max", At<&R::augment, &A::aspect_max>, "the same, at most", 0.01, 100},
    {"augment.flip", At<&R::augment, &A::flip>, "probability of a left-right flip", 0, 1},
    {"augment.auto_augment", At<&R::augment, &A::auto_augment>, "none, randaugment or autoaugment",
     0, 0, kAutoAugments},
    {"augment.layers", At<&R::augment, &A::layers>, "RandAugment: operations a picture", 1, 16},
    {"augment.magnitude", At<&R::augment, &A::magnitude>, "RandAugment: of 10", 0, 30},
    {"augment.probability", At<&R::augment, &A::probability>,
     "RandAugment: of an operation being applied", 0, 1},
    {"augment.translate", At<&R::augment, &A::translate>,
     "RandAugment: pixels of a translation at magnitude 10", 0, 1000},
    {"augment.color_jitter", At<&R::augment, &A::color_jitter>,
     "brightness, contrast and saturation within 1 - x to 1 + x", 0, 1},
    {"augment.erase", At<&R::augment, &A::erase>, "probability of random erasing", 0, 1},
    {"augment.interpolation", At<&R::augment, &A::interpolation>, "filter of the crop (clean)", 0,
     0, kInterpolations},
    {"augment.mean", At<&R::augment, &A::mean>, "per channel, of values in 0 to 1", -1000, 1000},
    {"augment.std", At<&R::augment, &A::std>, "per channel", 1e-6, 1000},

    {"mix.probability", At<&R::mix, &X::probability>, "of a batch being mixed", 0, 1},
    {"mix.mixup", At<&R::mix, &X::mixup>, "alpha of Mixup; 0: none", 0, 100},
    {"mix.cutmix", At<&R::mix, &X::cutmix>, "alpha of CutMix; 0: none", 0, 100},
    {"mix.switch_probability", At<&R::mix, &X::switch_probability>, "of CutMix, if there are both",
     0, 1},
    {"mix.per_sample", At<&R::mix, &X::per_sample>, "a lambda for each sample, not one a batch"},

    {"loss.kind", At<&R::loss, &L::kind>, "cross_entropy or bce", 0, 0, kLosses},
    {"loss.smoothing", At<&R::loss, &L::smoothing>, "label smoothing", 0, 0.999},
    {"loss.bce_threshold", At<&R::loss, &L::bce_threshold>,
     "bce: targets above it are 1, others 0; below 0: as they are", -1, 1},
    {"loss.class_weights", At<&R::loss, &L::class_weights>,
     "balanced: a class counts by the inverse of its number of samples", 0, 0, kWeights},

    {"optimizer.kind", At<&R::optimizer, &O::kind>, "adamw, adamw_keras, sgd, rmsprop or lamb", 0,
     0, kOptimizers},
    {"optimizer.weight_decay", At<&R::optimizer, &O::weight_decay>, "", 0, 100},
    {"optimizer.beta1", At<&R::optimizer, &O::beta1>, "AdamW, LAMB", 0, 0.999999},
    {"optimizer.beta2", At<&R::optimizer, &O::beta2>, "AdamW, LAMB", 0, 0.999999999},
    {"optimizer.eps", At<&R::optimizer, &O::eps>, "", 0, 1},
    {"optimizer.momentum", At<&R::optimizer, &O::momentum>, "SGD, RMSprop", 0, 0.999999},
    {"optimizer.nesterov", At<&R::optimizer, &O::nesterov>, "SGD"},
    {"optimizer.rho", At<&R::optimizer, &O::rho>, "RMSprop: of the mean square", 0, 0.999999},
    {"optimizer.l2", At<&R::optimizer, &O::l2>,
     "added to gradients of dense convolutions' and the classifier's kernels", 0, 1},
    {"optimizer.clip_grad", At<&R::optimizer, &O::clip_grad>,
     "largest global norm of the gradients; 0: any", 0, kMany},
    {"optimizer.decay_filter", At<&R::optimizer, &O::decay_filter>,
     "no_1d: weights only (timm); garden: all but batch norms", 0, 0, kFilters},
    {"optimizer.layer_decay", At<&R::optimizer, &O::layer_decay>,
     "each stage's learning rate, as a part of the next one's", 0.01, 1},

    {"schedule.kind", At<&R::schedule, &S::kind>, "cosine, step, exponential, poly or constant", 0,
     0, kSchedules},
    {"schedule.lr", At<&R::schedule, &S::lr>, "peak learning rate", 0, 100},
    {"schedule.lr_scaling", At<&R::schedule, &S::lr_scaling>,
     "how lr follows the batch: sqrt or linear", 0, 0, kScalings},
    {"schedule.floor", At<&R::schedule, &S::floor>, "cosine, poly: the end, as a part of lr", 0, 1},
    {"schedule.warmup_epochs", At<&R::schedule, &S::warmup_epochs>, "", 0, kMany},
    {"schedule.warmup_steps", At<&R::schedule, &S::warmup_steps>, "counts before warmup_epochs", 0,
     kMany},
    {"schedule.warmup_lr", At<&R::schedule, &S::warmup_lr>, "where the warm-up begins", 0, 100},
    {"schedule.decay_rate", At<&R::schedule, &S::decay_rate>, "step, exponential: factor", 0, 1},
    {"schedule.decay_epochs", At<&R::schedule, &S::decay_epochs>,
     "step, exponential: a factor every so many", 1e-6, kMany},
    {"schedule.decay_steps", At<&R::schedule, &S::decay_steps>,
     "counts before decay_epochs; cosine, poly: where they end, if not with the run", 0, kMany},
    {"schedule.power", At<&R::schedule, &S::power>, "poly", 0, 100},
    {"schedule.staircase", At<&R::schedule, &S::staircase>, "exponential: in whole steps"},

    {"ema.decay", At<&R::ema, &E::decay>, "of the average of weights; 0: no average", 0,
     0.99999999},
    {"ema.start_step", At<&R::ema, &E::start_step>, "until then the weights themselves", 0, kMany},
    {"ema.dynamic", At<&R::ema, &E::dynamic>, "decay rises from 0.1 with the number of updates"},
    {"ema.buffers", At<&R::ema, &E::buffers>, "running statistics: live or average", 0, 0,
     kBuffers},

    {"train.epochs", At<&R::train, &T::epochs>, "", 0, kMany},
    {"train.steps", At<&R::train, &T::steps>, "updates of the run; counts before epochs", 0, 1e12},
    {"train.batch_size", At<&R::train, &T::batch_size>, "samples at once", 1, 65536},
    {"train.accumulate", At<&R::train, &T::accumulate>, "batches an update", 1, 65536},
    {"train.reference_batch", At<&R::train, &T::reference_batch>,
     "the batch that lr, ema.decay, bn_momentum and warm-up are meant for; 0: the one at hand", 0,
     kMany},
    {"train.seed", At<&R::train, &T::seed>, "of everything that is drawn", 0, 9007199254740992},
    {"train.threads", At<&R::train, &T::threads>, "of LibTorch; 0: all CPUs", 0, 1024},
    {"train.precision", At<&R::train, &T::precision>, "fp32, or bf16: autocast", 0, 0, kPrecisions},
    {"train.device", At<&R::train, &T::device>, "cpu, cuda or cuda:N"},
    {"train.checkpoint_gradients", At<&R::train, &T::checkpoint_gradients>,
     "less memory, a third more time: blocks are computed again for the backward pass"},

    {"validation.every_epochs", At<&R::validation, &V::every_epochs>, "0: at the end only", 0,
     kMany},
    {"validation.batch_size", At<&R::validation, &V::batch_size>, "", 1, 65536},
    {"validation.crop_pct", At<&R::validation, &V::crop_pct>, "part of the resized picture kept",
     0.01, 1},
    {"validation.crop_mode", At<&R::validation, &V::crop_mode>, "center, squash or border", 0, 0,
     kCropModes},
    {"validation.interpolation", At<&R::validation, &V::interpolation>, "", 0, 0, kInterpolations},
    {"validation.recalibrate", At<&R::validation, &V::recalibrate>,
     "batches that give averaged weights running statistics of their own, at the end", 0, kMany},

    {"checkpoint.keep", At<&R::checkpoint, &C::keep>, "newest ones kept beside last and best", 1,
     kMany},
    {"checkpoint.every_steps", At<&R::checkpoint, &C::every_steps>,
     "beside those at the ends of epochs; 0: none", 0, kMany},
    {"checkpoint.every_minutes", At<&R::checkpoint, &C::every_minutes>, "the same, by the clock", 0,
     kMany},
    {"checkpoint.metric", At<&R::checkpoint, &C::metric>, "what best is best by", 0, 0, kMetrics},
};

[[noreturn]] void Refuse(const Field& field, const std::string& text, const std::string& wanted) {
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("{}: '{}', expected {}", field.key, Printable(text, 60), wanted));
}

double ParseNumber(const Field& field, const std::string& text, bool whole) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (!is_number || (whole && std::floor(value) != value) ||
      !(value >= field.least && value <= field.most)) {
    Refuse(field, text,
           fmt::format("a {}number from {} to {}", whole ? "whole " : "", field.least, field.most));
  }
  return value;
}

void Parse(const Field& field, const std::string& text, std::string& value) {
  if (!field.choices.empty()) {
    const auto known = [&](const char* choice) { return text == choice; };
    if (std::none_of(field.choices.begin(), field.choices.end(), known)) {
      Refuse(field, text,
             fmt::format("{}; did you mean {}?", fmt::join(field.choices, ", "),
                         NearestName(text, field.choices)));
    }
  }
  value = text;
}
void Parse(const Field& field, const std::string& text, double& value) {
  value = ParseNumber(field, text, false);
}
void Parse(const Field& field, const std::string& text, int64_t& value) {
  value = static_cast<int64_t>(ParseNumber(field, text, true));
}
void Parse(const Field& field, const std::string& text, bool& value) {
  if (text != "true" && text != "false") Refuse(field, text, "true or false");
  value = text == "true";
}

template <class T>
void ParseAll(const Field& field, const std::vector<std::string>& texts, T& value) {
  if (texts.size() != 1) Refuse(field, fmt::format("{}", fmt::join(texts, ", ")), "one value");
  Parse(field, texts[0], value);
}
template <class T>
void ParseAll(const Field& field, const std::vector<std::string>& texts, std::vector<T>& values) {
  std::vector<T> parsed;
  for (const std::string& text : texts) Parse(field, text, parsed.emplace_back());
  values = std::move(parsed);
}

// Text that YAML could take for something else stands in quotes.
std::string Text(const std::string& value) {
  static constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";
  const bool plain = !value.empty() && value.find_first_not_of(kPlain) == std::string::npos &&
                     std::isalpha(static_cast<unsigned char>(value[0])) != 0;
  if (plain && value != "true" && value != "false" && value != "null") return value;
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < 32) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}
std::string Text(double value) { return fmt::format("{}", value); }
std::string Text(int64_t value) { return fmt::format("{}", value); }
std::string Text(bool value) { return value ? "true" : "false"; }
template <class T>
std::string Text(const std::vector<T>& values) {
  std::vector<std::string> texts;
  for (const T& value : values) texts.push_back(Text(value));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

}  // namespace

std::span<const Field> Fields() { return kFields; }

const Field& FindField(const std::string& key) {
  std::vector<const char*> keys;
  for (const Field& field : kFields) {
    if (key == field.key) return field;
    keys.push_back(field.key);
  }
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("'{}' is no key of a recipe; did you mean {}?", Printable(key, 60),
                          NearestName(key, keys)));
}

void SetField(Recipe& recipe, const Field& field, const std::vector<std::string>& values) {
  std::visit([&](const auto access) { ParseAll(field, values, access(recipe)); }, field.access);
}

std::string ValueText(const Recipe& recipe, const Field& field) {
  Recipe copy = recipe;
  return std::visit([&](const auto access) { return Text(access(copy)); }, field.access);
}

}  // namespace mnv4::recipe
