#pragma once
/// One picture file, read to the pixels a network sees.

#include "mnv4/data/sample.h"
#include "mnv4/image/image.h"

namespace mnv4::cli {

/// Decoded, resized and cropped as `preprocess` says. Throws Error(kRuntime) whatever is wrong with
/// the file; the text does not name it.
Image LoadPicture(const data::Sample& sample, const Preprocess& preprocess, bool apply_exif);

}  // namespace mnv4::cli
