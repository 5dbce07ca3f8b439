#include "mnv4/cli/picture.h"

#include "mnv4/base/error.h"
#include "mnv4/io/file.h"

namespace mnv4::cli {

std::string WhyUnreadable(const data::Sample& sample, const std::exception& error) {
  const std::string prefix = BaseName(sample.path) + ": ";
  std::string text = error.what();
  if (text.starts_with(prefix)) text.erase(0, prefix.size());
  return text;
}

Image LoadPicture(const data::Sample& sample, const Preprocess& preprocess, bool apply_exif) {
  try {
    return LoadPixels(data::ReadBytes(sample), preprocess, {.apply_exif = apply_exif});
  } catch (const Error& error) {
    throw Error(ErrorCode::kRuntime, WhyUnreadable(sample, error));
  }
}

}  // namespace mnv4::cli
