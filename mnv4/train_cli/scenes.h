#pragma once
/// Composed scenes (tools/scenes) as a data source.

#include <memory>
#include <string>
#include <vector>

#include "mnv4/data/source.h"

namespace mnv4::train_cli {

struct SceneOptions {
  bool heldout = false;
  int64_t count = 0;
  uint64_t seed = 1;
  int side = 128;  ///< pixels
  bool same_every_epoch = false;
  std::vector<std::string> labels;  ///< the classes drawn; empty: all
};

/// All labels, in the order of the class list. Throws Error(kRuntime) naming the missing file and
/// its package.
std::vector<std::string> SceneLabels();
std::unique_ptr<data::Source> SceneSource(const SceneOptions& options);

}  // namespace mnv4::train_cli
