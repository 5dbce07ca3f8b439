#pragma once
// One scene: a ground, one object of a class table, shapes around it, light, lens and JPEG.

#include <cstdint>
#include <string>
#include <vector>

#include "grounds.h"
#include "sprite.h"

namespace mnv4::scenes {

/// Everything scenes are made of; constant once loaded.
struct Assets {
  std::vector<std::string> labels;  ///< class i is labels[i], drawn with stamps[i]
  std::vector<Sprite> stamps;
  std::vector<Sprite> train_photos;
  std::vector<Sprite> heldout_photos;
};

struct AssetPaths {
  std::string classes = "tools/scenes/classes.txt";  ///< label TAB file under `stamps`
  std::string grounds = "tools/scenes/grounds.txt";  ///< split TAB file TAB package TAB licence
  std::string stamps = "/usr/share/tuxpaint/stamps";
  std::string photos = "/usr/share/backgrounds";
};
/// Reads only the photographs of `split`. Throws std::runtime_error that names the missing file
/// and the Debian package it comes from.
Assets LoadAssets(const AssetPaths& paths, Split split);

struct Scene {
  int label = 0;
  std::vector<uint8_t> jpeg;  ///< square, side `size` for most, up to 2.5 times that for the rest
};

/// Depends on its arguments only. Every run of as many scenes as classes shows each class once.
Scene MakeScene(const Assets& assets, uint64_t seed, Split split, uint64_t index, int size);

}  // namespace mnv4::scenes
