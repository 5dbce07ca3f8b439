#include "mnv4/train/tensor_dict.h"

#include <ATen/core/grad_mode.h>

#include "mnv4/base/error.h"
#include "mnv4/base/types.h"

namespace mnv4::train {
namespace {

[[noreturn]] void Refuse(const std::string& name, const std::string& why) {
  throw Error(ErrorCode::kInvalidFile, name + ": " + why);
}

std::string ShapeOf(const at::Tensor& tensor) { return ToString(Shape(tensor.sizes().vec())); }

}  // namespace

void CheckState(const TensorDict& own, const TensorDict& state) {
  for (const auto& [name, tensor] : own) {
    const auto found = state.find(name);
    if (found == state.end() || !found->second.defined()) Refuse(name, "missing");
    const at::Tensor& given = found->second;
    if (!given.is_floating_point()) Refuse(name, "holds no floating-point numbers");
    if (given.sizes() != tensor.sizes()) {
      Refuse(name, ShapeOf(given) + ", expected " + ShapeOf(tensor));
    }
    // 0 x is NaN where x is no number, and sums keep it.
    if (given.detach().mul(0).sum().ne(0).item<bool>()) Refuse(name, "holds infinities or NaN");
  }
  for (const auto& [name, tensor] : state) {
    if (own.find(name) == own.end()) Refuse(name, "no tensor of this run");
  }
}

void CopyState(const TensorDict& own, const TensorDict& state) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : own) tensor.copy_(state.at(name));
}

}  // namespace mnv4::train
