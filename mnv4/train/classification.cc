#include "mnv4/train/classification.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "mnv4/base/error.h"
#include "mnv4/model/top_k.h"
#include "mnv4/train/device.h"
#include "mnv4/train/loss.h"

namespace mnv4::train {
namespace {

torch::Tensor BalancedWeights(const data::Source& source, int classes) {
  std::vector<int64_t> counts(static_cast<size_t>(classes));
  for (int64_t i = 0; i < source.Size(); ++i) {
    const int label = source.LabelOf(i);
    if (label < 0) {
      throw Error(ErrorCode::kInvalidArgument,
                  "loss.class_weights: 'balanced' needs data whose labels are known before it is "
                  "read");
    }
    ++counts[static_cast<size_t>(label)];
  }
  torch::Tensor weights = torch::zeros({classes});
  for (int k = 0; k < classes; ++k) {
    const auto count = static_cast<double>(std::max<int64_t>(counts[static_cast<size_t>(k)], 1));
    weights[k] = static_cast<double>(source.Size()) / (classes * count);
  }
  return weights;
}

}  // namespace

torch::Tensor ToInput(data::Batch& batch, const data::Transform& transform, torch::Device device) {
  const Preprocess& input = transform.input;
  const auto n = static_cast<int64_t>(batch.labels.size());
  return torch::from_blob(batch.pixels.data(), {n, input.height, input.width, input.channels})
      .permute({0, 3, 1, 2})
      .to(device);
}

Classification::Classification(const recipe::Recipe& recipe, const data::Source& source,
                               int classes)
    : loss_(recipe.loss),
      mix_(recipe::MixOf(recipe)),
      bf16_(recipe.train.precision == "bf16"),
      classes_(classes) {
  if (loss_.class_weights == "balanced") class_weights_ = BalancedWeights(source, classes);
}

Examples Classification::Prepare(data::Batch& batch, const data::Transform& transform,
                                 const Draw& draw, torch::Device device, torch::Dtype dtype) const {
  const Preprocess& input = transform.input;
  const auto n = static_cast<int64_t>(batch.labels.size());
  const std::vector<data::MixedSample> mixed =
      data::DrawMix(mix_, static_cast<int>(n), input.height, input.width,
                    data::Random(draw.seed, data::Use::kMix, draw.step, 0));
  if (!mixed.empty()) {
    data::MixPixels(mixed, input.height, input.width, input.channels, batch.pixels);
  }
  Examples examples{.pictures = ToInput(batch, transform, device).to(dtype), .targets = {}};
  if (mixed.empty() && loss_.kind == "cross_entropy") {
    examples.targets = torch::tensor(batch.labels, torch::kInt).to(device, torch::kLong);
  } else {
    std::vector<float> targets = data::MixedTargets(mixed, batch.labels, classes_, loss_.smoothing);
    examples.targets = torch::from_blob(targets.data(), {n, classes_}).to(device, dtype).clone();
  }
  return examples;
}

torch::Tensor Classification::Loss(Network& network, const Examples& examples,
                                   const Draw& draw) const {
  const torch::Tensor &pictures = examples.pictures, &targets = examples.targets;
  torch::Tensor logits;
  {
    const Autocast autocast(pictures.device(), bf16_);
    logits = network.Train(pictures, draw);
  }
  const torch::Tensor weights =
      class_weights_.defined() ? class_weights_.to(pictures.options()) : class_weights_;
  if (targets.dim() == 1) return SmoothedCrossEntropy(logits, targets, loss_.smoothing, weights);
  if (loss_.kind == "bce") return BinaryCrossEntropy(logits, targets, loss_.bce_threshold);
  return SoftCrossEntropy(logits, targets, weights);
}

double Evaluation::Top1() const {
  return accuracy.pictures() == 0 ? 0 : 100.0 * accuracy.right() / accuracy.pictures();
}
double Evaluation::Top5() const {
  return accuracy.pictures() == 0 ? 0 : 100.0 * accuracy.right_in_top5() / accuracy.pictures();
}

Evaluation Evaluate(Network& network, const data::Source& source, const data::Transform& transform,
                    int batch_size, int workers, torch::Device device) {
  const torch::NoGradGuard no_grad;
  const int classes = network.spec().num_classes;
  Evaluation evaluation(classes);
  data::Loader loader(source, transform,
                      {.batch_size = batch_size,
                       .workers = workers,
                       .shuffle = false,
                       .replace_broken = false,
                       .drop_last = false,
                       .epochs = 1});
  const auto dtype = network.parameters().begin()->second.scalar_type();
  double loss = 0;
  while (std::unique_ptr<data::Batch> batch = loader.Next()) {
    evaluation.broken += static_cast<int64_t>(batch->broken.size());
    if (!batch->labels.empty()) {
      const torch::Tensor logits = network.Evaluate(ToInput(*batch, transform, device).to(dtype))
                                       .to(torch::kFloat)
                                       .cpu()
                                       .contiguous();
      const torch::Tensor log_p = at::log_softmax(logits.to(torch::kDouble), 1).contiguous();
      const float* scores = logits.data_ptr<float>();
      const double* row = log_p.data_ptr<double>();
      for (const int label : batch->labels) {
        std::vector<int> best;
        const auto ranked =
            model::TopK(std::span(scores, static_cast<size_t>(classes)), data::Accuracy::kTop);
        for (const model::RankedClass& answer : ranked) best.push_back(answer.index);
        evaluation.accuracy.Add(best, ranked.front().score, std::span(&label, 1));
        scores += classes;
        ++evaluation.confusion[static_cast<size_t>(label) * classes + best[0]];
        loss -= row[label];
        row += classes;
      }
    }
    loader.Recycle(std::move(batch));
  }
  evaluation.loss =
      loss / static_cast<double>(std::max<int64_t>(evaluation.accuracy.pictures(), 1));
  return evaluation;
}

}  // namespace mnv4::train
