#include "mnv4/train_cli/scenes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

#include "mnv4/base/error.h"
#include "tools/scenes/scene.h"

namespace mnv4::train_cli {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kHeldoutSeed = 2;  // as the figures of the default model have it

// The lists lie in the source tree, or where the program was installed to.
scenes::AssetPaths Paths() {
  std::error_code ignored;
  scenes::AssetPaths paths;
  if (fs::exists(paths.classes, ignored)) return paths;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (const fs::path& folder :
       {program / "../share/mnv4/scenes", program / "../../tools/scenes"}) {
    if (!fs::exists(folder / "classes.txt", ignored)) continue;
    paths.classes = (folder / "classes.txt").string();
    paths.grounds = (folder / "grounds.txt").string();
    return paths;
  }
  return paths;
}

scenes::Assets Load(scenes::Split split) {
  try {
    return scenes::LoadAssets(Paths(), split);
  } catch (const std::runtime_error& error) {
    throw Error(ErrorCode::kRuntime, fmt::format("scenes: {}", error.what()));
  }
}

class Scenes : public data::Source {
 public:
  explicit Scenes(const SceneOptions& options)
      : options_(options),
        split_(options.heldout ? scenes::Split::kHeldout : scenes::Split::kTrain),
        assets_(Load(split_)) {
    if (options.labels.empty()) return;
    scenes::Assets& assets = assets_;
    std::vector<scenes::Sprite> stamps;
    for (const std::string& label : options.labels) {
      const auto found = std::find(assets.labels.begin(), assets.labels.end(), label);
      stamps.push_back(assets.stamps[static_cast<size_t>(found - assets.labels.begin())]);
    }
    assets.labels = options.labels;
    assets.stamps = std::move(stamps);
  }

  int64_t Size() const override { return options_.count; }
  int LabelOf(int64_t) const override { return -1; }

  data::Sample Get(int64_t epoch, int64_t index) const override {
    const bool same = options_.heldout || options_.same_every_epoch;
    const int64_t number = index + (same ? 0 : epoch * options_.count);
    const uint64_t seed = options_.heldout ? kHeldoutSeed : options_.seed;
    const scenes::Scene scene =
        scenes::MakeScene(assets_, seed, split_, static_cast<uint64_t>(number), options_.side);
    data::Sample sample{.key = fmt::format("scene {}", number)};
    sample.bytes.resize(scene.jpeg.size());
    std::memcpy(sample.bytes.data(), scene.jpeg.data(), scene.jpeg.size());
    sample.labels = {scene.label};
    return sample;
  }

 private:
  const SceneOptions options_;
  const scenes::Split split_;
  scenes::Assets assets_;
};

}  // namespace

std::vector<std::string> SceneLabels() { return Load(scenes::Split::kHeldout).labels; }

std::unique_ptr<data::Source> SceneSource(const SceneOptions& options) {
  return std::make_unique<Scenes>(options);
}

}  // namespace mnv4::train_cli
