#pragma once
/// First-order optimizers, each in the exact form that a published recipe used.

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mnv4::train {

/// Named tensors, as they are written to checkpoints.
using TensorDict = std::map<std::string, torch::Tensor>;

enum class OptimizerKind : uint8_t { kAdamW, kAdamWKeras, kSgd, kRmsPropTf, kLamb };

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kAdamWKeras;
  double weight_decay = 0;  ///< decoupled (AdamW, LAMB) or added to the gradient (SGD, RMSprop)
  double beta1 = 0.9, beta2 = 0.999;  ///< AdamW, LAMB
  double eps = 1e-7;
  double momentum = 0.9;  ///< SGD, RMSprop
  bool nesterov = false;  ///< SGD
  double rho = 0.9;       ///< RMSprop: of the mean square
  double l2 = 0;          ///< l2 * w is added to the gradient where Trained::l2 says so
};

/// A tensor that is trained.
struct Trained {
  std::string name;     ///< timm's
  torch::Tensor value;  ///< a leaf; its grad() is read
  bool decay = true;    ///< takes weight_decay
  bool l2 = false;      ///< takes l2
  double lr_scale = 1;  ///< layer-wise decay of the learning rate
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One update at learning rate `lr`. Tensors without a gradient stay as they are.
  void Step(double lr);
  int64_t steps() const { return steps_; }

  /// What a checkpoint needs: "exp_avg/conv_stem.weight", ...; `steps` is kept apart.
  TensorDict State() const;
  /// Throws Error(kInvalidFile) for missing, extra or mis-shaped tensors.
  void Load(const TensorDict& state, int64_t steps);

 protected:
  explicit Optimizer(OptimizerOptions options, std::vector<Trained> trained);
  // Updates one tensor. `gradient` has l2 in it. `slots` are its moments, made by NumSlots.
  virtual void Update(Trained& trained, const torch::Tensor& gradient,
                      std::vector<torch::Tensor>& slots, double lr) = 0;
  virtual std::vector<std::string> SlotNames() const = 0;

  OptimizerOptions options_;
  std::vector<Trained> trained_;
  std::vector<std::vector<torch::Tensor>> slots_;  // zeros, or what Load gave
  int64_t steps_ = 0;
};

std::unique_ptr<Optimizer> MakeOptimizer(const OptimizerOptions& options,
                                         std::vector<Trained> trained);

/// Scales all gradients so that their global L2 norm is at most `max_norm`; the norm before.
double ClipGradients(const std::vector<Trained>& trained, double max_norm);

}  // namespace mnv4::train
