#pragma once
/// From a picture file's bytes to the pixels Pillow 13 reads from it.

#include <cstddef>
#include <cstdint>
#include <span>

#include "mnv4/image/pixels.h"

namespace mnv4 {

struct DecodeOptions {
  bool apply_exif = true;          ///< turn the picture as its EXIF orientation says; timm does not
  int channels = 3;                ///< 3: convert('RGB'), 1: convert('L')
  int64_t max_pixels = 178956970;  ///< larger pictures are refused, unread (Pillow's limit)
};

/// "JPEG", "PNG", "WebP", "TIFF", "GIF", "BMP" or "PNM", by the file's first bytes; "" if it is
/// none.
const char* FormatName(std::span<const std::byte> bytes);

/// Decodes a JPEG, PNG, WebP, TIFF, GIF (first frame), BMP or PNM file, told apart by content
/// (docs/picture-formats.md). Throws Error(kRuntime) if it is none, broken, truncated or too large;
/// the text does not name the file, callers add that.
Image Decode(std::span<const std::byte> bytes, const DecodeOptions& options = {});

}  // namespace mnv4
