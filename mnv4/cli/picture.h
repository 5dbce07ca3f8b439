#pragma once
/// One picture file, read to the pixels a network sees.

#include <exception>
#include <string>

#include "mnv4/data/sample.h"
#include "mnv4/image/image.h"

namespace mnv4::cli {

/// What `error`, thrown while a sample was read or decoded, says, without the name of its file:
/// those who report it name it with its folder.
std::string WhyUnreadable(const data::Sample& sample, const std::exception& error);

/// Decoded, resized and cropped as `preprocess` says. Throws Error(kRuntime) whatever is wrong with
/// the file; the text does not name it.
Image LoadPicture(const data::Sample& sample, const Preprocess& preprocess, bool apply_exif);

}  // namespace mnv4::cli
