#include "mnv4/data/photometric.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "mnv4/image/synthetic_pixels.h"

namespace mnv4::data {
namespace {

using ::testing::ElementsAre;

constexpr Profile kGarden = Profile::kGarden, kClean = Profile::kClean;

Image Grey(std::vector<uint8_t> values) {
  return {static_cast<int>(values.size()), 1, 1, std::move(values)};
}

TEST(Luts, AreThePapersFormulas) {
  EXPECT_EQ(InvertLut()[10], 245);
  const Lut solarize = SolarizeLut(128);
  EXPECT_EQ(solarize[127], 127);
  EXPECT_EQ(solarize[128], 127);
  EXPECT_EQ(solarize[255], 0);
  EXPECT_EQ(SolarizeLut(256)[255], 255);
  const Lut add = SolarizeAddLut(99);
  EXPECT_EQ(add[0], 99);
  EXPECT_EQ(add[127], 226);
  EXPECT_EQ(add[128], 128);
  EXPECT_EQ(SolarizeAddLut(165)[127], 255);
  EXPECT_EQ(PosterizeLut(3)[255], 224);
  EXPECT_EQ(PosterizeLut(8)[77], 77);
  EXPECT_EQ(PosterizeLut(0)[77], 0);
}

TEST(Luts, BlendCutsOffAndClamps) {
  const Lut half = BlendLut(0, 0.5f);
  EXPECT_EQ(half[5], 2);
  EXPECT_EQ(half[255], 127);
  const Lut beyond = BlendLut(0, 1.72f);
  EXPECT_EQ(beyond[100], 172);
  EXPECT_EQ(beyond[200], 255);
  const Lut contrast = BlendLut(196, 1.72f);
  EXPECT_EQ(contrast[196], 196);
  EXPECT_EQ(contrast[50], 0);  // 196 - 251.12
  EXPECT_EQ(contrast[100], 30);
}

TEST(Enhancements, AreTheIdentityAtFactorOne) {
  const Image image = SyntheticPixels(31, 20, 3);
  for (const Profile profile : {kGarden, kClean}) {
    Image same = image;
    Color(same, 1, profile);
    Contrast(same, 1, profile);
    Brightness(same, 1);
    Sharpness(same, 1, profile);
    EXPECT_EQ(same.pixels, image.pixels);
  }
}

TEST(AutoContrast, StretchesEveryChannel) {
  Image image{2, 1, 3, {10, 0, 7, 110, 255, 7}};
  AutoContrast(image, kGarden);
  EXPECT_THAT(image.pixels, ElementsAre(0, 0, 7, 255, 255, 7));
  Image clean = Grey({50, 100, 150});
  AutoContrast(clean, kClean);
  EXPECT_THAT(clean.pixels, ElementsAre(0, 127, 255));
}

TEST(Equalize, DoesNothingWithoutEnoughPixels) {
  Image image = Grey({1, 2, 3, 200});
  Equalize(image);
  EXPECT_THAT(image.pixels, ElementsAre(1, 2, 3, 200));
}

TEST(Equalize, FlattensTheHistogram) {
  // 510 pixels of 10, 255 of 20, 100 of 30: the step is (865 - 100) / 255 = 3.
  std::vector<uint8_t> values(510, 10);
  values.insert(values.end(), 255, 20);
  values.insert(values.end(), 100, 30);
  Image image = Grey(values);
  Equalize(image);
  EXPECT_EQ(image.pixels[0], 0);
  EXPECT_EQ(image.pixels[510], 170);
  EXPECT_EQ(image.pixels[800], 255);
}

TEST(Contrast, OfGardenFadesToTheNumberOfPixels) {
  for (const auto& [side, base] : {std::pair{192, 144}, {224, 196}, {256, 255}, {384, 255}}) {
    Image image = SyntheticPixels(side, side, 3);
    Contrast(image, 0, kGarden);
    EXPECT_TRUE(std::all_of(image.pixels.begin(), image.pixels.end(),
                            [b = base](uint8_t v) { return v == b; }))
        << side << " " << int{image.pixels[0]};
  }
}

TEST(Contrast, OfCleanFadesToTheMeanOfGrey) {
  Image image{2, 1, 3, {10, 10, 10, 13, 13, 13}};
  Contrast(image, 0, kClean);
  EXPECT_THAT(image.pixels, ElementsAre(12, 12, 12, 12, 12, 12));
}

TEST(Color, FadesToGrey) {
  Image garden{1, 1, 3, {255, 255, 255}}, clean = garden;
  Color(garden, 0, kGarden);
  Color(clean, 0, kClean);
  EXPECT_THAT(garden.pixels, ElementsAre(255, 255, 255));
  EXPECT_THAT(clean.pixels, ElementsAre(255, 255, 255));
  // 0.2989 * 200 + 0.587 * 100 + 0.114 * 50 = 124.18, times 255.5 / 255
  Image pixel{1, 1, 3, {200, 100, 50}};
  Color(pixel, 1.72f, kGarden);
  EXPECT_THAT(pixel.pixels, ElementsAre(254, 82, 0));
  Image one = Grey({7});
  Color(one, 0, kGarden);
  EXPECT_THAT(one.pixels, ElementsAre(7));
}

TEST(Sharpness, SmoothsTheInsideOnly) {
  Image image{3, 3, 1, {0, 0, 0, 0, 100, 0, 0, 0, 0}}, clean = image, sharper = image;
  Sharpness(image, 0, kGarden);
  EXPECT_THAT(image.pixels, ElementsAre(0, 0, 0, 0, 38, 0, 0, 0, 0));  // 38.46
  clean.pixels[0] = 7;                                                 // 507 / 13 = 39
  Sharpness(clean, 0, kClean);
  EXPECT_THAT(clean.pixels, ElementsAre(7, 0, 0, 0, 39, 0, 0, 0, 0));
  Sharpness(sharper, 1.72f, kGarden);
  EXPECT_EQ(sharper.pixels[4], 144);  // 38 + 1.72 * 62
  Image narrow{2, 3, 1, {1, 2, 3, 4, 5, 6}};
  Sharpness(narrow, 0, kGarden);
  EXPECT_THAT(narrow.pixels, ElementsAre(1, 2, 3, 4, 5, 6));
}

}  // namespace
}  // namespace mnv4::data
