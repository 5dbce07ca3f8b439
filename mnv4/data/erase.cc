#include "mnv4/data/erase.h"

#include <cmath>

#include "mnv4/base/check.h"

namespace mnv4::data {

void EraseRectangle(int height, int width, int channels, Random& random, std::span<float> pixels) {
  constexpr int kAttempts = 10;
  constexpr double kLeastArea = 0.02, kMostArea = 1.0 / 3, kLeastAspect = 0.3;
  MNV4_CHECK(pixels.size() == size_t{1} * height * width * channels);
  const double log_aspect = std::log(1 / kLeastAspect);
  for (int i = 0; i < kAttempts; ++i) {
    const double area = random.Between(kLeastArea, kMostArea) * height * width;
    const double aspect = std::exp(random.Between(-log_aspect, log_aspect));
    const auto h = static_cast<int>(std::nearbyint(std::sqrt(area * aspect)));
    const auto w = static_cast<int>(std::nearbyint(std::sqrt(area / aspect)));
    if (h >= height || w >= width) continue;
    const auto top = random.Below(static_cast<uint32_t>(height - h + 1));
    const auto left = random.Below(static_cast<uint32_t>(width - w + 1));
    for (int y = 0; y < h; ++y) {
      float* row = &pixels[((size_t{1} * top + y) * width + left) * channels];
      for (int j = 0; j < w * channels; ++j) row[j] = static_cast<float>(random.Normal());
    }
    return;
  }
}

}  // namespace mnv4::data
