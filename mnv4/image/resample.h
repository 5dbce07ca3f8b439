#pragma once
/// The two passes of a resize, on rows of 8-bit pixels, in exact integer arithmetic.
/// Every instruction set gives the same bytes as resample_ref.h.

#include <cstddef>
#include <cstdint>

#include "mnv4/base/isa.h"
#include "mnv4/image/weights.h"

namespace mnv4 {

struct ResampleKernels {
  const char* name;

  /// Horizontal pass over `num_rows` rows: out[r] gets weights.outputs() pixels of `channels`
  /// (1 or 3). Up to kRowSlack bytes after the end of an input row are read, without effect.
  void (*horizontal)(const AxisWeights& weights, int channels, const uint8_t* const* rows,
                     int num_rows, uint8_t* const* out) noexcept;

  /// Vertical pass, output row `index`: `num_bytes` columns of the rows that its window names.
  /// `first` is the row windows[index].first, the others follow at `stride` bytes.
  void (*vertical)(const AxisWeights& weights, int index, const uint8_t* first, ptrdiff_t stride,
                   int num_bytes, uint8_t* out) noexcept;
};

inline constexpr int kRowSlack = 16;   ///< bytes, see `horizontal`
inline constexpr int kRowsAtOnce = 8;  ///< a multiple of what every `horizontal` takes side by side

/// The fastest of this set; the reference if it has none of ours.
const ResampleKernels& ResampleKernelsFor(IsaSet isa);

}  // namespace mnv4
