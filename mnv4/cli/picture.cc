#include "mnv4/cli/picture.h"

#include "mnv4/base/error.h"
#include "mnv4/io/file.h"

namespace mnv4::cli {

Image LoadPicture(const data::Sample& sample, const Preprocess& preprocess, bool apply_exif) {
  try {
    return LoadPixels(data::ReadBytes(sample), preprocess, {.apply_exif = apply_exif});
  } catch (const Error& error) {
    // Reading names the file, decoding cannot; those who report it name it with its folder.
    const std::string prefix = BaseName(sample.path) + ": ";
    std::string text = error.what();
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
    throw Error(ErrorCode::kRuntime, text);
  }
}

}  // namespace mnv4::cli
