#include "mnv4/image/resizer.h"

#include <algorithm>
#include <cstring>

#include "mnv4/base/check.h"
#include "mnv4/image/resample.h"

namespace mnv4 {

PassOrder PillowOrder(const AxisResize& x, const AxisResize& y) {
  const int64_t shrinks_by = int64_t{y.from} - y.to;
  const bool tall = shrinks_by > 0 && shrinks_by > 2 * (int64_t{x.from} - x.to);
  return tall ? PassOrder::kVerticalFirst : PassOrder::kHorizontalFirst;
}

Resizer::Resizer(const AxisResize& x, const AxisResize& y, PassOrder order, int channels,
                 Interpolation interpolation)
    : kernels_(ResampleKernelsFor(HostIsa())),
      x_(ComputeWeights(x, interpolation)),
      y_(ComputeWeights(y, interpolation)),
      order_(order),
      channels_(channels) {
  // Address space only: the memory is taken as rows come, so a huge but broken picture takes none.
  if (takes_rows()) between_.reserve(RowBytes() * (y_.end_source() - y_.first_source()));
}

Image Resizer::EmptyResult() const {
  Image image{x_.outputs(), y_.outputs(), channels_, {}};
  image.pixels.resize(RowBytes() * y_.outputs());
  return image;
}

void Resizer::Push(const uint8_t* const* rows, int count) {
  MNV4_DCHECK(takes_rows() && count <= kRowsAtOnce);
  const int skipped = std::clamp(y_.first_source() - next_row_, 0, count);
  const int first = next_row_ + skipped;
  const int used = std::min(next_row_ + count, y_.end_source()) - first;
  next_row_ += count;
  if (used <= 0) return;

  const size_t row_bytes = RowBytes();
  between_.resize(between_.size() + used * row_bytes);
  uint8_t* out[kRowsAtOnce];
  for (int r = 0; r < used; ++r) out[r] = &between_[(first - y_.first_source() + r) * row_bytes];
  kernels_.horizontal(x_, channels_, rows + skipped, used, out);
}

Image Resizer::Finish() const {
  MNV4_CHECK(next_row_ >= y_.end_source());
  Image out = EmptyResult();
  const auto row_bytes = static_cast<int>(RowBytes());
  for (int y = 0; y < out.height; ++y) {
    const ptrdiff_t first = y_.windows[y].first - y_.first_source();
    kernels_.vertical(y_, y, &between_[first * row_bytes], row_bytes, row_bytes,
                      &out.pixels[ptrdiff_t{y} * row_bytes]);
  }
  return out;
}

Image Resizer::Run(const ImageView& image) {
  if (!takes_rows()) return RunVerticalFirst(image);
  const size_t row_bytes = size_t{1} * image.width * channels_;
  std::vector<uint8_t> copies((row_bytes + kRowSlack) * kRowsAtOnce);
  for (int y = 0; y < image.height; y += kRowsAtOnce) {
    const uint8_t* rows[kRowsAtOnce];
    const int count = std::min(kRowsAtOnce, image.height - y);
    for (int r = 0; r < count; ++r) {
      rows[r] = image.row(y + r);
      const bool has_slack = (image.height - 1 - (y + r)) * image.stride >= kRowSlack;
      if (has_slack) continue;
      uint8_t* copy = &copies[r * (row_bytes + kRowSlack)];
      std::memcpy(copy, rows[r], row_bytes);
      rows[r] = copy;
    }
    Push(rows, count);
  }
  return Finish();
}

Image Resizer::RunVerticalFirst(const ImageView& image) const {
  Image out = EmptyResult();
  const size_t row_bytes = size_t{1} * image.width * channels_ + kRowSlack;
  std::vector<uint8_t> between(row_bytes * kRowsAtOnce);
  const int left = x_.first_source() * channels_;  // columns that x_ does not need stay empty
  const int num_bytes = x_.end_source() * channels_ - left;
  for (int y = 0; y < out.height; y += kRowsAtOnce) {
    const uint8_t* rows[kRowsAtOnce];
    uint8_t* out_rows[kRowsAtOnce];
    const int count = std::min(kRowsAtOnce, out.height - y);
    for (int r = 0; r < count; ++r) {
      uint8_t* row = &between[r * row_bytes];
      kernels_.vertical(y_, y + r, image.row(y_.windows[y + r].first) + left, image.stride,
                        num_bytes, row + left);
      rows[r] = row;
      out_rows[r] = &out.pixels[RowBytes() * (y + r)];
    }
    kernels_.horizontal(x_, channels_, rows, count, out_rows);
  }
  return out;
}

}  // namespace mnv4
