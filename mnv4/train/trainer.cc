#include "mnv4/train/trainer.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

#include "mnv4/base/clock.h"
#include "mnv4/base/error.h"
#include "mnv4/recipe/scaling.h"
#include "mnv4/train/device.h"
#include "mnv4/train/groups.h"
#include "mnv4/train/initialise.h"
#include "mnv4/train/tensor_dict.h"

namespace mnv4::train {
namespace {

// The network to be trained, with its configuration; no weights yet.
model::Model ModelOf(const recipe::Recipe& recipe, const Datasets& datasets) {
  const recipe::ModelSection& section = recipe.model;
  const auto data_classes = static_cast<int64_t>(datasets.labels.size());
  if (section.num_classes > 0 && section.num_classes != data_classes) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("model.num_classes: {}, but the data has {} classes",
                            section.num_classes, data_classes));
  }
  model::LoadOptions options;
  options.num_classes = static_cast<int>(data_classes);
  options.in_chans = static_cast<int>(section.in_chans);
  if (section.img_size > 0) options.img_size = static_cast<int>(section.img_size);
  model::Model model = model::Load(section.name, options);
  if (section.bn_eps > 0) model.spec.bn_eps = section.bn_eps;
  if (section.pad_type == "same") model.spec.pad = PadMode::kSame;
  model.preprocess = recipe::EvalTransform(recipe, model.preprocess.height).input;
  model.labels = datasets.labels;
  model.label_names = datasets.labels;
  model.tag = section.tag;
  model.license = section.license;
  model.test_height = model.test_width = static_cast<int>(section.test_size);
  model.test_crop_pct = section.test_size > 0 ? section.test_crop_pct : 0;
  model.random_weights = false;
  return model;
}

Regularisation RegularisationOf(const recipe::ModelSection& section, double bn_momentum) {
  const std::string& schedule = section.drop_path_schedule;
  return {.bn_momentum = bn_momentum,
          .dropout = section.drop,
          .drop_path = section.drop_path,
          .drop_path_schedule = schedule == "flat"   ? DropPathSchedule::kFlat
                                : schedule == "timm" ? DropPathSchedule::kTimm
                                                     : DropPathSchedule::kGarden};
}

// Copies the tensors of another model; its classifier only where the classes are as many.
void InitialiseFrom(Network& network, const std::string& name) {
  model::LoadOptions options;
  options.in_chans = network.spec().in_chans;
  options.allow_random_weights = false;
  const model::Model from = model::Load(name, options);
  for (const TensorDict* tensors : {&network.parameters(), &network.statistics()}) {
    for (const auto& [key, tensor] : *tensors) {
      const auto found = from.weights.find(key);
      const bool fits =
          found != from.weights.end() && found->second.type.shape == tensor.sizes().vec();
      if (fits) {
        Assign(found->second, tensor);
      } else if (!key.starts_with("classifier.")) {
        throw Error(ErrorCode::kInvalidArgument,
                    fmt::format("model.init_from: {} is {}: its {} does not fit {}", name,
                                from.spec.name, key, network.spec().name));
      }
    }
  }
}

OptimizerOptions OptionsOf(const recipe::OptimizerSection& section) {
  const std::string& kind = section.kind;
  return {.kind = kind == "adamw"         ? OptimizerKind::kAdamW
                  : kind == "adamw_keras" ? OptimizerKind::kAdamWKeras
                  : kind == "sgd"         ? OptimizerKind::kSgd
                  : kind == "rmsprop"     ? OptimizerKind::kRmsPropTf
                                          : OptimizerKind::kLamb,
          .weight_decay = section.weight_decay,
          .beta1 = section.beta1,
          .beta2 = section.beta2,
          .eps = section.eps,
          .momentum = section.momentum,
          .nesterov = section.nesterov,
          .rho = section.rho,
          .l2 = section.l2};
}

// The tensors that are trained; what is frozen stops asking for gradients, and frozen batch norms
// keep their statistics.
std::vector<Trained> TrainedOf(Network& network, const recipe::Recipe& recipe) {
  const recipe::OptimizerSection& section = recipe.optimizer;
  const DecayFilter filter =
      section.decay_filter == "garden" ? DecayFilter::kGarden : DecayFilter::kNo1d;
  std::vector<std::string> names;
  for (const auto& [name, tensor] : network.parameters()) names.push_back(name);
  const std::vector<bool> frozen = Frozen(names, recipe.model.freeze);
  const std::vector<double> scales = LayerLrScales(names, section.layer_decay);
  std::vector<Trained> trained;
  for (size_t i = 0; i < names.size(); ++i) {
    torch::Tensor value = network.parameters().at(names[i]);
    if (frozen[i]) {
      value.set_requires_grad(false);
      if (IsBatchNorm(names[i])) network.FreezeNorms(names[i].substr(0, names[i].rfind('.')));
      continue;
    }
    const std::vector<int64_t> shape = value.sizes().vec();
    trained.push_back({.name = names[i],
                       .value = value,
                       .decay = TakesDecay(filter, names[i], shape),
                       .l2 = TakesL2(names[i], shape),
                       .lr_scale = scales[i]});
  }
  if (trained.empty()) {
    throw Error(ErrorCode::kInvalidArgument, "model.freeze: nothing is left to train");
  }
  return trained;
}

constexpr std::string_view kLive = "model/", kAverage = "ema/", kMoments = "optimizer/";

void Put(TensorMap& to, std::string_view prefix, const TensorDict& tensors) {
  for (const auto& [name, tensor] : tensors) {
    to.emplace(std::string(prefix) + name, ToTensor(tensor));
  }
}

TensorMap Part(const TensorMap& from, std::string_view prefix) {
  TensorMap part;
  for (const auto& [name, tensor] : from) {
    if (name.starts_with(prefix)) part.emplace(name.substr(prefix.size()), tensor);
  }
  return part;
}

TensorDict ToTorch(const TensorMap& tensors) {
  TensorDict dict;
  for (const auto& [name, tensor] : tensors) {
    torch::Tensor to = torch::empty(
        tensor.type.shape, tensor.type.dtype == DType::kF64 ? torch::kDouble : torch::kFloat);
    Assign(tensor, to);
    dict.emplace(name, to);
  }
  return dict;
}

}  // namespace

class Trainer::Averaged {
 public:
  explicit Averaged(Trainer& trainer) : trainer_(trainer) {
    if (!trainer_.ema_) return;
    trainer_.ema_->Swap();
    if (trainer_.recipe_.validation.recalibrate == 0) return;
    for (const auto& [name, tensor] : trainer_.network_.statistics()) {
      statistics_.emplace(name, tensor.clone());
    }
    trainer_.Recalibrate();
  }
  ~Averaged() {
    for (const auto& [name, tensor] : statistics_) {
      trainer_.network_.statistics().at(name).detach().copy_(tensor);
    }
    if (trainer_.ema_) trainer_.ema_->Swap();
  }
  Averaged(const Averaged&) = delete;
  Averaged& operator=(const Averaged&) = delete;

 private:
  Trainer& trainer_;
  TensorDict statistics_;  // of the live weights, if they were recalibrated
};

Trainer::Trainer(const recipe::Recipe& recipe, const Datasets& datasets, torch::Dtype dtype)
    : recipe_(recipe),
      datasets_(datasets),
      device_(DeviceOf(recipe.train.device)),
      dtype_(dtype),
      model_(ModelOf(recipe, datasets)),
      timing_(recipe::TimingOf(recipe, datasets.train->Size())),
      network_(model_.spec, RegularisationOf(recipe.model, timing_.bn_momentum)),
      train_transform_(recipe::TrainTransform(recipe, model_.preprocess.height)),
      eval_transform_(recipe::EvalTransform(recipe, model_.preprocess.height)),
      classification_(recipe, *datasets.train, model_.spec.num_classes) {
  model_.weights.clear();
  const auto seed = static_cast<uint64_t>(recipe_.train.seed);
  Initialise(network_,
             recipe_.model.init == "garden" ? Initialisation::kGarden : Initialisation::kTimm,
             seed);
  if (!recipe_.model.init_from.empty()) InitialiseFrom(network_, recipe_.model.init_from);
  network_.To(device_, dtype_);
  network_.CheckpointGradients(recipe_.train.checkpoint_gradients);
  trained_ = TrainedOf(network_, recipe_);
  optimizer_ = MakeOptimizer(OptionsOf(recipe_.optimizer), trained_);
  if (recipe_.ema.decay > 0) {
    TensorDict live = network_.parameters();
    const bool buffers = recipe_.ema.buffers == "average";
    if (buffers) live.insert(network_.statistics().begin(), network_.statistics().end());
    ema_.emplace(EmaOptions{.decay = timing_.ema_decay,
                            .start_step = recipe_.ema.start_step,
                            .dynamic = recipe_.ema.dynamic,
                            .average_buffers = buffers},
                 live);
  }
}

void Trainer::StartLoader() {
  const int64_t accumulate = recipe_.train.accumulate;
  loader_ = std::make_unique<data::Loader>(
      *datasets_.train, train_transform_,
      data::LoaderOptions{.batch_size = static_cast<int>(recipe_.train.batch_size),
                          .workers = static_cast<int>(recipe_.data.workers),
                          .seed = static_cast<uint64_t>(recipe_.train.seed),
                          .batches_per_epoch = timing_.steps_per_epoch * accumulate,
                          .epoch = step_ / timing_.steps_per_epoch,
                          .position = step_ % timing_.steps_per_epoch * timing_.batch,
                          .strict = recipe_.data.strict});
}

StepReport Trainer::Step() {
  if (!loader_) StartLoader();
  std::unique_ptr<data::Batch> batch;
  StepReport report = Update([&]() -> data::Batch& {
    if (batch) loader_->Recycle(std::move(batch));
    batch = loader_->Next();
    return *batch;
  });
  loader_->Recycle(std::move(batch));
  return report;
}

StepReport Trainer::Update(const std::function<data::Batch&()>& next) {
  StepReport report;
  const int64_t accumulate = recipe_.train.accumulate;
  for (const Trained& trained : trained_) trained.value.mutable_grad().reset();
  for (int64_t i = 0; i < accumulate; ++i) {
    data::Batch& batch = next();
    const Draw draw{static_cast<uint64_t>(recipe_.train.seed),
                    static_cast<uint64_t>(step_ * accumulate + i)};
    const Examples examples =
        classification_.Prepare(batch, train_transform_, draw, device_, dtype_);
    const Clock::time_point start = Clock::now();
    const torch::Tensor loss = classification_.Loss(network_, examples, draw);
    (accumulate == 1 ? loss : loss / static_cast<double>(accumulate)).backward();
    report.loss += loss.item<double>() / static_cast<double>(accumulate);
    report.network_ms += MillisecondsSince(start);
    report.broken.insert(report.broken.end(), batch.broken.begin(), batch.broken.end());
  }
  if (!std::isfinite(report.loss)) {
    ThrowDiverged(fmt::format("the loss is {}", report.loss));
  }
  const Clock::time_point start = Clock::now();
  if (recipe_.optimizer.clip_grad > 0) {
    report.gradient_norm = ClipGradients(trained_, recipe_.optimizer.clip_grad);
  }
  report.lr = recipe::LearningRate(timing_.schedule, step_);
  optimizer_->Step(report.lr);
  ++step_;
  if (ema_) ema_->Update(step_);
  report.update_ms = MillisecondsSince(start);
  report.step = step_;
  return report;
}

void Trainer::ThrowDiverged(const std::string& what) const {
  throw Error(ErrorCode::kRuntime,
              fmt::format("after step {} {}; a lower schedule.lr or optimizer.clip_grad=5 may help",
                          step_, what));
}

void Trainer::Recalibrate() {
  const torch::NoGradGuard no_grad;
  data::Loader loader(*datasets_.train, train_transform_,
                      {.batch_size = static_cast<int>(recipe_.train.batch_size),
                       .workers = static_cast<int>(recipe_.data.workers),
                       .seed = static_cast<uint64_t>(recipe_.train.seed) + 1});
  for (int64_t i = 0; i < recipe_.validation.recalibrate; ++i) {
    network_.SetMomentum(1.0 / static_cast<double>(i + 1));  // the mean over all of them
    std::unique_ptr<data::Batch> batch = loader.Next();
    network_.Train(ToInput(*batch, train_transform_, device_).to(dtype_), {.regularise = false});
    loader.Recycle(std::move(batch));
  }
  network_.SetMomentum(timing_.bn_momentum);
}

Snapshot Trainer::TakeSnapshot(bool validate) {
  const Averaged averaged(*this);
  for (const TensorDict* tensors : {&network_.parameters(), &network_.statistics()}) {
    for (const auto& [name, tensor] : *tensors) {
      if (!at::isfinite(tensor.detach()).all().item<bool>()) {
        ThrowDiverged(fmt::format("{} is no longer finite", name));
      }
    }
  }
  Snapshot snapshot{model_, std::nullopt};
  snapshot.model.weights = network_.Weights();
  if (validate && datasets_.val) {
    snapshot.evaluation = Evaluate(network_, *datasets_.val, eval_transform_,
                                   static_cast<int>(recipe_.validation.batch_size),
                                   static_cast<int>(recipe_.data.workers), device_);
    if (!std::isfinite(snapshot.evaluation->loss)) {
      ThrowDiverged(fmt::format("the validation loss is {}", snapshot.evaluation->loss));
    }
  }
  return snapshot;
}

TensorMap Trainer::State() const {
  TensorMap state;
  Put(state, kLive, network_.parameters());
  Put(state, kLive, network_.statistics());
  Put(state, kMoments, optimizer_->State());
  if (ema_) Put(state, kAverage, ema_->averages());
  return state;
}

void Trainer::Load(const TensorMap& state, int64_t step) {
  TensorDict live = network_.parameters();
  live.insert(network_.statistics().begin(), network_.statistics().end());
  const TensorDict loaded = ToTorch(Part(state, kLive));
  CheckState(live, loaded);
  CopyState(live, loaded);
  optimizer_->Load(ToTorch(Part(state, kMoments)), step);
  if (ema_) ema_->Load(ToTorch(Part(state, kAverage)));
  step_ = step;
  loader_.reset();
}

}  // namespace mnv4::train
