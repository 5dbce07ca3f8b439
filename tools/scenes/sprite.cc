#include "sprite.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace mnv4::scenes {
namespace {

using Bytes4 = uint8_t __attribute__((vector_size(4)));

size_t Offset(const Rgba& p, int x, int y) {
  return (static_cast<size_t>(y) * static_cast<size_t>(p.width) + static_cast<size_t>(x)) * 4;
}

Rgba Blank(int width, int height) {
  return {width, height,
          std::vector<uint8_t>(static_cast<size_t>(width) * static_cast<size_t>(height) * 4)};
}

Rgba Half(const Rgba& in) {
  Rgba out = Blank((in.width + 1) / 2, (in.height + 1) / 2);
  for (int y = 0; y < out.height; ++y) {
    const int y1 = std::min(2 * y + 1, in.height - 1);
    for (int x = 0; x < out.width; ++x) {
      const int x1 = std::min(2 * x + 1, in.width - 1);
      for (size_t c = 0; c < 4; ++c) {
        const int sum = in.bytes[Offset(in, 2 * x, 2 * y) + c] +
                        in.bytes[Offset(in, x1, 2 * y) + c] + in.bytes[Offset(in, 2 * x, y1) + c] +
                        in.bytes[Offset(in, x1, y1) + c];
        out.bytes[Offset(out, x, y) + c] = static_cast<uint8_t>((sum + 2) / 4);
      }
    }
  }
  return out;
}

Rgba CopyWithBorder(const Rgba& in, int left, int top, int width, int height, int border) {
  Rgba out = Blank(width + 2 * border, height + 2 * border);
  for (int y = 0; y < height; ++y) {
    std::memcpy(&out.bytes[Offset(out, border, y + border)], &in.bytes[Offset(in, left, top + y)],
                static_cast<size_t>(width) * 4);
  }
  return out;
}

Sprite MakeSprite(Rgba picture, int border) {
  Sprite sprite{picture.width, picture.height, border, {}};
  for (;;) {
    sprite.levels.push_back(CopyWithBorder(picture, 0, 0, picture.width, picture.height, border));
    if (std::max(picture.width, picture.height) <= 8) return sprite;
    picture = Half(picture);
  }
}

// Bilinear; x and y in pixels of this level, the first pixel's centre at 0, clamped to the level.
inline F4 Sample(const Rgba& level, float x, float y) {
  x = std::clamp(x, 0.0f, static_cast<float>(level.width) - 1.001f);
  y = std::clamp(y, 0.0f, static_cast<float>(level.height) - 1.001f);
  const int ix = static_cast<int>(x), iy = static_cast<int>(y);
  const uint8_t* p = level.bytes.data() + Offset(level, ix, iy);
  const auto load = [](const uint8_t* at) {
    Bytes4 bytes;
    std::memcpy(&bytes, at, 4);
    return __builtin_convertvector(bytes, F4);
  };
  const ptrdiff_t row = static_cast<ptrdiff_t>(level.width) * 4;
  const float fx = x - static_cast<float>(ix);
  return Lerp(Lerp(load(p), load(p + 4), fx), Lerp(load(p + row), load(p + row + 4), fx),
              y - static_cast<float>(iy));
}

// The level whose pixels are nearest in size to the canvas's; a little on the sharp side.
size_t PickLevel(const Sprite& sprite, float scale, int extra) {
  const int level = static_cast<int>(std::floor(std::log2(std::max(scale, 1.0f)) + 0.4f)) + extra;
  return static_cast<size_t>(std::clamp(level, 0, static_cast<int>(sprite.levels.size()) - 1));
}

// to_sprite in pixels of `level`, its border included.
Affine ToLevel(const Affine& a, const Sprite& sprite, size_t level) {
  const float s = std::ldexp(1.0f, -static_cast<int>(level));
  const float shift = static_cast<float>(sprite.border) + 0.5f * s - 0.5f;
  return {a.xx * s, a.xy * s, a.x0 * s + shift, a.yx * s, a.yy * s, a.y0 * s + shift};
}

// The part of a canvas row that can fall inside a sprite; a pixel wider, the caller looks again.
struct Span {
  float lo, hi;
  // Keeps the x with 0 < slope * x + offset < limit.
  void Cut(float slope, float offset, float limit) {
    if (std::fabs(slope) < 1e-6f) return;
    const float a = -offset / slope, b = (limit - offset) / slope;
    lo = std::max(lo, std::min(a, b) - 1);
    hi = std::min(hi, std::max(a, b) + 2);
  }
};

}  // namespace

Sprite MakeStamp(Rgba picture, int max_long_side) {
  int left = picture.width, top = picture.height, right = 0, bottom = 0;
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      uint8_t* p = &picture.bytes[Offset(picture, x, y)];
      for (int c = 0; c < 3; ++c) p[c] = static_cast<uint8_t>((p[c] * p[3] + 127) / 255);
      if (p[3] < 16) continue;
      left = std::min(left, x), right = std::max(right, x + 1);
      top = std::min(top, y), bottom = std::max(bottom, y + 1);
    }
  }
  if (left < right) {
    picture = CopyWithBorder(picture, left, top, right - left, bottom - top, 0);
  }
  while (std::max(picture.width, picture.height) > max_long_side) picture = Half(picture);
  return MakeSprite(std::move(picture), 2);
}

Sprite MakePhoto(Rgba picture, int max_short_side) {
  while (std::min(picture.width, picture.height) > max_short_side) picture = Half(picture);
  return MakeSprite(std::move(picture), 0);
}

void FillWith(const Sprite& photo, const Affine& to_photo, Canvas* canvas) {
  const size_t index = PickLevel(photo, to_photo.Scale(), 0);
  const Rgba& level = photo.levels[index];
  const Affine a = ToLevel(to_photo, photo, index);
  for (int y = 0; y < canvas->side; ++y) {
    F4* row = canvas->Row(y);
    const float fy = static_cast<float>(y);
    for (int x = 0; x < canvas->side; ++x) {
      const float fx = static_cast<float>(x);
      row[x] = Sample(level, a.xx * fx + a.xy * fy + a.x0, a.yx * fx + a.yy * fy + a.y0);
    }
  }
}

void DrawOver(const Sprite& stamp, const Affine& to_stamp, const Tone& tone, int extra_levels,
              Canvas* canvas) {
  const size_t index = PickLevel(stamp, to_stamp.Scale(), extra_levels);
  const Rgba& level = stamp.levels[index];
  const Affine a = ToLevel(to_stamp, stamp, index);
  const float width = static_cast<float>(level.width - 1);
  const float height = static_cast<float>(level.height - 1);
  for (int y = 0; y < canvas->side; ++y) {
    F4* row = canvas->Row(y);
    const float fy = static_cast<float>(y);
    Span span{0, static_cast<float>(canvas->side)};
    span.Cut(a.xx, a.xy * fy + a.x0, width);
    span.Cut(a.yx, a.yy * fy + a.y0, height);
    for (int x = static_cast<int>(span.lo); x < static_cast<int>(span.hi); ++x) {
      const float fx = static_cast<float>(x);
      const float u = a.xx * fx + a.xy * fy + a.x0, v = a.yx * fx + a.yy * fy + a.y0;
      if (u <= 0 || v <= 0 || u >= width || v >= height) continue;
      F4 colour = Sample(level, u, v);
      if (colour[3] == 0) continue;
      const float alpha = colour[3] * tone.gain[3] * (1 / 255.0f);
      colour = Lerp(Grey(colour), colour, tone.saturation) * tone.gain;
      const F4 top = Splat(255 * alpha);
      colour = colour > top ? top : colour;
      row[x] = colour + row[x] * Splat(1 - alpha);
    }
  }
}

}  // namespace mnv4::scenes
