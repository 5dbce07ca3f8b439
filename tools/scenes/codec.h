#pragma once
// PNG and JPEG files in, JPEG bytes in and out. Everything throws std::runtime_error naming the
// file.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "canvas.h"
#include "sprite.h"

namespace mnv4::scenes {

/// A PNG or JPEG file, told apart by its first bytes.
Rgba ReadPicture(const std::string& path);

/// `quality` as libjpeg means it; `subsample` halves the chroma in both directions (4:2:0).
std::vector<uint8_t> EncodeJpeg(const Rgb& picture, int quality, bool subsample);
/// A square JPEG, as EncodeJpeg makes them.
Rgb DecodeJpeg(std::span<const uint8_t> jpeg);

}  // namespace mnv4::scenes
