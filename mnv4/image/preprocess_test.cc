#include "mnv4/image/preprocess.h"

#include <gtest/gtest.h>

#include "mnv4/base/error.h"
#include "mnv4/image/test_pictures.h"

namespace mnv4 {
namespace {

TEST(ResizeAndCrop, GivesTimmsBytes) {
  int lines = 0;
  for (std::istringstream& line : GoldenLines("cropped.txt")) {
    int width, height;
    std::string mode, filter, hash;
    Preprocess preprocess;
    line >> width >> height >> preprocess.height >> preprocess.width >> preprocess.crop_pct >>
        mode >> filter >> hash;
    preprocess.crop_mode = ParseCropMode(mode).value();
    preprocess.interpolation = ParseInterpolation(filter).value();
    const Image out = ResizeAndCrop(SyntheticPixels(width, height, 3).view(), preprocess);
    EXPECT_EQ(out.width, preprocess.width);
    EXPECT_EQ(out.height, preprocess.height);
    EXPECT_EQ(Hash(out), hash) << line.str();
    ++lines;
  }
  EXPECT_EQ(lines, 7 * 5 * 3);
}

TEST(ResizeAndCrop, RefusesPicturesThatWouldVanish) {
  const Preprocess border{.height = 32, .width = 32, .crop_mode = CropMode::kBorder};
  EXPECT_THROW(ResizeAndCrop(SyntheticPixels(500, 1, 3).view(), border), Error);
}

// Rows are reduced while they come; all that cannot be, the whole picture in memory, gives the
// same.
TEST(LoadPixels, EqualsDecodeThenResizeAndCrop) {
  for (std::istringstream& line : GoldenLines("decoded.txt")) {
    std::string file;
    line >> file;
    const auto bytes = ReadGoldenPicture(file);
    for (CropMode mode : {CropMode::kCenter, CropMode::kSquash, CropMode::kBorder}) {
      for (int channels : {1, 3}) {
        for (bool apply_exif : {false, true}) {
          for (int width : {5, 24}) {
            Preprocess preprocess{.channels = channels, .height = 18, .width = width};
            preprocess.crop_mode = mode;
            preprocess.mean.resize(channels);
            const DecodeOptions options{.apply_exif = apply_exif, .channels = channels};
            const Image whole = Decode(bytes, options);
            EXPECT_EQ(LoadPixels(bytes, preprocess, options).pixels,
                      ResizeAndCrop(whole.view(), preprocess).pixels)
                << file << " " << Name(mode) << " " << channels << " " << width;
          }
        }
      }
    }
  }
}

TEST(Normalize, GivesTorchsNumbers) {
  Image values{16, 16, 3, {}};
  for (int v = 0; v < 256; ++v)
    values.pixels.insert(values.pixels.end(), 3, static_cast<uint8_t>(v));
  for (std::istringstream& line : GoldenLines("normalized.txt")) {
    Preprocess preprocess;
    std::string hash;
    for (double& mean : preprocess.mean) line >> mean;
    for (double& std : preprocess.std) line >> std;
    line >> hash;
    std::vector<float> planes(3 * 256), pixels(3 * 256);
    Normalize(values.view(), preprocess, planes.data(), 16, 1, 256);
    EXPECT_EQ(Hash(std::as_bytes(std::span(planes))), hash) << line.str();
    Normalize(values.view(), preprocess, pixels.data(), 16 * 3, 3, 1);
    for (int i = 0; i < 3 * 256; ++i) ASSERT_EQ(pixels[i], planes[i % 3 * 256 + i / 3]);
  }
}

TEST(ParseCropMode, KnowsTheNamesItGives) {
  for (const char* name : {"center", "squash", "border"}) {
    EXPECT_STREQ(Name(ParseCropMode(name).value()), name);
  }
  EXPECT_FALSE(ParseCropMode("centre").has_value());
}

}  // namespace
}  // namespace mnv4
