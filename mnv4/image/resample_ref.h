#pragma once
/// The slow twin of resample.cc, for its tests and for machines it has no kernels for.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "mnv4/image/weights.h"

namespace mnv4 {

/// One output byte: `count` source bytes at `stride` from each other.
inline uint8_t WeightedByteRef(const uint8_t* source, ptrdiff_t stride, const int32_t* weights,
                               int count) {
  int32_t sum = 1 << (AxisWeights::kBits - 1);
  for (int t = 0; t < count; ++t) sum += source[t * stride] * weights[t];
  return static_cast<uint8_t>(std::clamp(sum >> AxisWeights::kBits, 0, 255));
}

inline void HorizontalRef(const AxisWeights& weights, int channels, const uint8_t* const* rows,
                          int num_rows, uint8_t* const* out) noexcept {
  for (int r = 0; r < num_rows; ++r) {
    for (int x = 0; x < weights.outputs(); ++x) {
      const AxisWeights::Window window = weights.windows[x];
      const int32_t* taps = weights.fixed.data() + ptrdiff_t{x} * weights.stride;
      for (int c = 0; c < channels; ++c) {
        const uint8_t* source = rows[r] + ptrdiff_t{window.first} * channels + c;
        out[r][x * channels + c] = WeightedByteRef(source, channels, taps, window.count);
      }
    }
  }
}

inline void VerticalRef(const AxisWeights& weights, int index, const uint8_t* first,
                        ptrdiff_t stride, int num_bytes, uint8_t* out) noexcept {
  const int32_t* taps = weights.fixed.data() + ptrdiff_t{index} * weights.stride;
  for (int i = 0; i < num_bytes; ++i) {
    out[i] = WeightedByteRef(first + i, stride, taps, weights.windows[index].count);
  }
}

}  // namespace mnv4
