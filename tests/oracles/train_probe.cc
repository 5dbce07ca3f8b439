// mnv4_train_probe: training in float64 with everything written down, for train_test.py.
//
//   mnv4_train_probe update RECIPE BATCHES OUT START UPDATES SAMPLES [KEY=VALUE]...
//   mnv4_train_probe gradients MODEL BATCHES OUT
//
// BATCHES is a safetensors file: pixels float32 [batches, n, h, w, c], labels int64 [batches, n].
// `update` runs updates START + 1, ... of a run on SAMPLES pictures, with zero moments, each on the
// next train.accumulate batches, and writes OUT/step-N.safetensors before the first and after each:
// model/ and ema/ as a checkpoint has them, draw/MICRO_BATCH/ what the random layers drew, loss and
// learning rate in the metadata. `gradients` takes MODEL's first batch through the network in
// training mode: logits, gradients of the cross-entropy, statistics.

#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "mnv4/base/error.h"
#include "mnv4/data/mix.h"
#include "mnv4/io/file.h"
#include "mnv4/io/safetensors.h"
#include "mnv4/train/loss.h"
#include "mnv4/train/trainer.h"

namespace mnv4::train {
namespace {

constexpr size_t kMaxRecipeBytes = 1 << 20;

struct Batches {
  Shape shape;  // [batches, n, h, w, c]
  std::vector<data::Batch> all;
};

Batches ReadBatches(const std::string& path) {
  const SafeTensors file = ReadSafeTensors(path);
  const Tensor &pixels = file.tensors.at("pixels"), &labels = file.tensors.at("labels");
  Batches batches{.shape = pixels.type.shape, .all = {}};
  const auto count = static_cast<size_t>(batches.shape[0]);
  const std::vector<float> values = ToFloats(pixels);
  const size_t size = values.size() / count, n = static_cast<size_t>(batches.shape[1]);
  for (size_t i = 0; i < count; ++i) {
    data::Batch& batch = batches.all.emplace_back();
    batch.pixels.assign(values.begin() + i * size, values.begin() + (i + 1) * size);
    for (size_t j = 0; j < n; ++j) {
      int64_t label = 0;
      std::memcpy(&label, labels.bytes.data() + (i * n + j) * sizeof(label), sizeof(label));
      batch.labels.push_back(static_cast<int>(label));
    }
  }
  return batches;
}

torch::Tensor ToTorch(const std::vector<data::MixedSample>& mixed) {
  const torch::Tensor rows = torch::zeros({static_cast<int64_t>(mixed.size()), 6}, torch::kDouble);
  for (size_t i = 0; i < mixed.size(); ++i) {
    const data::MixedSample& m = mixed[i];
    const double row[] = {m.lambda_pixels,
                          m.lambda_labels,
                          static_cast<double>(m.top),
                          static_cast<double>(m.left),
                          static_cast<double>(m.bottom),
                          static_cast<double>(m.right)};
    rows[static_cast<int64_t>(i)] = torch::tensor(at::ArrayRef<double>(row), torch::kDouble);
  }
  return rows;
}

// What the random layers draw for one micro-batch of the given shape.
TensorDict DrawsOf(const recipe::Recipe& recipe, const Network& network, const Shape& shape,
                   int64_t micro_batch) {
  const Draw draw{static_cast<uint64_t>(recipe.train.seed), static_cast<uint64_t>(micro_batch)};
  const int64_t n = shape[1];
  TensorDict draws;
  int64_t block = 0;
  for (const auto& [scope, rate] : network.drop_path()) {
    if (rate > 0) draws["drop_path/" + scope] = DropPathMask(draw, block, rate, n);
    ++block;
  }
  const int64_t features = network.parameters().at("classifier.weight").size(1);
  if (recipe.model.drop > 0) {
    draws["dropout"] = DropoutMask(draw, recipe.model.drop, n, features);
  }
  const std::vector<data::MixedSample> mixed = data::DrawMix(
      recipe::MixOf(recipe), static_cast<int>(n), static_cast<int>(shape[2]),
      static_cast<int>(shape[3]), data::Random(draw.seed, data::Use::kMix, draw.step, 0));
  if (!mixed.empty()) draws["mix"] = ToTorch(mixed);
  return draws;
}

struct Arguments {
  std::string recipe, batches, out;
  int64_t start, updates, samples;
  std::vector<std::string> settings;
};

void Update(const Arguments& arguments) {
  recipe::Recipe recipe = recipe::ParseRecipe(ReadTextFile(arguments.recipe, kMaxRecipeBytes),
                                              BaseName(arguments.recipe));
  for (const std::string& setting : arguments.settings) recipe::Set(recipe, setting);
  recipe::Check(recipe);
  const auto classes = static_cast<int>(recipe.model.num_classes);
  Datasets datasets;
  datasets.train = data::SyntheticSource(classes, arguments.samples, 32, 1);
  datasets.labels.resize(static_cast<size_t>(classes));
  Trainer trainer(recipe, datasets, torch::kDouble);
  trainer.Load(trainer.State(), arguments.start);

  const recipe::Timing& timing = trainer.timing();
  std::map<std::string, std::string> metadata = {
      {"batch", fmt::format("{}", timing.batch)},
      {"steps", fmt::format("{}", timing.steps)},
      {"decay_steps", fmt::format("{}", timing.schedule.steps)},
      {"warmup_steps", fmt::format("{}", timing.schedule.warmup_steps)},
      {"lr", fmt::format("{}", timing.schedule.lr)},
      {"ema_decay", fmt::format("{}", timing.ema_decay)},
      {"bn_momentum", fmt::format("{}", timing.bn_momentum)}};
  Batches batches = ReadBatches(arguments.batches);
  size_t next = 0;
  TensorMap draws;
  for (int64_t update = 0;; ++update) {
    TensorMap state = trainer.State();
    std::erase_if(state, [](const auto& entry) { return entry.first.starts_with("optimizer/"); });
    state.merge(draws);
    WriteSafeTensors(fmt::format("{}/step-{}.safetensors", arguments.out, trainer.step()),
                     {state, metadata});
    if (update == arguments.updates) return;
    draws.clear();
    for (int64_t i = 0; i < recipe.train.accumulate; ++i) {
      for (const auto& [name, tensor] : DrawsOf(recipe, trainer.network(), batches.shape,
                                                trainer.step() * recipe.train.accumulate + i)) {
        draws[fmt::format("draw/{}/{}", i, name)] = ToTensor(tensor);
      }
    }
    const StepReport report =
        trainer.Update([&]() -> data::Batch& { return batches.all.at(next++); });
    metadata = {{"loss", fmt::format("{}", report.loss)},
                {"lr", fmt::format("{}", report.lr)},
                {"gradient_norm", fmt::format("{}", report.gradient_norm)}};
  }
}

void Gradients(const std::string& name, const std::string& batches_file, const std::string& out) {
  const model::Model model = model::Load(name, {.allow_random_weights = false});
  Network network(model.spec, {});
  network.Load(model.weights);
  network.To(torch::kCPU, torch::kDouble);
  Batches batches = ReadBatches(batches_file);
  data::Transform transform;
  transform.input.height = static_cast<int>(batches.shape[2]);
  transform.input.width = static_cast<int>(batches.shape[3]);
  transform.input.channels = static_cast<int>(batches.shape[4]);
  data::Batch& batch = batches.all.front();
  const torch::Tensor pictures = ToInput(batch, transform, torch::kCPU).to(torch::kDouble);
  const torch::Tensor logits = network.Train(pictures, {});
  SmoothedCrossEntropy(logits, torch::tensor(batch.labels).to(torch::kLong), 0).backward();
  SafeTensors file;
  file.tensors["logits"] = ToTensor(logits);
  for (const auto& [key, tensor] : network.parameters()) {
    if (tensor.grad().defined()) file.tensors["gradient/" + key] = ToTensor(tensor.grad());
  }
  for (const auto& [key, tensor] : network.statistics()) {
    file.tensors["model/" + key] = ToTensor(tensor);
  }
  WriteSafeTensors(out, file);
}

int Main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() == 4 && args[0] == "gradients") {
    Gradients(args[1], args[2], args[3]);
  } else if (args.size() >= 7 && args[0] == "update") {
    Update({.recipe = args[1],
            .batches = args[2],
            .out = args[3],
            .start = std::stoll(args[4]),
            .updates = std::stoll(args[5]),
            .samples = std::stoll(args[6]),
            .settings = {args.begin() + 7, args.end()}});
  } else {
    std::fprintf(stderr, "mnv4_train_probe: expected what its first lines say\n");
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace mnv4::train

int main(int argc, char** argv) {
  try {
    return mnv4::train::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mnv4_train_probe: %s\n", error.what());
    return 1;
  }
}
