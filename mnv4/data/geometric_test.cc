#include "mnv4/data/geometric.h"

#include <gmock/gmock.h>

#include <numeric>

#include "mnv4/image/synthetic_pixels.h"

namespace mnv4::data {
namespace {

using ::testing::ElementsAre;

constexpr Profile kGarden = Profile::kGarden, kClean = Profile::kClean;

TEST(Reflect, IsKerasMap) {
  const std::pair<float, float> vectors[] = {{-5, 3}, {-4, 3},   {-1, 0}, {-0.5f, 0}, {0, 0},
                                             {3, 3},  {3.5f, 3}, {4, 3},  {5, 2},     {7, 0},
                                             {8, 0},  {12, 3},   {-8, 0}, {-9, 0},    {16, 0}};
  for (const auto& [at, expected] : vectors) EXPECT_EQ(Reflect(at, 4), expected) << at;
  EXPECT_EQ(Reflect(-100.25f, 1), 0);
}

Image Ramp(int width, int height) {
  Image image{width, height, 1, std::vector<uint8_t>(size_t{1} * width * height)};
  std::iota(image.pixels.begin(), image.pixels.end(), uint8_t{1});
  return image;
}

std::vector<uint8_t> Warped(Image image, const Affine& affine, Profile profile) {
  Warp(affine, profile, image);
  return image.pixels;
}

TEST(Warp, IsTheIdentityWhereNothingMoves) {
  const Image image = SyntheticPixels(23, 17, 3);
  for (const Profile profile : {kGarden, kClean}) {
    for (const Affine& affine :
         {ShearX(0), ShearY(0), TranslateX(0), TranslateY(0), Rotate(0, 23, 17, profile)}) {
      EXPECT_EQ(Warped(image, affine, profile), image.pixels);
    }
  }
}

TEST(Warp, MirrorsAtGardensBorders) {
  EXPECT_THAT(Warped(Ramp(4, 1), TranslateX(2), kGarden), ElementsAre(3, 4, 4, 3));
  EXPECT_THAT(Warped(Ramp(4, 1), TranslateX(-2), kGarden), ElementsAre(2, 1, 1, 2));
  EXPECT_THAT(Warped(Ramp(1, 4), TranslateY(1), kGarden), ElementsAre(2, 3, 4, 4));
  EXPECT_THAT(Warped(Ramp(4, 1), TranslateX(0.5), kGarden), ElementsAre(2, 3, 4, 4));
}

TEST(Warp, PutsGreyAroundCleanPictures) {
  EXPECT_THAT(Warped(Ramp(4, 1), TranslateX(2), kClean), ElementsAre(3, 4, 128, 128));
  EXPECT_THAT(Warped(Ramp(1, 4), TranslateY(-1), kClean), ElementsAre(128, 1, 2, 3));
  const Image steps{4, 1, 1, {0, 100, 200, 250}};
  EXPECT_THAT(Warped(steps, TranslateX(0.5), kClean), ElementsAre(50, 150, 225, 128));
}

TEST(Warp, ShearsByTheRow) {
  EXPECT_THAT(Warped(Ramp(3, 2), ShearX(1), kGarden), ElementsAre(1, 2, 3, 5, 6, 6));
  EXPECT_THAT(Warped(Ramp(2, 3), ShearY(1), kGarden), ElementsAre(1, 4, 3, 6, 5, 6));
}

TEST(Warp, TurnsByQuarters) {
  // Right angles move whole pixels onto whole pixels, in both conventions.
  for (const Profile profile : {kGarden, kClean}) {
    EXPECT_THAT(Warped(Ramp(3, 3), Rotate(180, 3, 3, profile), profile),
                ElementsAre(9, 8, 7, 6, 5, 4, 3, 2, 1));
  }
  EXPECT_THAT(Warped(Ramp(3, 3), Rotate(90, 3, 3, kGarden), kGarden),
              ElementsAre(3, 6, 9, 2, 5, 8, 1, 4, 7));
}

}  // namespace
}  // namespace mnv4::data
