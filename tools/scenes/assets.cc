// Reads what scene.h's Assets hold.

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "codec.h"
#include "scene.h"

namespace mnv4::scenes {
namespace {

constexpr int kMaxPhotoSide = 1100;  // windows smaller than a scene are rare above this
constexpr int kMaxStampSide = 640;

// Rows of a tab-separated table, each with exactly `fields` fields.
std::vector<std::vector<std::string>> ReadTable(const std::string& path, size_t fields) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> row;
    std::istringstream parts(line);
    for (std::string field; std::getline(parts, field, '\t');) row.push_back(field);
    if (row.size() != fields) {
      throw std::runtime_error(path + ": \"" + line + "\" has " + std::to_string(row.size()) +
                               " fields, expected " + std::to_string(fields));
    }
    rows.push_back(row);
  }
  return rows;
}

Rgba ReadFrom(const std::string& folder, const std::string& file, const std::string& package) {
  try {
    return ReadPicture(folder + "/" + file);
  } catch (const std::runtime_error& e) {
    throw std::runtime_error(std::string(e.what()) + " (is the Debian package " + package +
                             " installed?)");
  }
}

}  // namespace

Assets LoadAssets(const AssetPaths& paths, Split split) {
  Assets assets;
  for (const auto& row : ReadTable(paths.classes, 2)) {
    Rgba picture = ReadFrom(paths.stamps, row[1], "tuxpaint-stamps-default");
    assets.labels.push_back(row[0]);
    assets.stamps.push_back(MakeStamp(std::move(picture), kMaxStampSide));
  }
  if (assets.labels.empty()) throw std::runtime_error(paths.classes + ": no classes");
  auto& photos = split == Split::kTrain ? assets.train_photos : assets.heldout_photos;
  const std::string wanted = split == Split::kTrain ? "train" : "heldout";
  for (const auto& row : ReadTable(paths.grounds, 4)) {
    if (row[0] != "train" && row[0] != "heldout") {
      throw std::runtime_error(paths.grounds + ": split \"" + row[0] +
                               "\", expected train or heldout");
    }
    if (row[0] != wanted) continue;
    photos.push_back(MakePhoto(ReadFrom(paths.photos, row[1], row[2]), kMaxPhotoSide));
  }
  return assets;
}

}  // namespace mnv4::scenes
