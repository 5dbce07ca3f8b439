#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sqrt.h>

#include <cmath>

#include "mnv4/train/optimizers.h"
#include "mnv4/train/update_group.h"

namespace mnv4::train {
namespace {

// With c1 = 1 - beta1^t and c2 = 1 - beta2^t:
//   PyTorch  w -= lr / c1 * m / (sqrt(v) / sqrt(c2) + eps)
//   Keras    w -= lr / c1 * sqrt(c2) * m / (sqrt(v) + eps)
class AdamW : public Optimizer {
 public:
  AdamW(const OptimizerOptions& options, std::vector<Trained> trained)
      : Optimizer(options, std::move(trained), {{"exp_avg"}, {"exp_avg_sq", true}}) {}

 private:
  AdamRule Rule(const Trained& trained, double lr) const {
    const OptimizerOptions& o = options();
    const double t = static_cast<double>(steps());
    const double c1 = 1 - std::pow(o.beta1, t), root2 = std::sqrt(1 - std::pow(o.beta2, t));
    const bool keras = o.kind == OptimizerKind::kAdamWKeras;
    const double rate = lr * trained.lr_scale;
    return {.l2 = L2(trained),
            .keep = 1 - rate * Decay(trained),
            .beta1 = o.beta1,
            .beta2 = o.beta2,
            .root_scale = keras ? 1 : 1 / root2,
            .eps = o.eps,
            .rate = rate / c1 * (keras ? root2 : 1)};
  }

  void UpdateInMemory(const UpdateGroup& group, double lr) override {
    RunInMemory(
        group, 0, 1, [&](const Trained& t) { return Rule(t, lr); },
        [](const auto& kernels) { return kernels.adam; });
  }

  void UpdateByOps(UpdateGroup& group, double lr) override {
    std::vector<at::Scalar> keeps, rates;
    AdamRule rule;
    for (size_t i = 0; i < group.values.size(); ++i) {
      rule = Rule(*group.trained[i], lr);
      keeps.emplace_back(rule.keep);
      rates.emplace_back(-rule.rate);
    }
    AddL2(group, [&](const Trained& t) { return L2(t); });
    at::_foreach_mul_(group.values, keeps);
    const auto &m = group.slots[0], &v = group.slots[1];
    at::_foreach_mul_(m, at::Scalar(rule.beta1));
    at::_foreach_add_(m, group.gradients, at::Scalar(1 - rule.beta1));
    at::_foreach_mul_(v, at::Scalar(rule.beta2));
    at::_foreach_addcmul_(v, group.gradients, group.gradients, at::Scalar(1 - rule.beta2));
    const auto below = at::_foreach_sqrt(v);
    at::_foreach_mul_(below, at::Scalar(rule.root_scale));
    at::_foreach_add_(below, at::Scalar(rule.eps));
    at::_foreach_addcdiv_(group.values, m, below, rates);
  }
};

}  // namespace

std::unique_ptr<Optimizer> MakeAdamW(const OptimizerOptions& options,
                                     std::vector<Trained> trained) {
  return std::make_unique<AdamW>(options, std::move(trained));
}

}  // namespace mnv4::train
