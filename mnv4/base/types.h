#pragma once
/// The small value types that every folder shares: element types, shapes, sizes, padding.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mnv4 {

enum class DType : uint8_t { kF32, kF16, kBF16, kF64, kI8, kU8, kI16, kI32, kI64, kBool };

/// Bytes of one element.
size_t SizeOf(DType dtype);
/// "F32", "BF16", ...: the names of the safetensors format.
const char* Name(DType dtype);

/// Dimensions, outermost first. Activations are n h w c; weights keep the order of their file.
using Shape = std::vector<int64_t>;

/// Product of the dimensions; 1 for a scalar. Dimensions must be checked against overflow before.
int64_t NumElements(const Shape& shape);
/// "[32, 3, 3, 3]".
std::string ToString(const Shape& shape);

struct TensorType {
  DType dtype = DType::kF32;
  Shape shape;
  bool operator==(const TensorType&) const = default;
};

/// Pixels.
struct Size2 {
  int h = 1;
  int w = 1;
  bool operator==(const Size2&) const = default;
};

/// Pixels of zeros around a map.
struct Padding {
  int top = 0;
  int left = 0;
  int bottom = 0;
  int right = 0;
  bool operator==(const Padding&) const = default;
};

/// Applied to every element. GELU is the exact erf form, which timm and the authors use.
enum class Activation : uint8_t { kNone, kRelu, kRelu6, kGelu, kHardSwish, kHardSigmoid };

/// "none", "relu", "relu6", "gelu", "hard_swish", "hard_sigmoid".
const char* Name(Activation activation);

}  // namespace mnv4
