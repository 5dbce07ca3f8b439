#pragma once
/// What a classifier is trained on: from batches to losses, and how good it is.

#include <optional>
#include <vector>

#include "mnv4/data/accuracy.h"
#include "mnv4/data/loader.h"
#include "mnv4/data/mix.h"
#include "mnv4/data/source.h"
#include "mnv4/recipe/recipe.h"
#include "mnv4/train/network.h"

namespace mnv4::train {

/// A batch's pixels as a tensor [n, c, h, w] with channels-last strides. On the CPU it borrows
/// them: the batch must outlive it.
torch::Tensor ToInput(data::Batch& batch, const data::Transform& transform, torch::Device device);

/// A batch as tensors on the device. On the CPU `pictures` borrows: the batch must outlive it.
struct Examples {
  torch::Tensor pictures;  ///< as ToInput has them
  torch::Tensor targets;   ///< classes [n], int64; or what to expect of each [n, classes]
};

class Classification {
 public:
  /// Throws Error(kInvalidArgument) if balanced class weights are asked for and `source` does not
  /// know its labels.
  Classification(const recipe::Recipe& recipe, const data::Source& source, int classes);

  /// Mixup and CutMix, which change the batch, and its way to the device.
  Examples Prepare(data::Batch& batch, const data::Transform& transform, const Draw& draw,
                   torch::Device device, torch::Dtype dtype) const;
  /// The mean loss over them.
  torch::Tensor Loss(Network& network, const Examples& examples, const Draw& draw) const;

 private:
  recipe::LossSection loss_;
  data::Mix mix_;
  bool bf16_;
  int classes_;
  torch::Tensor class_weights_;  // undefined: all alike
};

struct Evaluation {
  explicit Evaluation(int classes)
      : accuracy(classes), confusion(static_cast<size_t>(classes) * classes) {}
  data::Accuracy accuracy;
  std::vector<int64_t> confusion;  ///< [truth][answer]
  double loss = 0;                 ///< cross-entropy without smoothing, the mean
  int64_t broken = 0;              ///< pictures that could not be read
  double Top1() const;             ///< per cent
  double Top5() const;
};

/// Every picture of `source`, once, in its order.
Evaluation Evaluate(Network& network, const data::Source& source, const data::Transform& transform,
                    int batch_size, int workers, torch::Device device);

}  // namespace mnv4::train
