#pragma once
/// First-order optimizers, each in the exact form that a published recipe used.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mnv4::train {

/// Named tensors, as they are written to checkpoints.
using TensorDict = std::map<std::string, at::Tensor>;

enum class OptimizerKind : uint8_t { kAdamW, kAdamWKeras, kSgd, kRmsPropTf, kLamb };

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kAdamWKeras;
  /// AdamW: decoupled, w -= lr * weight_decay * w. LAMB: added to the update before the trust
  /// ratio. SGD, RMSprop: added to the gradient.
  double weight_decay = 0;
  double beta1 = 0.9, beta2 = 0.999;  ///< AdamW, LAMB
  double eps = 1e-7;                  ///< all but SGD
  double momentum = 0.9;              ///< SGD, RMSprop
  bool nesterov = false;              ///< SGD
  double rho = 0.9;                   ///< RMSprop: of the mean square
  double l2 = 0;                      ///< l2 * w is added to the gradient where Trained::l2 says so
};

/// A tensor that is trained.
struct Trained {
  std::string name;     ///< timm's
  at::Tensor value;     ///< a leaf; its grad() is read
  bool decay = true;    ///< takes weight_decay
  bool l2 = false;      ///< takes l2
  double lr_scale = 1;  ///< layer-wise decay of the learning rate
};

struct UpdateGroup;  // update_group.h

class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One update at learning rate `lr`, in the tensors' own precision. Tensors without a gradient
  /// stay as they are. The result does not depend on the number of threads.
  void Step(double lr);
  int64_t steps() const { return steps_; }

  /// What a checkpoint needs: "exp_avg/conv_stem.weight", ...; `steps` is kept apart. The tensors
  /// share the optimizer's memory.
  TensorDict State() const;
  /// Copies `state`. Throws Error(kInvalidFile), and changes nothing, if tensors are missing,
  /// extra, mis-shaped or hold what no training leaves: infinities, NaN, negative mean squares.
  void Load(const TensorDict& state, int64_t steps);

 protected:
  struct Slot {
    const char* name;
    bool mean_square = false;  ///< never negative
  };
  Optimizer(const OptimizerOptions& options, std::vector<Trained> trained, std::vector<Slot> slots);

  // Update number steps_ of the group's tensors: by update_kernels.h where they are plain memory on
  // the CPU, by ATen's operators everywhere else.
  virtual void UpdateInMemory(const UpdateGroup& group, double lr) = 0;
  virtual void UpdateByOps(UpdateGroup& group, double lr) = 0;

  const OptimizerOptions& options() const { return options_; }
  // What is multiplied by w and added to the gradient, or taken from the weight.
  double L2(const Trained& trained) const { return trained.l2 ? options_.l2 : 0; }
  double Decay(const Trained& trained) const { return trained.decay ? options_.weight_decay : 0; }

 private:
  OptimizerOptions options_;
  std::vector<Trained> trained_;
  std::vector<Slot> slot_kinds_;
  std::vector<std::vector<at::Tensor>> slots_;  // [kind][tensor], laid out as the values
  int64_t steps_ = 0;
};

std::unique_ptr<Optimizer> MakeOptimizer(const OptimizerOptions& options,
                                         std::vector<Trained> trained);

/// Scales all gradients so that their global L2 norm is at most `max_norm`, as
/// torch.nn.utils.clip_grad_norm_ does; the norm before. If it is infinite or NaN, the gradients
/// stay as they are. It sees gradients without l2 and coupled decay, which Step adds.
double ClipGradients(const std::vector<Trained>& trained, double max_norm);

}  // namespace mnv4::train
