#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_mul.h>

#include "mnv4/train/optimizers.h"
#include "mnv4/train/update_group.h"

namespace mnv4::train {
namespace {

// As torch.optim.SGD without dampening; its momentum buffer begins with the first gradient, ours
// with zero, which is the same.
class Sgd : public Optimizer {
 public:
  Sgd(const OptimizerOptions& options, std::vector<Trained> trained)
      : Optimizer(options, std::move(trained),
                  options.momentum == 0 ? std::vector<Slot>() : std::vector<Slot>{{"momentum"}}) {}

 private:
  SgdRule Rule(const Trained& trained, double lr) const {
    return {.l2 = L2(trained) + Decay(trained),
            .momentum = options().momentum,
            .rate = lr * trained.lr_scale,
            .nesterov = options().nesterov};
  }

  void UpdateInMemory(const UpdateGroup& group, double lr) override {
    RunInMemory(
        group, options().momentum == 0 ? -1 : 0, -1, [&](const Trained& t) { return Rule(t, lr); },
        [](const auto& kernels) { return kernels.sgd; });
  }

  void UpdateByOps(UpdateGroup& group, double lr) override {
    AddL2(group, [&](const Trained& t) { return Rule(t, lr).l2; });
    std::vector<at::Scalar> rates;
    for (const Trained* t : group.trained) rates.emplace_back(-Rule(*t, lr).rate);
    std::vector<at::Tensor> update = group.gradients;
    if (options().momentum != 0) {
      const at::Scalar momentum = options().momentum;
      const auto& buffer = group.slots[0];
      at::_foreach_mul_(buffer, momentum);
      at::_foreach_add_(buffer, group.gradients);
      update = options().nesterov ? at::_foreach_add(group.gradients, buffer, momentum) : buffer;
    }
    at::_foreach_add_(group.values, at::_foreach_mul(update, rates));
  }
};

}  // namespace

std::unique_ptr<Optimizer> MakeSgd(const OptimizerOptions& options, std::vector<Trained> trained) {
  return std::make_unique<Sgd>(options, std::move(trained));
}

}  // namespace mnv4::train
