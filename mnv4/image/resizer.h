#pragma once
/// A resize of which only a part may be wanted, from rows that may come one after the other.

#include <cstdint>
#include <vector>

#include "mnv4/image/pixels.h"
#include "mnv4/image/resize.h"
#include "mnv4/image/weights.h"

namespace mnv4 {

struct ResampleKernels;

/// Which pass comes first shows in the result, as pixels are rounded between the two.
enum class PassOrder : uint8_t { kHorizontalFirst, kVerticalFirst };
/// Pillow 13's choice: it saves work on tall pictures.
PassOrder PillowOrder(const AxisResize& x, const AxisResize& y);

class Resizer {
 public:
  Resizer(const AxisResize& x, const AxisResize& y, PassOrder order, int channels,
          Interpolation interpolation);

  /// The kept part of a picture in memory.
  Image Run(const ImageView& image);

  /// The same, if the horizontal pass comes first, from rows that are given in their order and not
  /// needed afterwards: at most kRowsAtOnce at a time, kRowSlack readable bytes after each.
  bool takes_rows() const { return order_ == PassOrder::kHorizontalFirst; }
  void Push(const uint8_t* const* rows, int count);
  Image Finish() const;

 private:
  size_t RowBytes() const { return size_t{1} * x_.outputs() * channels_; }
  Image EmptyResult() const;
  Image RunVerticalFirst(const ImageView& image) const;

  const ResampleKernels& kernels_;
  AxisWeights x_, y_;
  PassOrder order_;
  int channels_;
  int next_row_ = 0;
  std::vector<uint8_t> between_;  // after the horizontal pass: the rows that y_ needs
};

}  // namespace mnv4
