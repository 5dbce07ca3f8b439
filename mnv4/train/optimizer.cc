#include "mnv4/train/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/norm.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <utility>

#include "mnv4/base/check.h"
#include "mnv4/base/error.h"
#include "mnv4/train/optimizers.h"
#include "mnv4/train/tensor_dict.h"
#include "mnv4/train/update_group.h"

namespace mnv4::train {

Optimizer::Optimizer(const OptimizerOptions& options, std::vector<Trained> trained,
                     std::vector<Slot> slots)
    : options_(options), trained_(std::move(trained)), slot_kinds_(std::move(slots)) {
  const at::NoGradGuard no_grad;
  for (size_t s = 0; s < slot_kinds_.size(); ++s) {
    auto& tensors = slots_.emplace_back();
    for (const Trained& t : trained_) tensors.push_back(at::zeros_like(t.value));
  }
}

void Optimizer::Step(double lr) {
  const at::NoGradGuard no_grad;
  ++steps_;
  // By element type in memory, and all others.
  UpdateGroup floats, doubles, others;
  for (UpdateGroup* group : {&floats, &doubles, &others}) group->slots.resize(slots_.size());
  for (size_t i = 0; i < trained_.size(); ++i) {
    const Trained& t = trained_[i];
    at::Tensor gradient = t.value.grad();
    if (!gradient.defined()) continue;
    bool plain = IsPlainMemory(t.value);
    for (const auto& slot : slots_) plain = plain && SameLayout(t.value, slot[i]);
    if (plain && !SameLayout(t.value, gradient)) {
      gradient = at::empty_like(t.value).copy_(gradient);
    }
    UpdateGroup& group = !plain ? others : t.value.scalar_type() == at::kFloat ? floats : doubles;
    group.trained.push_back(&t);
    group.values.push_back(t.value);
    group.gradients.push_back(std::move(gradient));
    for (size_t s = 0; s < slots_.size(); ++s) group.slots[s].push_back(slots_[s][i]);
  }
  for (const UpdateGroup* group : {&floats, &doubles}) {
    if (!group->values.empty()) UpdateInMemory(*group, lr);
  }
  if (!others.values.empty()) UpdateByOps(others, lr);
}

TensorDict Optimizer::State() const {
  TensorDict state;
  for (size_t s = 0; s < slots_.size(); ++s) {
    for (size_t i = 0; i < trained_.size(); ++i) {
      state[std::string(slot_kinds_[s].name) + "/" + trained_[i].name] = slots_[s][i];
    }
  }
  return state;
}

void Optimizer::Load(const TensorDict& state, int64_t steps) {
  const at::NoGradGuard no_grad;
  if (steps < 0) {
    throw Error(ErrorCode::kInvalidFile, "optimizer: " + std::to_string(steps) + " steps");
  }
  const TensorDict own = State();
  CheckState(own, state);
  for (size_t s = 0; s < slots_.size(); ++s) {
    if (!slot_kinds_[s].mean_square) continue;
    for (const Trained& t : trained_) {
      const std::string name = std::string(slot_kinds_[s].name) + "/" + t.name;
      if (state.at(name).lt(0).any().item<bool>()) {
        throw Error(ErrorCode::kInvalidFile, name + ": a negative mean square");
      }
    }
  }
  CopyState(own, state);
  steps_ = steps;
}

std::unique_ptr<Optimizer> MakeOptimizer(const OptimizerOptions& options,
                                         std::vector<Trained> trained) {
  switch (options.kind) {
    case OptimizerKind::kAdamW:
    case OptimizerKind::kAdamWKeras:
      return MakeAdamW(options, std::move(trained));
    case OptimizerKind::kSgd:
      return MakeSgd(options, std::move(trained));
    case OptimizerKind::kRmsPropTf:
      return MakeRmsProp(options, std::move(trained));
    case OptimizerKind::kLamb:
      return MakeLamb(options, std::move(trained));
  }
  MNV4_CHECK(!"a kind of optimizer");
  return nullptr;
}

namespace {

// Of all together, with one read from the device.
double Norm(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> norms = at::_foreach_norm(tensors, 2);
  for (at::Tensor& norm : norms) norm = norm.to(at::kDouble);
  return at::norm(at::stack(norms), 2).item<double>();
}

}  // namespace

double ClipGradients(const std::vector<Trained>& trained, double max_norm) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> all, floats, doubles, others;
  for (const Trained& t : trained) {
    const at::Tensor gradient = t.value.grad();
    if (!gradient.defined()) continue;
    all.push_back(gradient);
    const at::ScalarType type = gradient.scalar_type();
    if (!IsPlainMemory(gradient)) {
      others.push_back(type == at::kDouble ? gradient : gradient.to(at::kFloat));
    } else {
      (type == at::kFloat ? floats : doubles).push_back(gradient);
    }
  }
  double sum = SquareSum<float>(floats) + SquareSum<double>(doubles);
  if (!others.empty()) {
    const double norm = Norm(others);
    sum += norm * norm;
  }
  const double norm = std::sqrt(sum);
  const double scale = max_norm / (norm + 1e-6);
  if (scale < 1 && std::isfinite(norm)) at::_foreach_mul_(all, at::Scalar(scale));
  return norm;
}

}  // namespace mnv4::train
