#pragma once
// The picture a scene is painted on: square, four floats a pixel (R, G, B in 0..255, one unused),
// so that every effect is one vector operation a pixel in g++'s and clang's vector extension.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mnv4::scenes {

using F4 = float __attribute__((vector_size(16)));

inline F4 Splat(float v) { return F4{v, v, v, v}; }
inline F4 Lerp(F4 a, F4 b, float t) { return a + (b - a) * Splat(t); }
inline F4 Clamp255(F4 v) {
  const F4 zero = Splat(0), top = Splat(255);
  v = v < zero ? zero : v;
  return v > top ? top : v;
}
inline F4 Grey(F4 v) { return Splat(0.299f * v[0] + 0.587f * v[1] + 0.114f * v[2]); }

struct Canvas {
  explicit Canvas(int n) : side(n), pixels(static_cast<size_t>(n) * static_cast<size_t>(n)) {}
  F4* Row(int y) { return pixels.data() + static_cast<size_t>(y) * static_cast<size_t>(side); }
  const F4* Row(int y) const {
    return pixels.data() + static_cast<size_t>(y) * static_cast<size_t>(side);
  }
  int side;
  std::vector<F4> pixels;
};

/// Packed 8-bit RGB, square.
struct Rgb {
  int side = 0;
  std::vector<uint8_t> bytes;
};

Rgb ToRgb(const Canvas& canvas);
/// Pillow's antialiased bicubic (a = -0.5), in floats: what preprocessing does to larger pictures.
Rgb Downscale(const Rgb& picture, int side);

}  // namespace mnv4::scenes
