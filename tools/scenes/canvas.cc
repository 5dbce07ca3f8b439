#include "canvas.h"

#include <algorithm>
#include <cmath>

namespace mnv4::scenes {
namespace {

float Cubic(float x) {
  x = std::fabs(x);
  if (x < 1) return (1.5f * x - 2.5f) * x * x + 1;
  if (x < 2) return ((-0.5f * x + 2.5f) * x - 4) * x + 2;
  return 0;
}

// The input pixels that one output pixel reads, and their weights.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

std::vector<Taps> MakeTaps(int in, int out) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  const float support = 2 * std::max(scale, 1.0f);
  std::vector<Taps> taps(static_cast<size_t>(out));
  for (int i = 0; i < out; ++i) {
    const float centre = (static_cast<float>(i) + 0.5f) * scale;
    const int first = std::max(0, static_cast<int>(centre - support + 0.5f));
    const int last = std::min(in, static_cast<int>(centre + support + 0.5f));
    Taps& t = taps[static_cast<size_t>(i)];
    t.first = first;
    float sum = 0;
    for (int x = first; x < last; ++x) {
      const float w = Cubic((static_cast<float>(x) + 0.5f - centre) / std::max(scale, 1.0f));
      t.weights.push_back(w);
      sum += w;
    }
    for (float& w : t.weights) w /= sum;
  }
  return taps;
}

void Store(F4 v, uint8_t* out) {
  v = Clamp255(v) + Splat(0.5f);
  for (int c = 0; c < 3; ++c) out[c] = static_cast<uint8_t>(v[c]);
}

}  // namespace

Rgb ToRgb(const Canvas& canvas) {
  Rgb rgb{canvas.side, std::vector<uint8_t>(canvas.pixels.size() * 3)};
  for (size_t i = 0; i < canvas.pixels.size(); ++i) Store(canvas.pixels[i], &rgb.bytes[i * 3]);
  return rgb;
}

Rgb Downscale(const Rgb& picture, int side) {
  if (picture.side == side) return picture;
  const int n = picture.side;
  const auto taps = MakeTaps(n, side);
  std::vector<F4> row(static_cast<size_t>(n));
  std::vector<F4> narrow(static_cast<size_t>(n) * static_cast<size_t>(side));  // [y, x']
  for (int y = 0; y < n; ++y) {
    const uint8_t* in = &picture.bytes[static_cast<size_t>(y) * static_cast<size_t>(n) * 3];
    for (size_t x = 0; x < row.size(); ++x, in += 3) {
      row[x] = F4{static_cast<float>(in[0]), static_cast<float>(in[1]), static_cast<float>(in[2])};
    }
    F4* out = &narrow[static_cast<size_t>(y) * static_cast<size_t>(side)];
    for (size_t x = 0; x < taps.size(); ++x) {
      F4 sum = Splat(0);
      const F4* from = &row[static_cast<size_t>(taps[x].first)];
      for (size_t k = 0; k < taps[x].weights.size(); ++k) {
        sum += from[k] * Splat(taps[x].weights[k]);
      }
      out[x] = sum;
    }
  }
  Rgb small{side, std::vector<uint8_t>(static_cast<size_t>(side) * static_cast<size_t>(side) * 3)};
  std::vector<F4> sums(static_cast<size_t>(side));
  for (size_t y = 0; y < taps.size(); ++y) {
    std::fill(sums.begin(), sums.end(), Splat(0));
    for (size_t k = 0; k < taps[y].weights.size(); ++k) {
      const F4* in = &narrow[(static_cast<size_t>(taps[y].first) + k) * sums.size()];
      const F4 w = Splat(taps[y].weights[k]);
      for (size_t x = 0; x < sums.size(); ++x) sums[x] += in[x] * w;
    }
    for (size_t x = 0; x < sums.size(); ++x) {
      Store(sums[x], &small.bytes[(y * sums.size() + x) * 3]);
    }
  }
  return small;
}

}  // namespace mnv4::scenes
