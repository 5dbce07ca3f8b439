#include "mnv4/data/bilinear.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "mnv4/image/synthetic_pixels.h"

namespace mnv4::data {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;

TEST(ResizeBilinear, KeepsPicturesOfTheRightSize) {
  const Image image = SyntheticPixels(7, 5, 3);
  const std::vector<float> same = ResizeBilinear(image.view(), false, 7, 5);
  EXPECT_TRUE(std::equal(same.begin(), same.end(), image.pixels.begin(), image.pixels.end()));
}

TEST(ResizeBilinear, HasHalfPixelCentresAndClampedBorders) {
  const Image two{2, 1, 1, {0, 100}};
  EXPECT_THAT(ResizeBilinear(two.view(), false, 4, 1), ElementsAre(0, 25, 75, 100));
  EXPECT_THAT(ResizeBilinear(two.view(), true, 4, 1), ElementsAre(100, 75, 25, 0));
  const Image column{1, 2, 1, {0, 100}};
  EXPECT_THAT(ResizeBilinear(column.view(), false, 1, 4), ElementsAre(0, 25, 75, 100));
}

TEST(ResizeBilinear, DoesNotAntialias) {
  const Image image{8, 1, 1, {0, 1, 2, 3, 4, 5, 6, 7}};
  EXPECT_THAT(ResizeBilinear(image.view(), false, 2, 1), ElementsAre(1.5f, 5.5f));
  const Image spike{8, 1, 1, {0, 0, 0, 255, 0, 0, 0, 0}};
  EXPECT_THAT(ResizeBilinear(spike.view(), false, 2, 1), ElementsAre(0, 0));
}

TEST(ResizeBilinear, InterpolatesBothWays) {
  const Image image{2, 2, 1, {0, 40, 80, 200}};
  EXPECT_THAT(ResizeBilinear(image.view(), false, 1, 1), ElementsAre(80));
  EXPECT_THAT(ResizeBilinear(image.view(), false, 3, 1),
              ElementsAre(FloatEq(40), FloatEq(80), FloatEq(120)));
}

// Straight from the definition, in double.
double At(const Image& image, int width, int height, int x, int y, int c) {
  const auto source = [](int to, int from, int i) {
    return std::clamp((i + 0.5) * from / to - 0.5, 0.0, from - 1.0);
  };
  const double sx = source(width, image.width, x), sy = source(height, image.height, y);
  const int x0 = static_cast<int>(sx), y0 = static_cast<int>(sy);
  const int x1 = std::min(x0 + 1, image.width - 1), y1 = std::min(y0 + 1, image.height - 1);
  const auto pixel = [&](int px, int py) {
    return double{1} * image.view().row(py)[px * image.channels + c];
  };
  const double top = pixel(x0, y0) * (1 - (sx - x0)) + pixel(x1, y0) * (sx - x0);
  const double bottom = pixel(x0, y1) * (1 - (sx - x0)) + pixel(x1, y1) * (sx - x0);
  return top * (1 - (sy - y0)) + bottom * (sy - y0);
}

TEST(ResizeBilinear, AgreesWithTheDefinition) {
  for (const auto& [from_w, from_h] : {std::pair{31, 17}, {5, 40}, {1, 1}, {64, 64}}) {
    const Image image = SyntheticPixels(from_w, from_h, 3);
    for (const auto& [width, height] : {std::pair{16, 16}, {33, 7}, {64, 50}}) {
      const std::vector<float> out = ResizeBilinear(image.view(), false, width, height);
      for (size_t i = 0; i < out.size(); ++i) {
        const int pixel = static_cast<int>(i) / 3;
        ASSERT_NEAR(out[i], At(image, width, height, pixel % width, pixel / width, i % 3), 2e-3);
      }
    }
  }
}

TEST(ResizeBilinear, MirroredTwiceIsNotMirrored) {
  Image image = SyntheticPixels(20, 9, 3);
  const std::vector<float> plain = ResizeBilinear(image.view(), false, 13, 11);
  Image flipped = image;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      std::copy_n(image.view().row(y) + 3 * x, 3, &flipped.pixels[3 * (y * 20 + 19 - x)]);
    }
  }
  EXPECT_EQ(ResizeBilinear(flipped.view(), true, 13, 11), plain);
}

}  // namespace
}  // namespace mnv4::data
