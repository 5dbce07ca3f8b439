#pragma once
/// Pixels out of nothing, for tests and benchmarks, and a hash to know results by.

#include <cstdint>
#include <cstdio>
#include <span>
#include <string>

#include "mnv4/image/pixels.h"

namespace mnv4 {

/// FNV-1a, 64 bits, as the lists have it.
inline std::string Hash(std::span<const std::byte> bytes) {
  uint64_t value = 14695981039346656037u;
  for (std::byte byte : bytes) value = (value ^ std::to_integer<uint64_t>(byte)) * 1099511628211u;
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
  return text;
}

inline std::string Hash(const Image& image) { return Hash(std::as_bytes(std::span(image.pixels))); }

/// Noise with many extremes, the same as the generator of the lists makes.
inline Image SyntheticPixels(int width, int height, int channels) {
  Image image{width, height, channels, {}};
  const uint64_t count = uint64_t{1} * width * height * channels;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t z = i * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z ^= z >> 27;
    const uint64_t kind = (z >> 8) & 7;
    image.pixels.push_back(static_cast<uint8_t>(kind == 0 ? 0 : kind == 1 ? 255 : z & 255));
  }
  return image;
}

}  // namespace mnv4
