#include "mnv4/train/tensors.h"

#include <ATen/ATen.h>

#include <cstring>

#include "mnv4/base/check.h"

namespace mnv4::train {
namespace {

DType DTypeOf(const torch::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case torch::kFloat:
      return DType::kF32;
    case torch::kDouble:
      return DType::kF64;
    default:
      MNV4_CHECK(tensor.scalar_type() == torch::kLong);
      return DType::kI64;
  }
}

torch::Dtype TorchDType(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return torch::kFloat;
    case DType::kF64:
      return torch::kDouble;
    case DType::kF16:
      return torch::kHalf;
    case DType::kBF16:
      return torch::kBFloat16;
    default:
      MNV4_CHECK(dtype == DType::kI64);
      return torch::kLong;
  }
}

}  // namespace

Tensor ToTensor(const torch::Tensor& tensor) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor plain = tensor.detach().to(torch::kCPU).contiguous();
  const auto bytes = std::make_shared<std::vector<std::byte>>(plain.nbytes());
  if (!bytes->empty()) std::memcpy(bytes->data(), plain.data_ptr(), bytes->size());
  return {{DTypeOf(plain), plain.sizes().vec()}, *bytes, bytes};
}

TensorMap ToTensorMap(const TensorDict& tensors) {
  TensorMap map;
  for (const auto& [name, tensor] : tensors) map.emplace(name, ToTensor(tensor));
  return map;
}

void Assign(const Tensor& from, torch::Tensor to) {
  const torch::NoGradGuard no_grad;
  MNV4_CHECK(to.sizes().vec() == from.type.shape);
  torch::Tensor plain = torch::empty(from.type.shape, TorchDType(from.type.dtype));
  if (!from.bytes.empty()) std::memcpy(plain.data_ptr(), from.bytes.data(), from.bytes.size());
  to.copy_(plain);
}

}  // namespace mnv4::train
