#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sqrt.h>

#include "mnv4/train/optimizers.h"
#include "mnv4/train/update_group.h"

namespace mnv4::train {
namespace {

// TensorFlow's: eps inside the root, the learning rate inside the momentum. The mean square begins
// at 0 (Keras; TF1 has 1).
class RmsProp : public Optimizer {
 public:
  RmsProp(const OptimizerOptions& options, std::vector<Trained> trained)
      : Optimizer(options, std::move(trained), {{"momentum"}, {"mean_square", true}}) {}

 private:
  RmsPropRule Rule(const Trained& trained, double lr) const {
    return {.l2 = L2(trained) + Decay(trained),
            .rho = options().rho,
            .momentum = options().momentum,
            .eps = options().eps,
            .rate = lr * trained.lr_scale};
  }

  void UpdateInMemory(const UpdateGroup& group, double lr) override {
    RunInMemory(
        group, 0, 1, [&](const Trained& t) { return Rule(t, lr); },
        [](const auto& kernels) { return kernels.rms_prop; });
  }

  void UpdateByOps(UpdateGroup& group, double lr) override {
    AddL2(group, [&](const Trained& t) { return Rule(t, lr).l2; });
    std::vector<at::Scalar> rates;
    for (const Trained* t : group.trained) rates.emplace_back(Rule(*t, lr).rate);
    const auto &momentum = group.slots[0], &square = group.slots[1];
    at::_foreach_mul_(square, at::Scalar(options().rho));
    at::_foreach_addcmul_(square, group.gradients, group.gradients, at::Scalar(1 - options().rho));
    const auto below = at::_foreach_add(square, at::Scalar(options().eps));
    at::_foreach_sqrt_(below);
    at::_foreach_mul_(momentum, at::Scalar(options().momentum));
    at::_foreach_addcdiv_(momentum, group.gradients, below, rates);
    at::_foreach_add_(group.values, momentum, at::Scalar(-1));
  }
};

}  // namespace

std::unique_ptr<Optimizer> MakeRmsProp(const OptimizerOptions& options,
                                       std::vector<Trained> trained) {
  return std::make_unique<RmsProp>(options, std::move(trained));
}

}  // namespace mnv4::train
