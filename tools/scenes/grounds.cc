#include "grounds.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace mnv4::scenes {
namespace {

constexpr float kTurn = 2 * std::numbers::pi_v<float>;

// One number a pixel, about 0..1.
using Field = std::vector<float>;

template <class Function>  // float(float x, float y); x, y from -0.5 to 0.5, turned by a random
                           // angle
                           Field MakeField(int side, Rng& rng, Function value) {
  const float angle = rng.Between(0, kTurn), c = std::cos(angle), s = std::sin(angle);
  const float step = 1 / static_cast<float>(side);
  Field field;
  field.reserve(static_cast<size_t>(side) * static_cast<size_t>(side));
  for (int iy = 0; iy < side; ++iy) {
    const float y = (static_cast<float>(iy) + 0.5f) * step - 0.5f;
    for (int ix = 0; ix < side; ++ix) {
      const float x = (static_cast<float>(ix) + 0.5f) * step - 0.5f;
      field.push_back(value(c * x - s * y, s * x + c * y));
    }
  }
  return field;
}

// Adds a lattice of random heights, `cells` across, smoothly interpolated.
void AddNoise(int side, float cells, float height, Rng& rng, Field* field) {
  const int n = static_cast<int>(cells) + 3;
  const size_t width = static_cast<size_t>(n);
  Field lattice(width * width), line(width);
  for (float& v : lattice) v = rng.Between(-height, height);
  const float step = cells / static_cast<float>(side);
  const auto smooth = [](float t) { return t * t * (3 - 2 * t); };
  float* out = field->data();
  for (int iy = 0; iy < side; ++iy) {
    const float y = static_cast<float>(iy) * step;
    const size_t row = static_cast<size_t>(y);
    const float ty = smooth(y - static_cast<float>(row));
    for (size_t i = 0; i < width; ++i) {
      line[i] = std::lerp(lattice[row * width + i], lattice[(row + 1) * width + i], ty);
    }
    for (int ix = 0; ix < side; ++ix) {
      const float x = static_cast<float>(ix) * step;
      const size_t i = static_cast<size_t>(x);
      *out++ += line[i] + (line[i + 1] - line[i]) * smooth(x - static_cast<float>(i));
    }
  }
}

Field Clouds(int side, Rng& rng) {
  Field field(static_cast<size_t>(side) * static_cast<size_t>(side), 0.5f);
  float cells = rng.Between(1.5f, 10), height = 0.5f;
  const float fade = rng.Between(0.4f, 0.8f);
  for (int octave = 0; octave < 4 && cells < static_cast<float>(side); ++octave) {
    AddNoise(side, cells, height, rng, &field);
    cells *= 2, height *= fade;
  }
  return field;
}

// A wave of period 1 between 0 and 1, from a sine (edge 0.5) to nearly square (edge 8).
float Wave(float t, float edge) {
  return std::clamp(0.5f + edge * std::sin(kTurn * t), 0.0f, 1.0f);
}
float Fraction(float t) { return t - std::floor(t); }

Field TrainTexture(int side, Rng& rng) {
  const float count = rng.Between(2, 16), edge = rng.Between(0.5f, 6);
  const float stretch = rng.Between(0.5f, 2), duty = rng.Between(-0.3f, 0.3f);
  switch (rng.Below(4)) {
    case 0:  // stripes
      return MakeField(side, rng, [=](float x, float) { return Wave(x * count, edge) + duty; });
    case 1:  // checks
      return MakeField(side, rng, [=](float x, float y) {
        return std::fabs(Wave(x * count, edge) - Wave(y * count * stretch, edge));
      });
    case 2:  // dots
      return MakeField(side, rng, [=](float x, float y) {
        const float u = Fraction(x * count) - 0.5f, v = Fraction(y * count) - 0.5f;
        return std::clamp((0.4f + duty / 2 - std::hypot(u, v)) * 8, 0.0f, 1.0f);
      });
    default:
      return Clouds(side, rng);
  }
}

Field HeldoutTexture(int side, Rng& rng) {
  const float count = rng.Between(2, 12), edge = rng.Between(0.5f, 4);
  const float cx = rng.Between(-0.6f, 0.6f), cy = rng.Between(-0.6f, 0.6f);
  switch (rng.Below(4)) {
    case 0:  // rings
      return MakeField(side, rng, [=](float x, float y) {
        return Wave(std::hypot(x - cx, y - cy) * count, edge);
      });
    case 1:  // bricks
      return MakeField(side, rng, [=](float x, float y) {
        const float row = std::floor(y * count);
        const float u = Fraction(x * count / 2 + row / 2), v = Fraction(y * count);
        return u < 0.06f || v < 0.12f ? 0.0f : 0.8f + 0.2f * Fraction(row * 0.37f);
      });
    case 2: {  // marble: stripes bent by noise
      Field bend(static_cast<size_t>(side) * static_cast<size_t>(side), 0.0f);
      AddNoise(side, rng.Between(2, 5), 0.5f, rng, &bend);
      AddNoise(side, rng.Between(6, 12), 0.15f, rng, &bend);
      Field field = MakeField(side, rng, [=](float x, float) { return x * count / 2; });
      for (size_t i = 0; i < field.size(); ++i) field[i] = Wave(field[i] + bend[i], 0.5f);
      return field;
    }
    default: {  // cells, each of one shade: the nearest of a handful of points
      struct Point {
        float x, y, shade;
      };
      std::vector<Point> points(static_cast<size_t>(6 + rng.Below(18)));
      for (Point& p : points) {
        p = {rng.Between(-0.7f, 0.7f), rng.Between(-0.7f, 0.7f), rng.Unit()};
      }
      return MakeField(side, rng, [&](float x, float y) {
        float nearest = 9, shade = 0;
        for (const Point& p : points) {
          const float d = (x - p.x) * (x - p.x) + (y - p.y) * (y - p.y);
          if (d < nearest) nearest = d, shade = p.shade;
        }
        return shade;
      });
    }
  }
}

Field Plain(Split split, int side, Rng& rng) {
  if (split == Split::kHeldout) {  // round gradients: a spot of light, a vignette
    const float cx = rng.Between(-0.5f, 0.5f), cy = rng.Between(-0.5f, 0.5f);
    const float reach = rng.Between(0.5f, 1.5f);
    return MakeField(side, rng,
                     [=](float x, float y) { return std::hypot(x - cx, y - cy) / reach; });
  }
  const float offset = rng.Between(-0.4f, 0.4f);
  switch (rng.Below(3)) {
    case 0:
      return Field(static_cast<size_t>(side) * static_cast<size_t>(side), 0.0f);
    case 1:  // a straight gradient
      return MakeField(side, rng, [](float x, float) { return x + 0.5f; });
    default:  // a floor and a wall
      return MakeField(side, rng,
                       [=](float x, float) { return std::clamp((x - offset) * 60, 0.0f, 1.0f); });
  }
}

void PaintField(const Field& field, F4 low, F4 high, Canvas* canvas) {
  for (size_t i = 0; i < field.size(); ++i) {
    canvas->pixels[i] = Lerp(low, high, std::clamp(field[i], 0.0f, 1.0f));
  }
}

// A square window of the photograph, slightly turned, with its own light.
void PaintPhoto(const Sprite& photo, Rng& rng, Canvas* canvas) {
  const float n = static_cast<float>(canvas->side);
  const float width = static_cast<float>(photo.width), height = static_cast<float>(photo.height);
  float angle = rng.Between(-0.25f, 0.25f);
  if (rng.Chance(0.2f)) angle += kTurn / 4;
  const float c = std::cos(angle), s = std::sin(angle);
  const float reach = std::fabs(c) + std::fabs(s);  // side of the turned window's box
  const float window = std::min(width, height) / reach * rng.Between(0.2f, 1);
  const float margin = window * reach / 2;
  const float cx = rng.Between(margin, width - margin), cy = rng.Between(margin, height - margin);
  const float scale = window / n, flip = rng.Chance(0.5f) ? -1.0f : 1.0f, half = (n - 1) / 2;
  Affine a{c * scale * flip, -s * scale, 0, s * scale * flip, c * scale, 0};
  a.x0 = cx - (a.xx + a.xy) * half;
  a.y0 = cy - (a.yx + a.yy) * half;
  FillWith(photo, a, canvas);
  F4 gain = Splat(rng.Between(0.6f, 1.3f));
  for (int i = 0; i < 3; ++i) gain[i] *= rng.Between(0.85f, 1.15f);
  const float saturation = rng.Between(0.3f, 1.2f);
  for (F4& p : canvas->pixels) p = Clamp255(Lerp(Grey(p), p, saturation) * gain);
}

}  // namespace

F4 RandomColour(Rng& rng) {
  F4 colour{rng.Between(0, 255), rng.Between(0, 255), rng.Between(0, 255), 0};
  if (rng.Chance(0.4f)) {
    const float grey = std::clamp(rng.Between(-40, 295), 0.0f, 255.0f);
    colour = Lerp(Splat(grey), colour, 0.1f * rng.Unit());
  }
  return colour;
}

void PaintGround(Split split, std::span<const Sprite> photos, Rng& rng, Canvas* canvas) {
  const float kind = rng.Unit();
  if (kind < 0.5f && !photos.empty()) {
    PaintPhoto(photos[static_cast<size_t>(rng.Below(static_cast<int>(photos.size())))], rng,
               canvas);
    return;
  }
  const F4 low = RandomColour(rng);
  F4 high = RandomColour(rng);
  const bool plain = kind > 0.75f;
  high = Lerp(low, high, rng.Between(plain ? 0.1f : 0.2f, 1));
  const int side = canvas->side;
  Field field = plain                      ? Plain(split, side, rng)
                : split == Split::kHeldout ? HeldoutTexture(side, rng)
                                           : TrainTexture(side, rng);
  if (!plain && rng.Chance(0.5f)) {
    AddNoise(side, rng.Between(8, static_cast<float>(side) / 2), 0.15f, rng, &field);
  }
  PaintField(field, low, high, canvas);
}

}  // namespace mnv4::scenes
