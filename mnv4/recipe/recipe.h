#pragma once
/// A training run as data. A recipe is YAML with two levels, section and key; what it leaves out
/// has the defaults below. fields.h lists every key with its meaning.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mnv4/data/mix.h"
#include "mnv4/data/transform.h"
#include "mnv4/recipe/schedule.h"

namespace mnv4::recipe {

// Words are kept as they are written; fields.h has the ones that are allowed.
struct ModelSection {
  std::string name = "conv_small";
  int64_t num_classes = 0, in_chans = 3, img_size = 0, test_size = 0;
  double test_crop_pct = 0;
  std::string init = "timm", init_from = "";
  std::vector<std::string> freeze = {};
  double bn_momentum = 0.1, bn_eps = 0;
  std::string pad_type = "";
  double drop = 0, drop_path = 0;
  std::string drop_path_schedule = "garden";
  std::string tag = "", license = "";
  bool operator==(const ModelSection&) const = default;
};

struct DataSection {
  std::vector<std::string> train = {}, val = {};
  std::string class_map = "";
  std::vector<std::string> without = {}, only = {};
  int64_t per_class = 0;
  int64_t workers = 2;
  bool strict = false;
  bool operator==(const DataSection&) const = default;
};

struct AugmentSection {
  std::string profile = "garden", crop = "random";
  double area_min = 0.08, area_max = 1, aspect_min = 0.75, aspect_max = 4.0 / 3;
  double flip = 0.5;
  std::string auto_augment = "none";
  int64_t layers = 2;
  double magnitude = 9, probability = 0.5, translate = 10;
  double color_jitter = 0, erase = 0;
  std::string interpolation = "bilinear";
  std::vector<double> mean = {0.485, 0.456, 0.406}, std = {0.229, 0.224, 0.225};
  bool operator==(const AugmentSection&) const = default;
};

struct MixSection {
  double probability = 1, mixup = 0, cutmix = 0, switch_probability = 0.5;
  bool per_sample = true;
  bool operator==(const MixSection&) const = default;
};

struct LossSection {
  std::string kind = "cross_entropy";
  double smoothing = 0.1, bce_threshold = -1;
  std::string class_weights = "none";
  bool operator==(const LossSection&) const = default;
};

struct OptimizerSection {
  std::string kind = "adamw";
  double weight_decay = 0.05, beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  double momentum = 0.9, rho = 0.9, l2 = 0, clip_grad = 0;
  bool nesterov = false;
  std::string decay_filter = "no_1d";
  double layer_decay = 1;
  bool operator==(const OptimizerSection&) const = default;
};

struct ScheduleSection {
  std::string kind = "cosine";
  double lr = 0.001, floor = 0, warmup_epochs = 0, warmup_lr = 0;
  int64_t warmup_steps = 0, decay_steps = 0;
  std::string lr_scaling = "sqrt";
  double decay_rate = 0.1, decay_epochs = 30, power = 1;
  bool staircase = true;
  bool operator==(const ScheduleSection&) const = default;
};

struct EmaSection {
  double decay = 0;
  int64_t start_step = 0;
  bool dynamic = false;
  std::string buffers = "live";
  bool operator==(const EmaSection&) const = default;
};

struct TrainSection {
  double epochs = 1;
  int64_t steps = 0;
  int64_t batch_size = 32, accumulate = 1, reference_batch = 0, seed = 0, threads = 0;
  std::string precision = "fp32", device = "cpu";
  bool checkpoint_gradients = false;
  bool operator==(const TrainSection&) const = default;
};

struct ValidationSection {
  int64_t every_epochs = 1, batch_size = 50, recalibrate = 0;
  double crop_pct = 0.875;
  std::string interpolation = "bicubic", crop_mode = "center";
  bool operator==(const ValidationSection&) const = default;
};

struct CheckpointSection {
  int64_t keep = 2, every_steps = 0;
  double every_minutes = 10;
  std::string metric = "top1";
  bool operator==(const CheckpointSection&) const = default;
};

struct Recipe {
  ModelSection model = {};
  DataSection data = {};
  AugmentSection augment = {};
  MixSection mix = {};
  LossSection loss = {};
  OptimizerSection optimizer = {};
  ScheduleSection schedule = {};
  EmaSection ema = {};
  TrainSection train = {};
  ValidationSection validation = {};
  CheckpointSection checkpoint = {};
  bool operator==(const Recipe&) const = default;
};

/// Any bytes may be given. Throws Error(kInvalidFile): "<name>:<line>: <what>, <wanted>"; an
/// unknown key names the nearest.
Recipe ParseRecipe(std::string_view yaml, const std::string& name);
/// The file `name`, or else the recipe called so: recipes/NAME.yaml here or in one of `folders`.
/// Throws Error(kInvalidArgument) naming the nearest.
std::string FindRecipe(const std::string& name, const std::vector<std::string>& folders);

/// "schedule.lr=0.01", as --set takes it. Throws Error(kInvalidArgument).
void Set(Recipe& recipe, const std::string& assignment);
void Set(Recipe& recipe, const std::string& key, const std::string& value);
/// Every key with its value and, if `help`, its meaning. ParseRecipe(Print(r)) == r.
std::string Print(const Recipe& recipe, bool help = false);
/// What one key alone cannot know: settings that do not go together. Throws
/// Error(kInvalidArgument).
void Check(const Recipe& recipe);

/// Training and evaluation transforms at the recipe's size in pixels.
data::Transform TrainTransform(const Recipe& recipe, int size);
data::Transform EvalTransform(const Recipe& recipe, int size);
data::Mix MixOf(const Recipe& recipe);

/// What a number of samples makes of epochs, and the batch at hand of what was meant for another.
struct Timing {
  int64_t batch = 0;            ///< samples an update: batch_size * accumulate
  int64_t steps_per_epoch = 0;  ///< whole batches
  int64_t steps = 0;            ///< updates of the whole run
  Schedule schedule;
  double ema_decay = 0;
  double bn_momentum = 0;  ///< PyTorch's
};
/// Throws Error(kInvalidArgument) if there are fewer samples than a batch has.
Timing TimingOf(const Recipe& recipe, int64_t samples);

}  // namespace mnv4::recipe
