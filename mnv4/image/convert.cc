#include "mnv4/image/convert.h"

#include <algorithm>
#include <cstddef>

namespace mnv4 {
namespace {

uint8_t Clamp(int value) { return static_cast<uint8_t>(std::clamp(value, 0, 255)); }

// 64 * factor * (i - 128) for each byte i, rounded as Pillow's tables are: half up, then to zero.
std::array<int, 256> ChromaTable(double factor) {
  std::array<int, 256> table;
  for (int i = 0; i < 256; ++i) table[i] = static_cast<int>(factor * 64 * (i - 128) + 0.5);
  return table;
}

}  // namespace

Palette GreyRamp() {
  Palette palette;
  for (size_t i = 0; i < palette.size(); ++i) palette[i] = static_cast<uint8_t>(i / 3);
  return palette;
}

void LookUp(const Palette& palette, const uint8_t* indices, int64_t num_pixels, uint8_t* rgb) {
  for (int64_t i = 0; i < num_pixels; ++i) std::copy_n(&palette[indices[i] * 3], 3, rgb + i * 3);
}

void Unpack(const uint8_t* packed, int bits, int64_t count, uint8_t* values) {
  const int per_byte = 8 / bits, mask = (1 << bits) - 1;
  for (int64_t i = 0; i < count; ++i) {
    const int shift = 8 - bits * static_cast<int>(i % per_byte + 1);
    values[i] = static_cast<uint8_t>(packed[i / per_byte] >> shift & mask);
  }
}

void RgbToGrey(const uint8_t* rgb, int64_t num_pixels, uint8_t* grey) {
  for (int64_t i = 0; i < num_pixels; ++i) {
    const uint8_t* p = rgb + i * 3;
    grey[i] = static_cast<uint8_t>((p[0] * 19595 + p[1] * 38470 + p[2] * 7471 + 0x8000) >> 16);
  }
}

void InvertedCmykToRgb(const uint8_t* cmyk, int64_t num_pixels, uint8_t* rgb) {
  const auto multiply = [](int a, int b) {  // a * b / 255, rounded
    const int product = a * b + 128;
    return (product + (product >> 8)) >> 8;
  };
  for (int64_t i = 0; i < num_pixels; ++i, cmyk += 4, rgb += 3) {
    const int white = cmyk[3];
    for (int c = 0; c < 3; ++c) {
      rgb[c] = static_cast<uint8_t>(white - multiply(255 - cmyk[c], white));
    }
  }
}

void YccToRgb(const uint8_t* ycc, int64_t num_pixels, uint8_t* rgb) {
  static const auto r_cr = ChromaTable(1.402), g_cb = ChromaTable(-0.34414),
                    g_cr = ChromaTable(-0.71414), b_cb = ChromaTable(1.772);
  for (int64_t i = 0; i < num_pixels; ++i, ycc += 3, rgb += 3) {
    const int y = ycc[0], cb = ycc[1], cr = ycc[2];
    rgb[0] = Clamp(y + (r_cr[cr] >> 6));
    rgb[1] = Clamp(y + ((g_cb[cb] + g_cr[cr]) >> 6));
    rgb[2] = Clamp(y + (b_cb[cb] >> 6));
  }
}

}  // namespace mnv4
