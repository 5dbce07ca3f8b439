#pragma once
/// Tensors at rest: a type, bytes, and whoever keeps the bytes alive (a mapped file, a vector).

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mnv4/base/types.h"

namespace mnv4 {

/// Dense, little-endian, row-major. Copying shares the bytes, which nobody changes.
struct Tensor {
  TensorType type;
  std::span<const std::byte> bytes;   ///< SizeOf(dtype) * NumElements(shape); any alignment
  std::shared_ptr<const void> owner;  ///< keeps `bytes` alive; null when the caller does
};

/// By full name ("blocks.0.0.conv.weight"), in order of the names.
using TensorMap = std::map<std::string, Tensor, std::less<>>;

/// A float32 tensor that owns `values`; their number must be that of `shape`.
Tensor MakeTensor(Shape shape, std::vector<float> values);

/// The values of a floating tensor as float32, whatever its type (F32, F16, BF16, F64).
/// Throws Error(kInvalidFile) for integer types.
std::vector<float> ToFloats(const Tensor& tensor);

/// IEEE half and bfloat16, exact to float32 and rounded to nearest even on the way back.
float HalfToFloat(uint16_t bits);
uint16_t FloatToHalf(float value);
float BFloat16ToFloat(uint16_t bits);
uint16_t FloatToBFloat16(float value);

}  // namespace mnv4
