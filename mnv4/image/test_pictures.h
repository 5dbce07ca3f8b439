#pragma once
/// What the tests of this folder share: the golden files of tests/golden/images, which
/// tests/oracles/make_picture_golden.py wrote with Pillow, timm and torch.

#include <fstream>
#include <iterator>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "mnv4/image/synthetic_pixels.h"

namespace mnv4 {

inline std::string GoldenPicturePath(const std::string& name) {
  return std::string(MNV4_SOURCE_DIR) + "/tests/golden/images/" + name;
}

inline std::vector<std::byte> ReadGoldenPicture(const std::string& name) {
  std::ifstream file(GoldenPicturePath(name), std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// The lines of a golden list, without comments.
inline std::vector<std::istringstream> GoldenLines(const std::string& name) {
  std::ifstream file(GoldenPicturePath(name));
  std::vector<std::istringstream> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with('#')) lines.emplace_back(line);
  }
  return lines;
}

}  // namespace mnv4
