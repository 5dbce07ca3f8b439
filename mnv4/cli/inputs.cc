#include "mnv4/cli/inputs.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "mnv4/base/error.h"
#include "mnv4/data/files.h"
#include "mnv4/io/file.h"

namespace mnv4::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxListBytes = size_t{1} << 28;

std::vector<std::string> PicturesBelow(const std::string& folder) {
  std::vector<std::string> paths = data::PicturesBelow(folder);
  if (paths.empty()) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: no pictures in this folder", folder));
  }
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

// `may_match` is false for what a pattern matched or a list holds: names are not patterns again.
void Expand(const std::string& operand, bool may_match, std::vector<std::string>* paths) {
  std::error_code ignored;
  if (may_match && operand == "-") {
    const std::vector<std::string> listed = ExpandList("/dev/stdin");
    paths->insert(paths->end(), listed.begin(), listed.end());
  } else if (fs::is_directory(operand, ignored)) {
    const std::vector<std::string> below = PicturesBelow(operand);
    paths->insert(paths->end(), below.begin(), below.end());
  } else if (may_match && !fs::exists(operand, ignored) &&
             operand.find_first_of("*?[") != std::string::npos) {
    for (const std::string& match : Matches(operand)) Expand(match, false, paths);
  } else {
    paths->push_back(operand);
  }
}

// What a picture, in a list's place, holds and paths do not.
bool HasBinary(std::string_view path) {
  return std::any_of(path.begin(), path.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
  });
}

}  // namespace

std::vector<std::string> ExpandInputs(const std::vector<std::string>& operands) {
  std::vector<std::string> paths;
  for (const std::string& operand : operands) Expand(operand, true, &paths);
  return paths;
}

std::vector<std::string> ExpandList(const std::string& file) {
  const std::string text = ReadTextFile(file, kMaxListBytes);
  const bool has_nul = text.find('\0') != std::string::npos;
  std::vector<std::string> paths;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find(has_nul ? '\0' : '\n'), rest.size());
    std::string_view path = rest.substr(0, end);
    if (!has_nul && path.ends_with('\r')) path.remove_suffix(1);
    if (HasBinary(path)) {
      throw Error(ErrorCode::kInvalidFile,
                  fmt::format("{}: is not text, expected a list of paths (a picture that comes "
                              "through a pipe is called /dev/stdin)",
                              BaseName(file)));
    }
    if (!path.empty()) Expand(std::string(path), false, &paths);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return paths;
}

}  // namespace mnv4::cli
