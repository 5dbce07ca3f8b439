#include "mnv4/base/tensor.h"

#include <bit>
#include <cstring>

#include "mnv4/base/check.h"
#include "mnv4/base/error.h"

namespace mnv4 {

Tensor MakeTensor(Shape shape, std::vector<float> values) {
  MNV4_CHECK(static_cast<size_t>(NumElements(shape)) == values.size());
  auto owner = std::make_shared<const std::vector<float>>(std::move(values));
  return {{DType::kF32, std::move(shape)}, std::as_bytes(std::span(*owner)), owner};
}

float HalfToFloat(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1Fu;
  const uint32_t mantissa = bits & 0x3FFu;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000u | (mantissa << 13));
  if (exponent == 0) {  // zero and subnormals: mantissa * 2^-24
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

uint16_t FloatToHalf(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return static_cast<uint16_t>(sign | 0x7E00u);   // NaN
  if (magnitude >= 0x477FF000u) return static_cast<uint16_t>(sign | 0x7C00u);  // rounds to infinity
  if (magnitude < 0x38800000u) {  // subnormal: let the float unit round, in units of 2^-24
    const float scaled = std::bit_cast<float>(magnitude) * 0x1p24f + 0x1p23f;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(scaled) & 0x7FFu));
  }
  const uint32_t odd = (magnitude >> 13) & 1u;
  return static_cast<uint16_t>(sign | ((magnitude - 0x38000000u + 0xFFFu + odd) >> 13));
}

float BFloat16ToFloat(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t FloatToBFloat16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  const uint32_t odd = (bits >> 16) & 1u;
  return static_cast<uint16_t>((bits + 0x7FFFu + odd) >> 16);
}

namespace {

template <class Stored, class Convert>
std::vector<float> ConvertAll(std::span<const std::byte> bytes, Convert convert) {
  std::vector<float> values(bytes.size() / sizeof(Stored));
  for (size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = convert(stored);
  }
  return values;
}

}  // namespace

std::vector<float> ToFloats(const Tensor& tensor) {
  switch (tensor.type.dtype) {
    case DType::kF32:
      return ConvertAll<float>(tensor.bytes, [](float value) { return value; });
    case DType::kF64:
      return ConvertAll<double>(tensor.bytes,
                                [](double value) { return static_cast<float>(value); });
    case DType::kF16:
      return ConvertAll<uint16_t>(tensor.bytes, HalfToFloat);
    case DType::kBF16:
      return ConvertAll<uint16_t>(tensor.bytes, BFloat16ToFloat);
    default:
      throw Error(ErrorCode::kInvalidFile,
                  std::string("a tensor of ") + Name(tensor.type.dtype) + " where floats belong");
  }
}

}  // namespace mnv4
