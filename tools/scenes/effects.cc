#include "effects.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace mnv4::scenes {

void DrawShape(const Shape& shape, Canvas* canvas) {
  const float c = std::cos(shape.angle), s = std::sin(shape.angle);
  const float reach = std::hypot(shape.rx, shape.ry) + 1;
  const auto clip = [&](float v) { return std::clamp(static_cast<int>(v), 0, canvas->side); };
  const float small = std::min(shape.rx, shape.ry);
  for (int y = clip(shape.cy - reach); y < clip(shape.cy + reach + 1); ++y) {
    for (int x = clip(shape.cx - reach); x < clip(shape.cx + reach + 1); ++x) {
      const float dx = static_cast<float>(x) - shape.cx, dy = static_cast<float>(y) - shape.cy;
      const float u = (c * dx + s * dy) / shape.rx, v = (c * dy - s * dx) / shape.ry;
      float inside = 0;  // distance to the outline, about in pixels
      switch (shape.kind) {
        case ShapeKind::kEllipse:
          inside = (1 - std::hypot(u, v)) * small;
          break;
        case ShapeKind::kRectangle:
          inside = std::min((1 - std::fabs(u)) * shape.rx, (1 - std::fabs(v)) * shape.ry);
          break;
        case ShapeKind::kTriangle:
          inside = std::min(1 - v, (1 + v) / 2 - std::fabs(u)) * small;
          break;
      }
      const float alpha = std::clamp(inside + 0.5f, 0.0f, 1.0f) * shape.opacity;
      if (alpha == 0) continue;
      F4& pixel = canvas->Row(y)[x];
      pixel = Lerp(pixel, Lerp(shape.colour, shape.colour2, (u + 1) / 2), alpha);
    }
  }
}

void ApplyLight(Rng& rng, Canvas* canvas) {
  const float n = static_cast<float>(canvas->side);
  const float angle = rng.Between(0, 2 * std::numbers::pi_v<float>);
  const float ramp = rng.Between(0, 0.5f);
  const float dx = ramp * std::cos(angle) / n, dy = ramp * std::sin(angle) / n;
  const float contrast = rng.Between(0.7f, 1.2f), warmth = rng.Between(-0.1f, 0.1f);
  F4 gain = Splat(rng.Between(0.65f, 1.25f));
  gain *= F4{1 + warmth, 1, 1 - warmth, 1};
  const F4 pivot = Splat(rng.Between(90, 150));
  for (int y = 0; y < canvas->side; ++y) {
    F4* row = canvas->Row(y);
    for (int x = 0; x < canvas->side; ++x) {
      const float light =
          1 + dx * (static_cast<float>(x) - n / 2) + dy * (static_cast<float>(y) - n / 2);
      row[x] = Clamp255(((row[x] - pivot) * Splat(contrast) + pivot) * gain * Splat(light));
    }
  }
}

void Blur(float sigma, Canvas* canvas) {
  const int radius = std::max(1, static_cast<int>(std::ceil(2.5f * sigma)));
  std::vector<float> taps;
  float sum = 0;
  for (int i = -radius; i <= radius; ++i) {
    const float t = static_cast<float>(i) / sigma;
    taps.push_back(std::exp(-0.5f * t * t));
    sum += taps.back();
  }
  for (float& t : taps) t /= sum;
  const int n = canvas->side;
  // Filters rows and stores them as columns; twice gives both directions and the order back.
  const auto pass = [&](const Canvas& in, Canvas* out) {
    std::vector<F4> line(static_cast<size_t>(n + 2 * radius));
    for (int y = 0; y < n; ++y) {
      const F4* row = in.Row(y);
      for (int x = -radius; x < n + radius; ++x) {
        line[static_cast<size_t>(x + radius)] = row[std::clamp(x, 0, n - 1)];
      }
      for (int x = 0; x < n; ++x) {
        const F4* from = &line[static_cast<size_t>(x)];
        F4 total = Splat(0);
        for (size_t i = 0; i < taps.size(); ++i) total += from[i] * Splat(taps[i]);
        out->Row(x)[y] = total;
      }
    }
  };
  Canvas turned(n);
  pass(*canvas, &turned);
  pass(turned, canvas);
}

void AddSensorNoise(float sigma, Rng& rng, Canvas* canvas) {
  // The sum of two uniforms, each of 10 bits: standard deviation 1024 / sqrt(6).
  const float scale = sigma * 2.44949f / 1024;
  for (F4& p : canvas->pixels) {
    const uint64_t bits = rng.Bits();
    F4 noise = Splat(0);
    for (int c = 0; c < 3; ++c) {
      const auto a = (bits >> (20 * c)) & 1023, b = (bits >> (20 * c + 10)) & 1023;
      noise[c] = static_cast<float>(static_cast<int>(a + b) - 1023) * scale;
    }
    p = Clamp255(p + noise);
  }
}

}  // namespace mnv4::scenes
