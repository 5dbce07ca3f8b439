#pragma once
/// Pillow's Image.resize on 8-bit pixels, antialiased, bit for bit.

#include <cstdint>
#include <optional>
#include <string_view>

#include "mnv4/image/pixels.h"

namespace mnv4 {

enum class Interpolation : uint8_t { kNearest, kBox, kBilinear, kHamming, kBicubic, kLanczos };

/// "nearest", "box", "bilinear", "hamming", "bicubic", "lanczos": timm's names.
const char* Name(Interpolation interpolation);
std::optional<Interpolation> ParseInterpolation(std::string_view name);

/// `image` at width x height pixels; both sizes at least 1.
/// Throws Error(kInvalidArgument) if a size is not positive.
Image Resize(const ImageView& image, int width, int height, Interpolation interpolation);

}  // namespace mnv4
