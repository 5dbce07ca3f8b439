#pragma once
/// What the slow reference kernels (`*_ref.h`) share: one element at a time, any layout, sums in
/// double. They are the yardstick of the fast kernels' tests and the last row of every table.

#include <algorithm>
#include <cmath>
#include <limits>

#include "mnv4/base/tensor.h"
#include "mnv4/kernels/kernel.h"

namespace mnv4::kernels {

/// Elements from channel 0 of a pixel to channel `c` of it.
inline int64_t ChannelOffset(const Desc& desc, int c) {
  if (desc.layout == Layout::kNhwc) return c;
  return c / desc.block_channels() * desc.block_stride() + c % desc.block_channels();
}

/// One element of a tensor, whatever its type.
inline double ElementAt(const Desc& desc, const void* data, int64_t offset) {
  const void* at = desc.Forward(data, offset);
  switch (desc.dtype) {
    case DType::kBF16:
      return BFloat16ToFloat(*static_cast<const uint16_t*>(at));
    case DType::kF16:
      return HalfToFloat(*static_cast<const uint16_t*>(at));
    default:
      return *static_cast<const float*>(at);
  }
}
inline void StoreElement(const Desc& desc, void* data, int64_t offset, double value) {
  void* at = desc.Forward(data, offset);
  const auto number = static_cast<float>(value);
  switch (desc.dtype) {
    case DType::kBF16:
      *static_cast<uint16_t*>(at) = FloatToBFloat16(number);
      return;
    case DType::kF16:
      *static_cast<uint16_t*>(at) = FloatToHalf(number);
      return;
    default:
      *static_cast<float*>(at) = number;
  }
}

/// The channels in memory: `c`, or whole blocks whose excess lanes are kept zero.
inline int StoredChannels(const Desc& desc) {
  return desc.layout == Layout::kNhwc ? desc.c : desc.blocks() * desc.block_channels();
}

/// Rows of one block of y: the piece of work of the references.
struct RowUnit {
  int block, image, y;
};
inline int CountRowUnits(const Desc& y) { return y.blocks() * y.n * y.h; }
inline RowUnit RowUnitAt(const Desc& y, int unit) {
  return {.block = unit / (y.n * y.h), .image = unit / y.h % y.n, .y = unit % y.h};
}

/// Calls compute(image, y, x, c) for every element of rows [begin, end) of `desc` and stores what
/// it returns; excess lanes become zero.
template <class Compute>
void StoreRows(const Desc& desc, void* out, int begin, int end, Compute compute) {
  const int stored = StoredChannels(desc);
  for (int unit = begin; unit < end; ++unit) {
    const RowUnit row = RowUnitAt(desc, unit);
    const int c_begin = row.block * desc.block_channels();
    const int c_end = std::min(c_begin + desc.block_channels(), stored);
    for (int x = 0; x < desc.w; ++x) {
      const int64_t pixel = desc.Offset(0, row.image, row.y, x);
      for (int c = c_begin; c < c_end; ++c) {
        StoreElement(desc, out, pixel + ChannelOffset(desc, c),
                     c < desc.c ? compute(row.image, row.y, x, c) : 0.0);
      }
    }
  }
}

/// NaN in, NaN out, as PyTorch has it: every comparison below is false for NaN.
inline double Clamp(double v, double lo, double hi) { return v < lo ? lo : v > hi ? hi : v; }

inline double Activate(double v, Activation activation) {
  switch (activation) {
    case Activation::kNone:
      return v;
    case Activation::kRelu:
      return Clamp(v, 0, std::numeric_limits<double>::infinity());
    case Activation::kRelu6:
      return Clamp(v, 0, 6);
    case Activation::kGelu:
      return 0.5 * v * (1 + std::erf(v * std::sqrt(0.5)));
    case Activation::kHardSwish:
      return v * Clamp(v + 3, 0, 6) / 6;
    case Activation::kHardSigmoid:
      return Clamp(v + 3, 0, 6) / 6;
  }
  return v;
}

}  // namespace mnv4::kernels
