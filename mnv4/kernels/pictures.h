#pragma once
/// Float pictures in a caller's memory, and how they come into a network's input.

#include <cstddef>

#include "mnv4/kernels/kernel.h"

namespace mnv4::kernels {

/// Element (image, y, x, c) is data[image * image_stride + y * row_stride + x * pixel_stride +
/// c * channel_stride].
struct Pictures {
  const float* data = nullptr;
  ptrdiff_t image_stride = 0, row_stride = 0, pixel_stride = 0, channel_stride = 0;
};

/// Pictures one behind another, [n, c, h, w] or [n, h, w, c].
Pictures PicturesNchw(const float* data, int c, int h, int w);
Pictures PicturesNhwc(const float* data, int c, int h, int w);

/// Copies rows [begin, end) of all n x h to `x`, an NHWC tensor of float32.
void CopyRows(const Pictures& pictures, int begin, int end, const Desc& desc, float* x);

}  // namespace mnv4::kernels
