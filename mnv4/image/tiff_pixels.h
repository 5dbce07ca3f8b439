#pragma once
/// What the samples of a TIFF file mean, and their conversion to RGB.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mnv4/image/convert.h"

struct tiff;

namespace mnv4 {

/// The samples of a pixel, and how they become RGB: Pillow's table of what it reads.
struct TiffPixels {
  enum class Colour : uint8_t { kGrey, kPalette, kRgb, kCmyk, kYcc };
  enum class Number : uint8_t { kUnsigned, kSigned, kFloat };

  Colour colour = Colour::kGrey;
  Number number = Number::kUnsigned;
  int bits = 1;                ///< a sample: 1, 2, 4, 8, 12, 16 or 32
  int samples = 1;             ///< a pixel, those that are ignored included
  int used = 1;                ///< the first of them, that the conversion reads
  bool white_is_zero = false;  ///< of greys up to 8 bits
  bool premultiplied = false;  ///< sample 3 is an alpha that the colours were multiplied with
  bool planar = false;         ///< one plane after the other
  Palette palette = {};        ///< if kPalette

  /// Bytes of `width` pixels in the file's own form: of all samples, or of one plane.
  size_t RowBytes(int64_t width) const;
  /// `count` samples to a byte each: values, palette indices, or the high byte.
  void ToBytes(const uint8_t* row, int64_t count, uint8_t* bytes) const;
  /// Pixels of `stride` bytes each, as ToBytes gives them, to RGB.
  void ToRgb(const uint8_t* bytes, int stride, int64_t count, uint8_t* rgb) const;
};

/// From the tags of the first picture of a file. Throws Error(kRuntime) if Pillow reads no such
/// pixels, or we don't.
TiffPixels ReadTiffPixels(tiff* file);

}  // namespace mnv4
