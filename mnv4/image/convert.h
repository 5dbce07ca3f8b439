#pragma once
/// From samples as files hold them to RGB and grey, with Pillow's roundings.

#include <array>
#include <cstdint>

namespace mnv4 {

/// 256 colours, r g b each.
using Palette = std::array<uint8_t, 3 * 256>;

/// (0, 0, 0), (1, 1, 1), ... : what a picture of grey values has instead.
Palette GreyRamp();
/// RGB of palette indices.
void LookUp(const Palette& palette, const uint8_t* indices, int64_t num_pixels, uint8_t* rgb);

/// Values of 1, 2, 4 or 8 bits, packed from the highest bit of each byte.
void Unpack(const uint8_t* packed, int bits, int64_t count, uint8_t* values);

/// convert('L') of RGB pixels; `grey` may be `rgb`.
void RgbToGrey(const uint8_t* rgb, int64_t num_pixels, uint8_t* grey);
/// convert('RGB') of CMYK pixels as JPEG files hold them: 255 is no ink.
void InvertedCmykToRgb(const uint8_t* cmyk, int64_t num_pixels, uint8_t* rgb);
/// convert('RGB') of YCbCr pixels.
void YccToRgb(const uint8_t* ycc, int64_t num_pixels, uint8_t* rgb);

}  // namespace mnv4
