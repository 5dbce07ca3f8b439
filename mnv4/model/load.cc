#include <fmt/format.h>

#include <filesystem>

#include "mnv4/arch/arch.h"
#include "mnv4/base/error.h"
#include "mnv4/graph/bind.h"
#include "mnv4/io/file.h"
#include "mnv4/io/safetensors.h"
#include "mnv4/model/adapt.h"
#include "mnv4/model/config.h"
#include "mnv4/model/hub.h"
#include "mnv4/model/model.h"

namespace mnv4::model {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxNetworkBytes = 1 << 20;

// Runs `action`; its errors get the name of the file that is to blame.
template <class Action>
auto InFile(const std::string& name, Action action) {
  try {
    return action();
  } catch (const Error& error) {
    throw Error(ErrorCode::kInvalidFile, name + ": " + error.what());
  }
}

NetworkSpec ReadNetwork(const std::string& text, const std::string& name) {
  NetworkSpec spec = InFile(name, [&] { return ParseNetwork(text); });
  if (const auto zoo = FindArchitecture(spec.name)) {
    if (!ConfigNames(spec)) {
      throw Error(ErrorCode::kInvalidFile,
                  fmt::format("{}: the name {} belongs to another network", name, spec.name));
    }
    spec.name = zoo->name;
  }
  return spec;
}

// The weights of a file with the configuration and network text it carries. A file without a
// configuration is part of `folder`, whose config.json and network.txt are read instead.
Model Assemble(SafeTensors file, const std::string& file_name, const fs::path& folder,
               const std::optional<ZooName>& zoo) {
  const auto carried = [&](const char* key) -> std::optional<std::string> {
    const auto it = file.metadata.find(key);
    if (it == file.metadata.end()) return std::nullopt;
    return it->second;
  };
  const auto read_beside = [&](const char* name, size_t max_bytes) -> std::optional<std::string> {
    std::error_code ignored;
    if (folder.empty() || !fs::exists(folder / name, ignored)) return std::nullopt;
    return ReadTextFile((folder / name).string(), max_bytes);
  };

  std::optional<std::string> config = carried("config");
  std::optional<std::string> network = carried("network");
  std::string config_name = file_name + ": config";
  std::string network_name = file_name + ": network";
  if (!config) {
    config = read_beside("config.json", kMaxConfigBytes);
    config_name = "config.json";
    if (!network) {
      network = read_beside("network.txt", kMaxNetworkBytes);
      network_name = "network.txt";
    }
  }

  std::optional<NetworkSpec> spec;
  if (network) spec = ReadNetwork(*network, network_name);
  Model model;
  if (config) {
    model = ParseConfig(*config, config_name, spec);
  } else if (spec) {
    model = DefaultConfig(*std::move(spec), nullptr);
  } else if (zoo) {
    model = DefaultConfig(zoo->spec, zoo->tag);
  } else {
    throw Error(ErrorCode::kInvalidFile,
                file_name + ": no configuration in it and no config.json beside it");
  }
  model.weights = std::move(file.tensors);
  InFile(file_name,
         [&] { return model.GraphFor(1, model.preprocess.height, model.preprocess.width); });
  return model;
}

Model LoadFile(const std::string& path, const std::optional<ZooName>& zoo) {
  fs::path folder = fs::path(path).parent_path();
  if (folder.empty()) folder = ".";
  return Assemble(ReadSafeTensors(path), BaseName(path), folder, zoo);
}

// A network without weights gets the deterministic random ones.
Model FillRandomly(Model model, const LoadOptions& options) {
  Adapt(options, model);
  model.weights =
      HashWeights(Lower(model.spec, 1, model.preprocess.height, model.preprocess.width));
  model.random_weights = true;
  return model;
}

Model LoadNetworkText(const std::string& path, const LoadOptions& options) {
  NetworkSpec spec = ReadNetwork(ReadTextFile(path, kMaxNetworkBytes), BaseName(path));
  if (!options.allow_random_weights) {
    throw Error(
        ErrorCode::kInvalidArgument,
        BaseName(path) + ": a network without weights: name a folder or file that has some");
  }
  return FillRandomly(DefaultConfig(std::move(spec), nullptr), options);
}

Model LoadZoo(const ZooName& zoo, const LoadOptions& options) {
  if (!options.allow_random_weights) ThrowNoWeights(zoo);
  return FillRandomly(DefaultConfig(zoo.spec, zoo.tag), options);
}

Model LoadPlace(const Place& place, const LoadOptions& options) {
  if (place.kind == PlaceKind::kNetworkText) return LoadNetworkText(place.path, options);
  if (place.kind == PlaceKind::kZoo) return LoadZoo(*place.zoo, options);
  const bool is_folder = place.kind == PlaceKind::kFolder;
  Model model = LoadFile(is_folder ? WeightsIn(place.path) : place.path, place.zoo);
  Adapt(options, model);
  return model;
}

}  // namespace

Graph Model::GraphFor(int n, int h, int w) const { return Bind(Lower(spec, n, h, w), weights); }

Model Load(const std::string& name, const LoadOptions& options) {
  Model model = LoadPlace(Resolve(name), options);
  model.source = name;
  return model;
}

Model LoadFromMemory(std::span<const std::byte> bytes, const std::string& name,
                     const LoadOptions& options) {
  Model model = Assemble(ParseSafeTensors(bytes, name, nullptr), name, {}, std::nullopt);
  Adapt(options, model);
  model.source = name;
  return model;
}

}  // namespace mnv4::model
