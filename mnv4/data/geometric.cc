#include "mnv4/data/geometric.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace mnv4::data {
namespace {

constexpr uint8_t kGrey = 128;

// Half away from zero, of what is not negative; at + 0.5 would round 0.49999997 up.
int Nearest(float at) {
  const int whole = static_cast<int>(at);
  return at - static_cast<float>(whole) >= 0.5f ? whole + 1 : whole;
}

// Reflect, which few pixels need.
float Inside(float at, int length) {
  return at >= 0 && at <= static_cast<float>(length - 1) ? at : Reflect(at, length);
}

// To 15 decimals, as Pillow: right angles become exact.
double Rounded(double value) {
  const double scaled = value * 1e15;
  double whole = std::nearbyint(scaled);
  // The product may have been rounded to a tie: what it lost says on which side it is.
  const double rest = (scaled - whole) + std::fma(value, 1e15, -scaled);
  if (rest > 0.5) ++whole;
  if (rest < -0.5) --whole;
  return whole / 1e15;
}

template <int kChannels>
void WarpGarden(const Affine& m, const Image& from, Image& to) {
  const auto a = static_cast<float>(m.a), b = static_cast<float>(m.b), c = static_cast<float>(m.c);
  const auto d = static_cast<float>(m.d), e = static_cast<float>(m.e), f = static_cast<float>(m.f);
  uint8_t* out = to.pixels.data();
  for (int y = 0; y < to.height; ++y) {
    const float row_x = b * static_cast<float>(y), row_y = e * static_cast<float>(y);
    for (int x = 0; x < to.width; ++x, out += kChannels) {
      const auto column = static_cast<float>(x);
      const int from_x = Nearest(Inside(a * column + row_x + c, from.width));
      const int from_y = Nearest(Inside(d * column + row_y + f, from.height));
      const uint8_t* pixel = &from.pixels[(size_t{1} * from_y * from.width + from_x) * kChannels];
      for (int channel = 0; channel < kChannels; ++channel) out[channel] = pixel[channel];
    }
  }
}

// As Pillow: a point outside the picture is grey; inside, neighbours are clamped to it.
template <int kChannels>
void WarpClean(const Affine& m, const Image& from, Image& to) {
  uint8_t* out = to.pixels.data();
  for (int y = 0; y < to.height; ++y) {
    for (int x = 0; x < to.width; ++x, out += kChannels) {
      const double at_x = m.a * (x + 0.5) + m.b * (y + 0.5) + m.c;
      const double at_y = m.d * (x + 0.5) + m.e * (y + 0.5) + m.f;
      if (!(at_x >= 0 && at_x < from.width && at_y >= 0 && at_y < from.height)) {
        std::fill_n(out, kChannels, kGrey);
        continue;
      }
      const double left = at_x - 0.5, up = at_y - 0.5;
      const double floor_x = std::floor(left), floor_y = std::floor(up);
      const double part_x = left - floor_x, part_y = up - floor_y;
      const int x0 = std::max(0, static_cast<int>(floor_x));
      const int x1 = std::min(from.width - 1, static_cast<int>(floor_x) + 1);
      const int y0 = std::max(0, static_cast<int>(floor_y));
      const int y1 = std::min(from.height - 1, static_cast<int>(floor_y) + 1);
      const uint8_t* top = &from.pixels[size_t{1} * y0 * from.width * kChannels];
      const uint8_t* bottom = &from.pixels[size_t{1} * y1 * from.width * kChannels];
      for (int c = 0; c < kChannels; ++c) {
        const auto between = [&](const uint8_t* row) {
          const int a = row[x0 * kChannels + c], b = row[x1 * kChannels + c];
          return a + (b - a) * part_x;
        };
        const double above = between(top);
        out[c] = static_cast<uint8_t>(above + (between(bottom) - above) * part_y);
      }
    }
  }
}

}  // namespace

Affine ShearX(double factor) { return {.b = factor}; }
Affine ShearY(double factor) { return {.d = factor}; }
Affine TranslateX(double pixels) { return {.c = pixels}; }
Affine TranslateY(double pixels) { return {.f = pixels}; }

Affine Rotate(double degrees, int width, int height, Profile profile) {
  const double angle = degrees * std::numbers::pi / 180;
  // Whole coordinates turn about the middle of the last one, middles about the middle of all.
  const double w = profile == Profile::kGarden ? width - 1 : width;
  const double h = profile == Profile::kGarden ? height - 1 : height;
  const double cosine = Rounded(std::cos(angle)), sine = Rounded(std::sin(angle));
  return {.a = cosine,
          .b = -sine,
          .c = w / 2 - (cosine * (w / 2) - sine * (h / 2)),
          .d = sine,
          .e = cosine,
          .f = h / 2 - (sine * (w / 2) + cosine * (h / 2))};
}

float Reflect(float at, int length) {
  const auto last = static_cast<float>(length - 1);
  const auto size = static_cast<float>(length);
  const float period = 2 * size;
  if (at < 0) {
    if (at < -period) at += period * std::trunc(-at / period);
    at = at < -size ? at + period : -at - 1;
  } else {
    at -= period * std::trunc(at / period);
    if (at >= size) at = period - at - 1;
  }
  return std::clamp(at, 0.0f, last);
}

void Warp(const Affine& affine, Profile profile, Image& image) {
  Image out{image.width, image.height, image.channels, {}};
  out.pixels.resize(image.pixels.size());
  const bool colour = image.channels == 3;
  if (profile == Profile::kGarden) {
    colour ? WarpGarden<3>(affine, image, out) : WarpGarden<1>(affine, image, out);
  } else {
    colour ? WarpClean<3>(affine, image, out) : WarpClean<1>(affine, image, out);
  }
  image = std::move(out);
}

}  // namespace mnv4::data
