#include "mnv4/image/resize.h"

#include <gtest/gtest.h>

#include <cstring>

#include "mnv4/base/error.h"
#include "mnv4/image/test_pictures.h"

namespace mnv4 {
namespace {

TEST(Resize, GivesPillowsBytes) {
  int lines = 0;
  for (std::istringstream& line : GoldenLines("resized.txt")) {
    int width, height, channels, to_width, to_height;
    std::string filter, hash;
    line >> width >> height >> channels >> to_width >> to_height >> filter >> hash;
    const Image out = Resize(SyntheticPixels(width, height, channels).view(), to_width, to_height,
                             ParseInterpolation(filter).value());
    EXPECT_EQ(Hash(out), hash) << line.str();
    ++lines;
  }
  EXPECT_EQ(lines, 15 * 2 * 6 + 1);
}

TEST(Resize, ReadsNothingBeyondAView) {
  // The view ends with its memory, so that the address sanitizer would notice.
  for (int channels : {1, 3}) {
    for (int width : {1, 5, 40}) {
      const Image source = SyntheticPixels(width, 9, channels);
      std::vector<uint8_t> exact(source.pixels.begin(), source.pixels.end());
      exact.shrink_to_fit();
      ImageView view = source.view();
      view.data = exact.data();
      EXPECT_EQ(Resize(view, 7, 4, Interpolation::kLanczos).pixels,
                Resize(source.view(), 7, 4, Interpolation::kLanczos).pixels);
    }
  }
}

TEST(Resize, TakesRowsAtAnyStride) {
  const Image source = SyntheticPixels(21, 13, 3);
  constexpr int kStride = 21 * 3 + 11;
  std::vector<uint8_t> spread(kStride * 13, 77), upside_down(spread);
  for (int y = 0; y < 13; ++y) {
    std::memcpy(&spread[y * kStride], source.view().row(y), 21 * 3);
    std::memcpy(&upside_down[(12 - y) * kStride], source.view().row(y), 21 * 3);
  }
  const Image wanted = Resize(source.view(), 10, 30, Interpolation::kBicubic);
  const ImageView down{spread.data(), 21, 13, 3, kStride};
  const ImageView up{&upside_down[12 * kStride], 21, 13, 3, -kStride};
  EXPECT_EQ(Resize(down, 10, 30, Interpolation::kBicubic).pixels, wanted.pixels);
  EXPECT_EQ(Resize(up, 10, 30, Interpolation::kBicubic).pixels, wanted.pixels);
}

TEST(Resize, RefusesEmptySizes) {
  const Image source = SyntheticPixels(4, 4, 3);
  EXPECT_THROW(Resize(source.view(), 0, 4, Interpolation::kBox), Error);
  EXPECT_THROW(Resize(source.view(), 4, -1, Interpolation::kBox), Error);
}

TEST(ParseInterpolation, KnowsTheNamesItGives) {
  for (const char* name : {"nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"}) {
    EXPECT_STREQ(Name(ParseInterpolation(name).value()), name);
  }
  EXPECT_FALSE(ParseInterpolation("cubic").has_value());
}

}  // namespace
}  // namespace mnv4
