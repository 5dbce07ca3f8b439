#include "mnv4/image/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "mnv4/base/error.h"
#include "mnv4/image/test_pictures.h"

namespace mnv4 {
namespace {

using testing::HasSubstr;

struct Golden {
  std::string file, rgb, grey, turned;
  int width, height, turned_width, turned_height;
};

std::vector<Golden> GoldenFiles() {
  std::vector<Golden> files;
  for (std::istringstream& line : GoldenLines("decoded.txt")) {
    Golden& g = files.emplace_back();
    line >> g.file >> g.width >> g.height >> g.rgb >> g.grey >> g.turned_width >> g.turned_height >>
        g.turned;
  }
  return files;
}

std::string MessageOf(std::span<const std::byte> bytes, const DecodeOptions& options = {}) {
  try {
    Decode(bytes, options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kRuntime);
    return error.what();
  }
  return "no error";
}

TEST(Decode, GivesPillowsBytes) {
  ASSERT_EQ(GoldenFiles().size(), 137u);
  for (const Golden& g : GoldenFiles()) {
    const auto bytes = ReadGoldenPicture(g.file);
    const Image rgb = Decode(bytes, {.apply_exif = false});
    const Image grey = Decode(bytes, {.apply_exif = false, .channels = 1});
    EXPECT_EQ(rgb.width, g.width) << g.file;
    EXPECT_EQ(rgb.height, g.height) << g.file;
    EXPECT_EQ(Hash(rgb), g.rgb) << g.file;
    EXPECT_EQ(Hash(grey), g.grey) << g.file;
  }
}

TEST(Decode, TellsFormatsByContent) {
  for (const Golden& g : GoldenFiles()) {
    EXPECT_STRNE(FormatName(ReadGoldenPicture(g.file)), "") << g.file;
  }
  EXPECT_STREQ(FormatName(std::as_bytes(std::span("no picture"))), "");
  EXPECT_STREQ(FormatName({}), "");
}

TEST(Decode, TurnsPicturesAsExifSays) {
  for (const Golden& g : GoldenFiles()) {
    const Image image = Decode(ReadGoldenPicture(g.file));
    EXPECT_EQ(image.width, g.turned_width) << g.file;
    EXPECT_EQ(image.height, g.turned_height) << g.file;
    EXPECT_EQ(Hash(image), g.turned) << g.file;
  }
}

TEST(Decode, RefusesWhatIsNoPicture) {
  EXPECT_EQ(MessageOf({}), "an empty file, not a picture");
  const std::string text = "PNG, one day";
  EXPECT_EQ(MessageOf(std::as_bytes(std::span(text))),
            "not a picture: wanted JPEG, PNG, WebP, TIFF, GIF, BMP or PNM");
}

TEST(Decode, RefusesTooManyPixelsBeforeItAllocates) {
  auto jpeg = ReadGoldenPicture("420.jpg");
  EXPECT_EQ(MessageOf(jpeg, {.max_pixels = 45 * 37 - 1}), "JPEG: 45x37 pixels, the limit is 1664");
  EXPECT_EQ(MessageOf(jpeg, {.max_pixels = 45 * 37}), "no error");

  // Height and width stand 5 bytes after the frame marker; 65500 is the most libjpeg takes.
  constexpr std::byte kFrame[] = {std::byte{0xff}, std::byte{0xc0}};
  const auto frame = std::search(jpeg.begin(), jpeg.end(), std::begin(kFrame), std::end(kFrame));
  for (int i : {5, 7}) {
    frame[i] = std::byte{0xff};
    frame[i + 1] = std::byte{0xdc};
  }
  EXPECT_THAT(MessageOf(jpeg), HasSubstr("65500x65500 pixels, the limit is 178956970"));

  auto png = ReadGoldenPicture("type2_depth8.png");
  EXPECT_EQ(MessageOf(png, {.max_pixels = 10}), "PNG: 13x9 pixels, the limit is 10");
  // 13000x13000 pixels of RGB cannot come out of a few bytes.
  constexpr unsigned char kSize[] = {0, 0, 0x32, 0xc8}, kSum[] = {0x6d, 0xc0, 0x7f, 0x6f};
  std::memcpy(&png[16], kSize, 4);
  std::memcpy(&png[20], kSize, 4);
  std::memcpy(&png[29], kSum, 4);
  EXPECT_EQ(MessageOf(png), "PNG: the file is truncated");
}

// JPEG and PNG cut after every byte, the others here and there. What Pillow takes: a JPEG without
// its end marker, others without what follows their pixels, which in an animation are its later
// frames.
TEST(Decode, RefusesTruncatedFiles) {
  for (const Golden& g : GoldenFiles()) {
    const auto bytes = ReadGoldenPicture(g.file);
    if (g.file.ends_with(".gif")) continue;
    const size_t tail = g.file.ends_with(".jpg") ? 2 : 60;
    const size_t step = g.file.ends_with(".jpg") || g.file.ends_with(".png") ? 1 : 13;
    for (size_t size = 0; size + tail < bytes.size(); size += step) {
      ASSERT_NE(MessageOf(std::span(bytes).first(size)), "no error") << g.file << " at " << size;
    }
  }
}

// Whatever is in the bytes, there is a picture or an Error: run with the address sanitizer.
TEST(Decode, SurvivesDamage) {
  std::mt19937 random(1);
  int decoded = 0, refused = 0;
  for (const Golden& g : GoldenFiles()) {
    const auto bytes = ReadGoldenPicture(g.file);
    for (int trial = 0; trial < 60; ++trial) {
      auto damaged = bytes;
      for (int flips = trial % 3; flips >= 0; --flips) {
        damaged[random() % damaged.size()] ^= std::byte{1} << random() % 8;
      }
      (MessageOf(damaged, {.max_pixels = 1 << 22}) == "no error" ? decoded : refused)++;
    }
  }
  EXPECT_GT(decoded, 100);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace mnv4
