#include "mnv4/kernels/pictures.h"

#include <hwy/highway.h>

#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Copying waits for memory, so the instruction set that every CPU has does.
void Interleave3(const float* r, const float* g, const float* b, int count, float* to) {
  const hn::CappedTag<float, 4> f32;
  constexpr int kLanes = 4;
  int i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    hn::StoreInterleaved3(hn::LoadU(f32, r + i), hn::LoadU(f32, g + i), hn::LoadU(f32, b + i), f32,
                          to + 3 * i);
  }
  for (; i < count; ++i) {
    to[3 * i] = r[i];
    to[3 * i + 1] = g[i];
    to[3 * i + 2] = b[i];
  }
}

}  // namespace

Pictures PicturesNchw(const float* data, int c, int h, int w) {
  const ptrdiff_t plane = static_cast<ptrdiff_t>(h) * w;
  return {data, c * plane, w, 1, plane};
}

Pictures PicturesNhwc(const float* data, int c, int h, int w) {
  const ptrdiff_t row = static_cast<ptrdiff_t>(w) * c;
  return {data, h * row, row, c, 1};
}

void CopyRows(const Pictures& pictures, int begin, int end, const Desc& desc, float* x) {
  const ptrdiff_t channel = pictures.channel_stride, pixel = pictures.pixel_stride;
  for (int row = begin; row < end; ++row) {
    const int image = row / desc.h, y = row % desc.h;
    const float* from = pictures.data + image * pictures.image_stride + y * pictures.row_stride;
    float* to = x + desc.Offset(0, image, y, 0);
    if (channel == 1 && pixel == desc.c) {
      std::memcpy(to, from, sizeof(float) * static_cast<size_t>(desc.w) * desc.c);
    } else if (desc.c == 3 && pixel == 1) {
      Interleave3(from, from + channel, from + 2 * channel, desc.w, to);
    } else {
      for (int i = 0; i < desc.w; ++i, from += pixel) {
        for (int c = 0; c < desc.c; ++c) *to++ = from[c * channel];
      }
    }
  }
}

}  // namespace mnv4::kernels
HWY_AFTER_NAMESPACE();
