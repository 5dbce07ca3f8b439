#include "mnv4/image/orientation.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

namespace mnv4 {
namespace {

// Numbers of a TIFF file in its own byte order; zero past the end.
struct TiffReader {
  std::span<const std::byte> bytes;
  bool big_endian;

  uint32_t Number(size_t at, int size) const {
    if (at > bytes.size() || bytes.size() - at < static_cast<size_t>(size)) return 0;
    uint32_t value = 0;
    for (int i = 0; i < size; ++i) {
      const int shift = 8 * (big_endian ? size - 1 - i : i);
      value |= std::to_integer<uint32_t>(bytes[at + i]) << shift;
    }
    return value;
  }
};

}  // namespace

int ParseOrientation(std::span<const std::byte> tiff) {
  constexpr uint32_t kOrientationTag = 0x112, kShort = 3, kLong = 4;
  constexpr size_t kEntryBytes = 12;
  if (tiff.size() < 8) return 1;
  const bool big_endian = std::memcmp(tiff.data(), "MM", 2) == 0;
  if (!big_endian && std::memcmp(tiff.data(), "II", 2) != 0) return 1;
  const TiffReader in{tiff, big_endian};
  if (in.Number(2, 2) != 42) return 1;

  const size_t directory = in.Number(4, 4);
  const uint32_t entries = in.Number(directory, 2);
  for (uint32_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + i * kEntryBytes;
    if (in.Number(entry, 2) != kOrientationTag) continue;
    const uint32_t type = in.Number(entry + 2, 2);
    const uint32_t value = type == kShort  ? in.Number(entry + 8, 2)
                           : type == kLong ? in.Number(entry + 8, 4)
                                           : 1;
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Turn TurnOf(int orientation) {
  const auto is_one_of = [&](int a, int b) { return orientation == a || orientation == b; };
  return {.transpose = orientation >= 5,
          .from_right = is_one_of(2, 3) || is_one_of(7, 8),
          .from_below = is_one_of(3, 4) || is_one_of(6, 7)};
}

Image Orient(Image image, const Turn& turn) {
  if (!turn.transpose && !turn.from_right && !turn.from_below) return image;
  Image out{image.width, image.height, image.channels, {}};
  if (turn.transpose) std::swap(out.width, out.height);
  out.pixels.resize(image.pixels.size());
  const ptrdiff_t pixel = image.channels, row = pixel * image.width;
  const uint8_t* origin = image.pixels.data() + (turn.from_right ? row - pixel : 0) +
                          (turn.from_below ? row * (image.height - 1) : 0);
  ptrdiff_t x_step = turn.from_right ? -pixel : pixel, y_step = turn.from_below ? -row : row;
  if (turn.transpose) std::swap(x_step, y_step);
  uint8_t* to = out.pixels.data();
  for (int y = 0; y < out.height; ++y) {
    const uint8_t* from = origin + y * y_step;
    for (int x = 0; x < out.width; ++x, from += x_step, to += pixel) {
      std::copy_n(from, pixel, to);
    }
  }
  return out;
}

}  // namespace mnv4
