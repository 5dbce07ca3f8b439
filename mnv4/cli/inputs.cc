#include "mnv4/cli/inputs.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "mnv4/base/error.h"

namespace mnv4::cli {
namespace {

namespace fs = std::filesystem;

bool LooksLikePicture(const fs::path& path) {
  static constexpr std::string_view kEndings[] = {".jpg",  ".jpeg", ".jpe", ".jfif", ".png",
                                                  ".webp", ".bmp",  ".gif", ".tif",  ".tiff",
                                                  ".ppm",  ".pgm",  ".pbm", ".pnm"};
  std::string ending = path.extension().string();
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
    if (it->is_regular_file(not_a_file) && LooksLikePicture(it->path())) {
      paths.push_back(it->path().string());
    }
    it.increment(error);
  }
  if (error) {
    throw Error(ErrorCode::kRuntime, fmt::format("{}: {}", folder, error.message()));
  }
  if (paths.empty()) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: no pictures in this folder", folder));
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<std::string> Matches(const std::string& pattern) {
  glob_t found = {};
  std::vector<std::string> paths;
  if (glob(pattern.c_str(), GLOB_TILDE, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  globfree(&found);
  if (paths.empty()) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: nothing matches", pattern));
  }
  return paths;
}

// `may_match` is false for what a pattern matched: names are not patterns again.
void Expand(const std::string& operand, bool may_match, std::vector<std::string>* paths) {
  std::error_code ignored;
  if (fs::is_directory(operand, ignored)) {
    const std::vector<std::string> below = PicturesBelow(operand);
    paths->insert(paths->end(), below.begin(), below.end());
  } else if (may_match && !fs::exists(operand, ignored) &&
             operand.find_first_of("*?[") != std::string::npos) {
    for (const std::string& match : Matches(operand)) Expand(match, false, paths);
  } else {
    paths->push_back(operand);
  }
}

}  // namespace

std::vector<std::string> ExpandInputs(const std::vector<std::string>& operands) {
  std::vector<std::string> paths;
  for (const std::string& operand : operands) Expand(operand, true, &paths);
  return paths;
}

}  // namespace mnv4::cli
