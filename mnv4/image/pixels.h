#pragma once
/// Pictures in memory: 8 bits a channel, interleaved, rows from the top.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mnv4 {

/// Borrowed pixels.
struct ImageView {
  const uint8_t* data = nullptr;
  int width = 0;         ///< pixels
  int height = 0;        ///< pixels
  int channels = 3;      ///< 3: RGB, 1: grey
  ptrdiff_t stride = 0;  ///< bytes from one row to the next; may exceed width * channels
  const uint8_t* row(int y) const { return data + y * stride; }
};

/// Owned pixels without gaps between rows.
struct Image {
  int width = 0;
  int height = 0;
  int channels = 3;
  std::vector<uint8_t> pixels;

  ImageView view() const {
    return {pixels.data(), width, height, channels, ptrdiff_t{width} * channels};
  }
};

}  // namespace mnv4
