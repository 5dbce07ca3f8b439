#include <cmath>

#include "mnv4/train/optimizers.h"
#include "mnv4/train/update_group.h"

namespace mnv4::train {
namespace {

// You et al. 2020 (arXiv 1904.00962) as timm's Lamb: bias correction, the decay within the update,
// and a trust ratio |w| / |u| for each tensor that decays; 1 for the others, and where a norm is 0.
// timm clips the global gradient norm to 1 in here; with us that is ClipGradients.
class Lamb : public Optimizer {
 public:
  Lamb(const OptimizerOptions& options, std::vector<Trained> trained)
      : Optimizer(options, std::move(trained), {{"exp_avg"}, {"exp_avg_sq", true}}) {}

 private:
  LambRule Rule(const Trained& trained) const {
    const OptimizerOptions& o = options();
    const double t = static_cast<double>(steps());
    return {.l2 = L2(trained),
            .beta1 = o.beta1,
            .beta2 = o.beta2,
            .m_scale = 1 / (1 - std::pow(o.beta1, t)),
            .root_scale = 1 / std::sqrt(1 - std::pow(o.beta2, t)),
            .eps = o.eps,
            .decay = Decay(trained)};
  }

  double Trust(const Trained& trained, double w_norm, double u_norm) const {
    return Decay(trained) != 0 && w_norm > 0 && u_norm > 0 ? w_norm / u_norm : 1;
  }

  void UpdateInMemory(const UpdateGroup& group, double lr) override {
    WithElementType(group.values[0], [&](auto element) {
      using T = decltype(element);
      const UpdateKernels<T>& kernels = UpdateKernelsFor<T>(HostIsa());
      const GroupMemory<T> memory(group, 0, 1);
      std::vector<LambRule> rules;
      for (const Trained* t : group.trained) rules.push_back(Rule(*t));

      std::vector<SquareSums> of_pieces(memory.pieces().size()), sums(rules.size());
      ForEachPiece(memory.pieces(), [&](const Piece& piece) {
        of_pieces[piece.index] = kernels.lamb_moments(rules[piece.tensor], memory.At(piece));
      });
      for (const Piece& piece : memory.pieces()) {  // in order, so threads change nothing
        sums[piece.tensor].w += of_pieces[piece.index].w;
        sums[piece.tensor].u += of_pieces[piece.index].u;
      }
      ForEachPiece(memory.pieces(), [&](const Piece& piece) {
        const Trained& t = *group.trained[piece.tensor];
        const SquareSums& sum = sums[piece.tensor];
        const double trust = Trust(t, std::sqrt(sum.w), std::sqrt(sum.u));
        kernels.lamb_apply(rules[piece.tensor], lr * t.lr_scale * trust, memory.At(piece));
      });
    });
  }

  void UpdateByOps(UpdateGroup& group, double lr) override {
    AddL2(group, [&](const Trained& t) { return L2(t); });
    for (size_t i = 0; i < group.values.size(); ++i) {
      const Trained& t = *group.trained[i];
      const LambRule rule = Rule(t);
      const at::Tensor &w = group.values[i], &g = group.gradients[i];
      const at::Tensor m = group.slots[0][i].mul_(rule.beta1).add_(g, 1 - rule.beta1);
      const at::Tensor v = group.slots[1][i].mul_(rule.beta2).addcmul_(g, g, 1 - rule.beta2);
      at::Tensor u = m.mul(rule.m_scale).div_(v.sqrt().mul_(rule.root_scale).add_(rule.eps));
      if (rule.decay != 0) {
        u.add_(w, rule.decay);
        const at::Tensor w_norm = w.norm(), u_norm = u.norm();  // stay on the device
        u.mul_(w_norm.div(u_norm).masked_fill_(w_norm.mul(u_norm).eq(0), 1));
      }
      w.add_(u, -lr * t.lr_scale);
    }
  }
};

}  // namespace

std::unique_ptr<Optimizer> MakeLamb(const OptimizerOptions& options, std::vector<Trained> trained) {
  return std::make_unique<Lamb>(options, std::move(trained));
}

}  // namespace mnv4::train
