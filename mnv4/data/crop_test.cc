#include "mnv4/data/crop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace mnv4::data {
namespace {

struct Vector {
  int width, height;
  float aspect;
  Heights heights;
  int width_at_least, width_at_most;
};

TEST(GardenCrop, DrawsFromTensorFlowsHeights) {
  const Vector vectors[] = {
      {500, 375, 1.0f, {122, 375}, 122, 375},     {500, 375, 0.75f, {141, 375}, 106, 281},
      {500, 375, 4.0f / 3, {106, 375}, 141, 500}, {500, 375, 1.1f, {117, 375}, 129, 412},
      {375, 500, 1.2f, {112, 312}, 134, 374},     {100, 600, 0.75f, {80, 133}, 60, 100},
  };
  for (const Vector& v : vectors) {
    SCOPED_TRACE(testing::Message() << v.width << "x" << v.height << " " << v.aspect);
    const Heights heights = GardenHeights(v.width, v.height, {}, v.aspect);
    EXPECT_EQ(heights.least, v.heights.least);
    EXPECT_EQ(heights.most, v.heights.most);
    EXPECT_EQ(GardenWidth(heights.least, v.aspect), v.width_at_least);
    EXPECT_EQ(GardenWidth(heights.most, v.aspect), v.width_at_most);
  }
}

TEST(CentreCrop, IsThatOfEvaluation) {
  EXPECT_EQ(CentreCrop(500, 375, 0.875), (Window{85, 23, 328, 328}));
  EXPECT_EQ(CentreCrop(375, 500, 0.875), (Window{23, 85, 328, 328}));
  EXPECT_EQ(CentreCrop(224, 224, 0.875), (Window{14, 14, 196, 196}));
  EXPECT_EQ(CentreCrop(257, 400, 0.875), (Window{16, 87, 224, 224}));
  EXPECT_EQ(CentreCrop(1, 9, 0.875), (Window{0, 4, 1, 1}));
}

using Sampler = Window (*)(int, int, const CropRange&, Random&);

void ExpectLegal(Sampler sampler, double slack) {
  const CropRange range;
  for (const auto& [width, height] : {std::pair{500, 375}, {375, 500}, {64, 64}, {400, 100}}) {
    for (int i = 0; i < 2000; ++i) {
      Random random(1, Use::kSample, width, i);
      const Window crop = sampler(width, height, range, random);
      ASSERT_GE(crop.x, 0);
      ASSERT_GE(crop.y, 0);
      ASSERT_LE(crop.x + crop.width, width);
      ASSERT_LE(crop.y + crop.height, height);
      const double area = double{1} * crop.width * crop.height / (width * height);
      const double aspect = double{1} * crop.width / crop.height;
      ASSERT_GE(area, range.area_min - slack);
      ASSERT_LE(aspect, range.aspect_max + slack);
      ASSERT_GE(aspect, range.aspect_min - slack);
    }
  }
}

TEST(GardenCrop, StaysWithinItsRange) { ExpectLegal(GardenCrop, 0.04); }
TEST(CleanCrop, StaysWithinItsRange) { ExpectLegal(CleanCrop, 0.06); }

TEST(GardenCrop, OfNoLegalShapeIsTheCentre) {
  Random random(1, Use::kSample, 0, 0);
  EXPECT_EQ(GardenCrop(1000, 8, {}, random), CentreCrop(1000, 8, 0.875));
  // A crop that is the whole picture is replaced as well.
  const CropRange whole = {.area_min = 1, .aspect_min = 1, .aspect_max = 1};
  EXPECT_EQ(GardenCrop(100, 100, whole, random), CentreCrop(100, 100, 0.875));
}

TEST(GardenCrop, NeverDrawsTheLastPlace) {
  const CropRange range = {.area_min = 0.25, .area_max = 0.25, .aspect_min = 1, .aspect_max = 1};
  int last = 0;
  for (int i = 0; i < 2000; ++i) {
    Random random(1, Use::kSample, 0, i);
    const Window crop = GardenCrop(20, 20, range, random);
    ASSERT_EQ(crop.width, 10);
    last = std::max({last, crop.x, crop.y});
  }
  EXPECT_EQ(last, 9);
}

TEST(CleanCrop, DrawsEveryPlace) {
  const CropRange range = {.area_min = 0.25, .area_max = 0.25, .aspect_min = 1, .aspect_max = 1};
  int last = 0;
  for (int i = 0; i < 2000; ++i) {
    Random random(1, Use::kSample, 0, i);
    last = std::max(last, CleanCrop(20, 20, range, random).x);
  }
  EXPECT_EQ(last, 10);
}

TEST(CleanCrop, OfNoLegalShapeIsTheLargestInTheCentre) {
  Random random(1, Use::kSample, 0, 0);
  EXPECT_EQ(CleanCrop(1000, 9, {}, random), (Window{494, 0, 12, 9}));
  EXPECT_EQ(CleanCrop(9, 1000, {}, random), (Window{0, 494, 9, 12}));
}

TEST(CleanCrop, HasUniformAreaAndLogAspect) {
  constexpr int kDraws = 20'000;
  double area = 0, log_aspect = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    Random random(2, Use::kSample, 0, i);
    // Far smaller than the picture, so that nothing is rejected.
    const Window crop = CleanCrop(2000, 2000, {.area_min = 0.1, .area_max = 0.5}, random);
    area += crop.width * crop.height / 4e6 / kDraws;
    const double log = std::log(double{1} * crop.width / crop.height);
    log_aspect += log / kDraws;
    squares += log * log / kDraws;
  }
  EXPECT_NEAR(area, 0.3, 0.003);
  EXPECT_NEAR(log_aspect, 0, 0.005);
  EXPECT_NEAR(squares, std::pow(2 * std::log(4.0 / 3), 2) / 12, 0.001);
}

TEST(Crop, OfOnePixelIsThatPixel) {
  Random random(1, Use::kSample, 0, 0);
  EXPECT_EQ(GardenCrop(1, 1, {}, random), (Window{0, 0, 1, 1}));
  EXPECT_EQ(CleanCrop(1, 1, {}, random), (Window{0, 0, 1, 1}));
}

}  // namespace
}  // namespace mnv4::data
