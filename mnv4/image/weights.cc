#include "mnv4/image/weights.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "mnv4/base/check.h"

namespace mnv4 {
namespace {

// Every expression below keeps Pillow's order of operations: a weight one ulp off may round to
// another integer, and the box filter decides by comparing with 0.5.

double Box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

double Triangle(double x) {
  x = std::abs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

double Hamming(double x) {
  x = std::abs(x);
  if (x == 0.0) return 1.0;
  if (x >= 1.0) return 0.0;
  x *= std::numbers::pi;
  return std::sin(x) / x * (0.54f + 0.46f * std::cos(x));  // float constants, as in Pillow
}

double Cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

double Sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double Lanczos(double x) { return -3.0 <= x && x < 3.0 ? Sinc(x) * Sinc(x / 3) : 0.0; }

struct Filter {
  double (*at)(double);
  double support;  // source pixels to each side, when enlarging
};

Filter FilterOf(Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::kBox:
      return {Box, 0.5};
    case Interpolation::kBilinear:
      return {Triangle, 1.0};
    case Interpolation::kHamming:
      return {Hamming, 1.0};
    case Interpolation::kBicubic:
      return {Cubic, 2.0};
    case Interpolation::kLanczos:
      return {Lanczos, 3.0};
    case Interpolation::kNearest:
      break;  // has windows of one pixel instead
  }
  MNV4_CHECK(false);
}

int32_t ToFixed(double weight) {
  const double scaled = weight * (1 << AxisWeights::kBits);
  return static_cast<int32_t>(weight < 0 ? scaled - 0.5 : scaled + 0.5);
}

using Window = AxisWeights::Window;

// Pillow steps from centre to centre by adding, so the rounding errors add up.
std::vector<Window> NearestWindows(const AxisResize& axis) {
  const double scale = static_cast<double>(axis.from) / axis.to;
  std::vector<Window> windows;
  double center = scale * 0.5;
  for (int i = 0; i < axis.begin + axis.kept; ++i, center += scale) {
    if (i < axis.begin) continue;
    windows.push_back({std::min(static_cast<int>(center), axis.from - 1), 1});
  }
  return windows;
}

Window FilterWindow(int from, double center, double support) {
  const int first = std::max(static_cast<int>(center - support + 0.5), 0);
  const int end = std::min(static_cast<int>(center + support + 0.5), from);
  return {first, end - first};
}

// The weights of one window, normalised to a sum of 1.
void FillWeights(const Filter& filter, Window window, double center, double inverse_scale,
                 std::vector<double>& weights) {
  weights.clear();
  double sum = 0.0;
  for (int t = 0; t < window.count; ++t) {
    weights.push_back(filter.at((t + window.first - center + 0.5) * inverse_scale));
    sum += weights.back();
  }
  if (sum != 0.0) {
    for (double& weight : weights) weight /= sum;
  }
}

void Reserve(AxisWeights& weights) {
  int largest = 0;
  for (const Window& window : weights.windows) largest = std::max(largest, window.count);
  constexpr int m = AxisWeights::kMultiple;
  weights.stride = (largest + m - 1) / m * m;
  weights.fixed.resize(weights.windows.size() * weights.stride);
}

void Mirror(int from, AxisWeights& weights) {
  std::reverse(weights.windows.begin(), weights.windows.end());
  std::reverse(weights.fixed.begin(), weights.fixed.end());  // now zeros come first
  for (int i = 0; i < weights.outputs(); ++i) {
    Window& window = weights.windows[i];
    window.first = from - window.first - window.count;
    const auto taps = weights.fixed.begin() + int64_t{i} * weights.stride;
    std::rotate(taps, taps + (weights.stride - window.count), taps + weights.stride);
  }
}

void Split(AxisWeights& weights) {
  weights.low.reserve(weights.fixed.size());
  weights.high.reserve(weights.fixed.size());
  for (int32_t weight : weights.fixed) {
    const auto low = static_cast<int16_t>(weight & 0xffff);  // signed, so `high` makes up for it
    weights.low.push_back(low);
    weights.high.push_back(static_cast<int16_t>((weight - low) >> 16));
  }
}

}  // namespace

AxisWeights ComputeWeights(const AxisResize& axis, Interpolation interpolation) {
  MNV4_CHECK(axis.from > 0 && axis.begin >= 0 && axis.kept > 0 &&
             axis.kept <= axis.to - axis.begin);
  AxisWeights weights;
  if (interpolation == Interpolation::kNearest) {
    weights.windows = NearestWindows(axis);
    Reserve(weights);
    for (int i = 0; i < axis.kept; ++i) {
      weights.fixed[int64_t{i} * weights.stride] = 1 << AxisWeights::kBits;
    }
  } else {
    const Filter filter = FilterOf(interpolation);
    const double scale = static_cast<double>(axis.from) / axis.to;
    const double filter_scale = std::max(scale, 1.0);
    const double support = filter.support * filter_scale;
    const auto center = [&](int i) { return (axis.begin + i + 0.5) * scale; };
    for (int i = 0; i < axis.kept; ++i) {
      weights.windows.push_back(FilterWindow(axis.from, center(i), support));
    }
    Reserve(weights);
    std::vector<double> taps;
    for (int i = 0; i < axis.kept; ++i) {
      FillWeights(filter, weights.windows[i], center(i), 1.0 / filter_scale, taps);
      std::transform(taps.begin(), taps.end(), &weights.fixed[int64_t{i} * weights.stride],
                     ToFixed);
    }
  }
  if (axis.mirrored) Mirror(axis.from, weights);
  Split(weights);
  return weights;
}

}  // namespace mnv4
