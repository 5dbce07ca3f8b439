#include "mnv4/image/window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "mnv4/base/error.h"
#include "mnv4/image/encode_jpeg.h"
#include "mnv4/image/test_pictures.h"

namespace mnv4 {
namespace {

Image Cut(const Image& image, const Window& window) {
  Image out{window.width, window.height, image.channels, {}};
  for (int y = 0; y < window.height; ++y) {
    const uint8_t* row = image.view().row(window.y + y) + window.x * image.channels;
    out.pixels.insert(out.pixels.end(), row, row + window.width * image.channels);
  }
  return out;
}

Image DecodeWindow(std::span<const std::byte> bytes, const Window& window, int channels) {
  const auto reader = OpenPicture(bytes, 1 << 28);
  return ReadWindow(*reader, TurnOf(reader->orientation()), window, channels);
}

std::vector<std::string> AllGoldenPictures() {
  std::vector<std::string> files;
  for (std::istringstream& line : GoldenLines("decoded.txt")) line >> files.emplace_back();
  return files;
}

Window RandomWindow(const Image& whole, std::mt19937& random) {
  const auto below = [&](int n) { return static_cast<int>(random() % n); };
  Window window;
  window.width = 1 + below(whole.width);
  window.height = 1 + below(whole.height);
  window.x = below(whole.width - window.width + 1);
  window.y = below(whole.height - window.height + 1);
  return window;
}

// Every subsampling, progressive files and all ways up are among the golden pictures.
TEST(ReadWindow, GivesThePixelsOfTheWholePicture) {
  std::mt19937 random(1);
  for (const std::string& file : AllGoldenPictures()) {
    const auto bytes = ReadGoldenPicture(file);
    for (const int channels : {1, 3}) {
      const Image whole = Decode(bytes, {.channels = channels});
      for (int trial = 0; trial < 40; ++trial) {
        const Window window = RandomWindow(whole, random);
        ASSERT_EQ(DecodeWindow(bytes, window, channels).pixels, Cut(whole, window).pixels)
            << file << " " << window.width << "x" << window.height << "+" << window.x << "+"
            << window.y;
      }
    }
  }
}

TEST(ReadWindow, GivesThePixelsOfJpegsOfManyBlocks) {
  std::mt19937 random(3);
  const int samples[][2] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}, {4, 2}};
  for (const bool progressive : {false, true}) {
    for (const auto& [h, v] : samples) {
      const Image blobs = Blobs(301 + h, 207 + v);
      const auto jpeg =
          EncodeJpeg(blobs, {.h_samples = h, .v_samples = v, .progressive = progressive});
      const Image whole = Decode(jpeg);
      for (int trial = 0; trial < 150; ++trial) {
        const Window window = RandomWindow(whole, random);
        ASSERT_EQ(DecodeWindow(jpeg, window, 3).pixels, Cut(whole, window).pixels)
            << h << "x" << v << " " << window.width << "x" << window.height << "+" << window.x
            << "+" << window.y;
      }
    }
  }
}

TEST(ReadWindow, SurvivesDamage) {
  std::mt19937 random(2);
  int decoded = 0, refused = 0;
  for (const std::string& file : AllGoldenPictures()) {
    const auto bytes = ReadGoldenPicture(file);
    for (int trial = 0; trial < 60; ++trial) {
      auto damaged = bytes;
      for (int flips = trial % 3; flips >= 0; --flips) {
        damaged[random() % damaged.size()] ^= std::byte{1} << random() % 8;
      }
      try {
        const auto reader = OpenPicture(damaged, 1 << 22);
        const Turn turn = TurnOf(reader->orientation());
        int width = reader->width(), height = reader->height();
        if (turn.transpose) std::swap(width, height);
        const int x = static_cast<int>(random() % width), y = static_cast<int>(random() % height);
        ReadWindow(*reader, turn, {x, y, (width - x + 1) / 2, (height - y + 1) / 2}, 3);
        ++decoded;
      } catch (const Error&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(decoded, 100);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace mnv4
