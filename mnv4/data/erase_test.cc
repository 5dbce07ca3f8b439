#include "mnv4/data/erase.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace mnv4::data {
namespace {

struct Box {
  int top = 1 << 20, left = 1 << 20, bottom = 0, right = 0;
  int changed = 0;
};

constexpr float kUntouched = 1000;

Box Erased(int height, int width, uint64_t index, std::vector<float>& pixels) {
  pixels.assign(size_t{3} * height * width, kUntouched);
  Random random(1, Use::kSample, 0, index);
  EraseRectangle(height, width, 3, random, pixels);
  Box box;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (pixels[3 * (y * width + x)] == kUntouched) continue;
      box.top = std::min(box.top, y);
      box.left = std::min(box.left, x);
      box.bottom = std::max(box.bottom, y + 1);
      box.right = std::max(box.right, x + 1);
      ++box.changed;
    }
  }
  return box;
}

TEST(EraseRectangle, FillsOneRectangleOfALegalShape) {
  std::vector<float> pixels;
  for (uint64_t i = 0; i < 300; ++i) {
    const Box box = Erased(64, 96, i, pixels);
    const int h = box.bottom - box.top, w = box.right - box.left;
    ASSERT_EQ(box.changed, h * w);
    ASSERT_NEAR(h * w / (64.0 * 96), 0.18, 0.17);
    ASSERT_LT(std::abs(std::log(double{1} * h / w)), std::log(1 / 0.3) + 0.1);
  }
}

TEST(EraseRectangle, FillsWithNormalNoise) {
  std::vector<float> pixels;
  double sum = 0, squares = 0;
  int n = 0;
  for (uint64_t i = 0; i < 30; ++i) {
    Erased(64, 64, i, pixels);
    for (const float value : pixels) {
      if (value == kUntouched) continue;
      sum += value;
      squares += double{value} * value;
      ++n;
    }
  }
  EXPECT_NEAR(sum / n, 0, 0.02);
  EXPECT_NEAR(squares / n, 1, 0.03);
}

TEST(EraseRectangle, LeavesAlonePicturesThatAreTooSmall) {
  std::vector<float> pixels;
  EXPECT_EQ(Erased(1, 1, 0, pixels).changed, 0);
}

}  // namespace
}  // namespace mnv4::data
