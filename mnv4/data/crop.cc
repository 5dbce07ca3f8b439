#include "mnv4/data/crop.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace mnv4::data {
namespace {

constexpr int kAttempts = 10;
constexpr double kEvaluationFraction = 0.875;

int RoundHalfToEven(double value) { return static_cast<int>(std::nearbyint(value)); }
int RoundHalfToEven(float value) { return static_cast<int>(std::nearbyint(value)); }

int Below(int n, Random& random) {
  return static_cast<int>(random.Below(static_cast<uint32_t>(n)));
}

// TensorFlow never draws the last place, `spare` itself.
int Offset(int spare, Random& random) { return spare == 0 ? 0 : Below(spare, random); }

// A crop, or what cannot be one.
std::optional<Window> TryGarden(int width, int height, const CropRange& range, Random& random) {
  const auto aspect_min = static_cast<float>(range.aspect_min);
  const auto aspect_max = static_cast<float>(range.aspect_max);
  const float aspect = aspect_min + (aspect_max - aspect_min) * random.UnitFloat();
  const Heights heights = GardenHeights(width, height, range, aspect);
  Window crop;
  crop.height = heights.least;
  if (heights.least < heights.most) {
    crop.height += Below(heights.most - heights.least + 1, random);
  }
  crop.width = GardenWidth(crop.height, aspect);

  const double whole = double{1} * width * height;
  const double least = range.area_min * whole, most = range.area_max * whole;
  const auto area = [&] { return double{1} * crop.width * crop.height; };
  if (area() < least) crop.width = GardenWidth(++crop.height, aspect);
  if (area() > most) crop.width = GardenWidth(--crop.height, aspect);
  if (area() < least || area() > most || crop.width > width || crop.height > height ||
      crop.width <= 0 || crop.height <= 0) {
    return std::nullopt;
  }
  crop.y = Offset(height - crop.height, random);
  crop.x = Offset(width - crop.width, random);
  return crop;
}

}  // namespace

int GardenWidth(int height, float aspect) {
  return RoundHalfToEven(static_cast<float>(height) * aspect);
}

Heights GardenHeights(int width, int height, const CropRange& range, float aspect) {
  const auto side_of = [&](double part) {
    const auto area = static_cast<float>(part * width * height);
    return RoundHalfToEven(std::sqrt(area / aspect));
  };
  Heights heights{side_of(range.area_min), side_of(range.area_max)};
  if (GardenWidth(heights.most, aspect) > width) {
    heights.most = static_cast<int>((width + 0.5 - 1e-7) / aspect);
    if (GardenWidth(heights.most, aspect) > width) --heights.most;
  }
  heights.most = std::min(heights.most, height);
  heights.least = std::min(heights.least, heights.most);
  return heights;
}

Window GardenCrop(int width, int height, const CropRange& range, Random& random) {
  for (int i = 0; i < kAttempts; ++i) {
    const std::optional<Window> crop = TryGarden(width, height, range, random);
    if (!crop) continue;
    if (*crop == Window{0, 0, width, height}) break;
    return *crop;
  }
  return CentreCrop(width, height, kEvaluationFraction);
}

Window CleanCrop(int width, int height, const CropRange& range, Random& random) {
  for (int i = 0; i < kAttempts; ++i) {
    const double area = double{1} * width * height * random.Between(range.area_min, range.area_max);
    const double aspect =
        std::exp(random.Between(std::log(range.aspect_min), std::log(range.aspect_max)));
    Window crop;
    crop.width = RoundHalfToEven(std::sqrt(area * aspect));
    crop.height = RoundHalfToEven(std::sqrt(area / aspect));
    if (crop.width < 1 || crop.height < 1 || crop.width > width || crop.height > height) continue;
    crop.y = Below(height - crop.height + 1, random);
    crop.x = Below(width - crop.width + 1, random);
    return crop;
  }
  Window crop{0, 0, width, height};
  const double aspect = double{1} * width / height;
  if (aspect < range.aspect_min) {
    crop.height = std::clamp(RoundHalfToEven(width / range.aspect_min), 1, height);
  } else if (aspect > range.aspect_max) {
    crop.width = std::clamp(RoundHalfToEven(height * range.aspect_max), 1, width);
  }
  crop.y = (height - crop.height) / 2;
  crop.x = (width - crop.width) / 2;
  return crop;
}

Window CentreCrop(int width, int height, double fraction) {
  const double exact = fraction * std::min(width, height);
  const int side = std::max(1, static_cast<int>(exact));
  const auto offset = [&](int from) {
    return std::min(from - side, static_cast<int>((from - exact) / 2));
  };
  return {offset(width), offset(height), side, side};
}

}  // namespace mnv4::data
