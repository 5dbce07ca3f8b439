#pragma once
/// The weights of one resampling pass along one axis, as Pillow computes and rounds them.

#include <cstdint>
#include <vector>

#include "mnv4/image/resize.h"

namespace mnv4 {

/// Output i is the sum of source[first + t] * weight(i)[t] over t < count, plus 2^21, >> 22,
/// clamped to 0..255.
struct AxisWeights {
  static constexpr int kBits = 22;  ///< fractional bits of a weight
  static constexpr int kMultiple = 16;

  struct Window {
    int first = 0;
    int count = 0;  ///< at least 1
  };
  std::vector<Window> windows;  ///< one an output
  int stride = 0;               ///< weights stored an output: the largest count up to kMultiple
  std::vector<int32_t> fixed;   ///< [outputs][stride], zero past `count`
  /// fixed = high * 65536 + low, for kernels that multiply 16-bit numbers.
  std::vector<int16_t> low, high;

  int outputs() const { return static_cast<int>(windows.size()); }
  /// The source elements that any window touches: [first_source(), end_source()).
  int first_source() const { return windows.front().first; }
  int end_source() const { return windows.back().first + windows.back().count; }
};

/// One axis of a resize: `from` elements become `to`, of which [begin, begin + kept) are computed.
/// All at least 1 but `begin`.
struct AxisResize {
  int from = 1, to = 1;
  int begin = 0, kept = 1;
  /// The elements lie in memory last to first, and so shall the outputs.
  bool mirrored = false;
};

AxisWeights ComputeWeights(const AxisResize& axis, Interpolation interpolation);

}  // namespace mnv4
