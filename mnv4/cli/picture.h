#pragma once
/// One picture file, read to the pixels a network sees.

#include <string>

#include "mnv4/image/image.h"

namespace mnv4::cli {

/// Decoded, resized and cropped as `preprocess` says. Throws Error(kRuntime) whatever is wrong with
/// the file; the text does not name it.
Image LoadPicture(const std::string& path, const Preprocess& preprocess, bool apply_exif);

}  // namespace mnv4::cli
