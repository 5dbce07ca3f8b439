#pragma once
/// A network that LibTorch trains, made from the graph that the engine compiles: no layer is listed
/// a second time, and parameters carry timm's names because the graph's do.

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mnv4/arch/spec.h"
#include "mnv4/base/tensor.h"
#include "mnv4/graph/graph.h"
#include "mnv4/train/draws.h"
#include "mnv4/train/tensors.h"

namespace mnv4::train {

/// How the rate of stochastic depth (Huang et al. 2016) rises with depth; docs/training.md.
enum class DropPathSchedule : uint8_t {
  kGarden,  ///< peak * (i + 1) / entries, counting stem, pooling and head; attention has the peak
  kFlat,    ///< the peak everywhere
  kTimm,    ///< peak * i / blocks, counting the blocks of the stages only
};

struct Regularisation {
  double bn_momentum = 0.1;  ///< PyTorch's: the new batch's part; Keras's is 1 - this
  double dropout = 0;        ///< on the features before the classifier
  double drop_path = 0;      ///< peak rate
  DropPathSchedule drop_path_schedule = DropPathSchedule::kGarden;
};

class Network {
 public:
  /// Parameters are zeros: Initialise (initialise.h) or Load fills them. float32 on the CPU.
  Network(NetworkSpec spec, const Regularisation& regularisation);

  /// Logits [n, classes] of pictures [n, c, h, w], channels-last, of any size from 32 pixels. Batch
  /// statistics, dropout and stochastic depth: running statistics are updated.
  torch::Tensor Train(const torch::Tensor& pictures, const Draw& draw);
  /// The same as the engine has it: running statistics, nothing random.
  torch::Tensor Evaluate(const torch::Tensor& pictures);
  /// Any outputs of the graph, [n, c, h, w]: "C3", "blocks.2", "pre_logits"; evaluation.
  std::map<std::string, torch::Tensor> Features(const torch::Tensor& pictures,
                                                const std::vector<std::string>& outputs);

  /// Recomputes the activations of each block in the backward pass instead of keeping them.
  void CheckpointGradients(bool on) { checkpoint_ = on; }
  /// Statistics of these batch norms stay as they are, in training too. Scope: "blocks.2", "".
  void FreezeNorms(const std::string& scope) { frozen_norms_.push_back(scope); }
  /// The new batch's part in the running statistics, for all batch norms.
  void SetMomentum(double momentum) { regularisation_.bn_momentum = momentum; }

  void To(torch::Device device, torch::Dtype dtype);

  const NetworkSpec& spec() const { return spec_; }
  /// The rates of stochastic depth of the blocks that have a residual, by scope ("blocks.2.1").
  const std::map<std::string, double>& drop_path() const { return drop_path_; }

  /// Trained tensors and running statistics, by timm's names; 4-d ones are channels-last.
  const TensorDict& parameters() const { return parameters_; }
  const TensorDict& statistics() const { return statistics_; }

  /// The values as a Model has them, and back. Load throws as Bind (graph/bind.h) does.
  TensorMap Weights() const;
  void Load(const TensorMap& weights);

 private:
  struct Plan;  // the graph at one input size
  struct Pass;

  void SetDropPath(const Graph& graph);
  bool NormIsFrozen(const std::string& scope) const;
  const Plan& PlanFor(int64_t height, int64_t width);
  torch::Tensor Run(const torch::Tensor& pictures, const Draw* draw);

  NetworkSpec spec_;
  Regularisation regularisation_;
  std::map<std::string, double> drop_path_;  // by scope of the block
  TensorDict parameters_, statistics_;
  std::map<std::pair<int64_t, int64_t>, std::shared_ptr<const Plan>> plans_;
  std::vector<std::string> frozen_norms_;
  bool checkpoint_ = false;
};

}  // namespace mnv4::train
