#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "mnv4/base/error.h"
#include "mnv4/data/dataset.h"
#include "mnv4/data/files.h"
#include "mnv4/io/file.h"
#include "mnv4/io/printable.h"

namespace mnv4::data {
namespace {

namespace fs = std::filesystem;

// The class of each folder: by its name, or all of them by their order.
std::vector<int> IndicesOf(const std::vector<std::string>& names, const ClassMap& classes,
                           const std::string& folder) {
  const bool any_known = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return classes.Find(name).has_value();
  });
  const bool by_order = !any_known && names.size() == static_cast<size_t>(classes.classes());
  std::vector<int> indices;
  for (size_t i = 0; i < names.size(); ++i) {
    indices.push_back(by_order ? static_cast<int>(i)
                               : classes.IndexOf(names[i], BaseName(folder) + ": class folder"));
  }
  return indices;
}

}  // namespace

std::vector<std::string> ClassFolders(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    std::string name = it->path().filename().string();
    std::error_code not_a_folder;
    if (!name.starts_with('.') && it->is_directory(not_a_folder)) names.push_back(std::move(name));
  }
  if (error) {
    throw Error(ErrorCode::kRuntime, fmt::format("{}: {}", Printable(folder), error.message()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::unique_ptr<Dataset> OpenImageFolder(const std::string& folder, const ClassMap& classes) {
  const std::vector<std::string> names = ClassFolders(folder);
  const std::vector<int> indices = IndicesOf(names, classes, folder);
  std::vector<Sample> samples;
  for (size_t i = 0; i < names.size(); ++i) {
    for (std::string& path : PicturesBelow((fs::path(folder) / names[i]).string())) {
      samples.push_back({.key = path, .path = path, .labels = {indices[i]}});
    }
  }
  if (samples.empty()) {
    throw Error(ErrorCode::kInvalidFile,
                fmt::format("{}: {} class folders with no picture, expected a folder for each "
                            "class that holds its pictures",
                            BaseName(folder), names.size()));
  }
  return ListOf(std::move(samples));
}

}  // namespace mnv4::data
