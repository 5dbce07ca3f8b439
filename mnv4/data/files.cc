#include "mnv4/data/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "mnv4/base/error.h"
#include "mnv4/io/printable.h"

namespace mnv4::data {

namespace fs = std::filesystem;

bool HasPictureEnding(std::string_view name) {
  static constexpr std::string_view kEndings[] = {".jpg",  ".jpeg", ".jpe", ".jfif", ".png",
                                                  ".webp", ".bmp",  ".gif", ".tif",  ".tiff",
                                                  ".ppm",  ".pgm",  ".pbm", ".pnm"};
  std::string ending = fs::path(name).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(std::begin(kEndings), std::end(kEndings), ending) != std::end(kEndings);
}

std::vector<std::string> PicturesBelow(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  while (!error && it != fs::recursive_directory_iterator()) {
    std::error_code not_a_file;
    if (it->is_regular_file(not_a_file) && HasPictureEnding(it->path().native())) {
      paths.push_back(it->path().string());
    }
    it.increment(error);
  }
  if (error) {
    throw Error(ErrorCode::kRuntime, fmt::format("{}: {}", Printable(folder), error.message()));
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace mnv4::data
