#include "mnv4/model/hub.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <vector>

#include "mnv4/base/error.h"
#include "mnv4/io/file.h"
#include "mnv4/io/printable.h"
#include "mnv4/model/hub_cache.h"

namespace mnv4::model {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Fail(const std::string& text) { throw Error(ErrorCode::kInvalidArgument, text); }

bool IsFolder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool Exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool IsPickle(const fs::path& path) {
  constexpr std::string_view kExtensions[] = {".bin", ".pth", ".pt", ".tar", ".ckpt"};
  return std::find(std::begin(kExtensions), std::end(kExtensions), path.extension()) !=
         std::end(kExtensions);
}

// 'it''s' for a shell.
std::string Quoted(const std::string& path) {
  std::string quoted = "'";
  for (const char c : path) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return Printable(quoted + "'", 4096);
}

[[noreturn]] void RefusePickle(const fs::path& pickle) {
  fs::path converted = pickle;
  converted.replace_filename("model.safetensors");
  throw Error(
      ErrorCode::kInvalidFile,
      fmt::format(
          "{}: a Python pickle, which could run anything and is never opened; convert it with: "
          "python3 -c \"import sys, torch, safetensors.torch as s; s.save_file({{k: v.contiguous() "
          "for k, v in torch.load(sys.argv[1], map_location='cpu', weights_only=True).items()}}, "
          "sys.argv[2], {{'format': 'pt'}})\" {} {}",
          BaseName(pickle.native()), Quoted(pickle.native()), Quoted(converted.native())));
}

// What a file is by its first bytes; its name only tells a damaged .safetensors file from text.
PlaceKind KindOfFile(const std::string& path) {
  if (fs::path(path).extension() == ".safetensors") return PlaceKind::kSafeTensors;
  std::array<char, 512> buffer;
  std::ifstream file(path, std::ios::binary);
  file.read(buffer.data(), buffer.size());
  const std::string_view start(buffer.data(), static_cast<size_t>(file.gcount()));
  if (start.starts_with("PK\x03\x04") || start.starts_with("\x80\x02") || IsPickle(path)) {
    RefusePickle(path);
  }
  return start.find('\0') == start.npos ? PlaceKind::kNetworkText : PlaceKind::kSafeTensors;
}

Place OnDisk(const std::string& path) {
  if (IsFolder(path)) return {PlaceKind::kFolder, path, {}};
  return {KindOfFile(path), path, {}};
}

Repository TimmRepository(const ZooName& zoo) {
  return {"timm", fmt::format("{}.{}", zoo.tag->architecture, zoo.tag->tag)};
}

// The zoo name inside "timm/mobilenetv4_conv_small.e2400_r224_in1k", whose snapshot may lack a
// config.json: timm takes the configuration of published weights from its own registry.
std::optional<ZooName> ZooOf(const Repository& repository) {
  if (repository.owner != "timm") return std::nullopt;
  for (const PretrainedTag& tag : PretrainedTags()) {
    if (repository.model == fmt::format("{}.{}", tag.architecture, tag.tag)) {
      return ZooName{*FindArchitecture(tag.architecture), &tag};
    }
  }
  return std::nullopt;
}

Place InHub(const Repository& repository) {
  const auto snapshot = FindSnapshot(repository);
  if (!snapshot) {
    Fail(fmt::format("{}/{} is not in the Hugging Face cache: {}", repository.owner,
                     repository.model, WhereToPut(repository)));
  }
  return {PlaceKind::kFolder, *snapshot, ZooOf(repository)};
}

}  // namespace

std::optional<ZooName> FindInZoo(const std::string& name) {
  const size_t dot = name.find('.');
  std::optional<NetworkSpec> spec = FindArchitecture(name.substr(0, dot));
  if (!spec) return std::nullopt;
  ZooName zoo{*std::move(spec), nullptr};
  std::vector<const char*> tags;
  for (const PretrainedTag& tag : PretrainedTags()) {
    if (zoo.spec.name != tag.architecture) continue;
    tags.push_back(tag.tag);
    const bool wanted = dot == name.npos ? tags.size() == 1 : name.substr(dot + 1) == tag.tag;
    if (wanted) zoo.tag = &tag;
  }
  if (dot != name.npos && zoo.tag == nullptr) {
    Fail(fmt::format("{}: no such tag of {}, the nearest is '{}'", Printable(name), zoo.spec.name,
                     NearestName(name.substr(dot + 1, 64), tags)));
  }
  return zoo;
}

void ThrowNoWeights(const ZooName& zoo) {
  if (zoo.tag == nullptr || !zoo.tag->on_hub) {
    Fail(fmt::format("{} has no published weights: name a folder or file that has some",
                     zoo.spec.name));
  }
  Fail(
      fmt::format("{}.{} has no weights on this machine: {}, or name another folder or file that "
                  "has them",
                  zoo.tag->architecture, zoo.tag->tag, WhereToPut(TimmRepository(zoo))));
}

Place Resolve(const std::string& name) {
  for (const std::string_view prefix : {"hf-hub:", "hf_hub:"}) {
    if (!name.starts_with(prefix)) continue;
    const auto repository = ParseRepository(std::string_view(name).substr(prefix.size()));
    if (!repository)
      Fail(Printable(name) + ": expected hf-hub:OWNER/MODEL or OWNER/MODEL@REVISION");
    return InHub(*repository);
  }
  constexpr std::string_view kLocal = "local-dir:";
  if (name.starts_with(kLocal)) {
    const std::string folder = name.substr(kLocal.size());
    if (!IsFolder(folder)) Fail(Printable(folder) + ": no such folder");
    return {PlaceKind::kFolder, folder, {}};
  }
  if (Exists(name)) return OnDisk(name);
  if (const auto repository = ParseRepository(name)) {
    if (repository->owner == "timm" || FindSnapshot(*repository)) return InHub(*repository);
    Fail(Printable(name) + ": no such file or folder, and not in the Hugging Face cache " +
         Printable(HubCache(), 4096));
  }
  if (name.find('/') == name.npos) {
    if (auto zoo = FindInZoo(name)) {
      const auto snapshot = zoo->tag ? FindSnapshot(TimmRepository(*zoo)) : std::nullopt;
      if (snapshot) return {PlaceKind::kFolder, *snapshot, std::move(zoo)};
      return {PlaceKind::kZoo, "", std::move(zoo)};
    }
  }
  Fail(fmt::format("{}: no such file, folder or network; the nearest network is '{}'",
                   Printable(name), NearestArchitecture(name)));
}

std::string WeightsIn(const std::string& folder) {
  const fs::path preferred = fs::path(folder) / "model.safetensors";
  if (Exists(preferred)) return preferred.string();
  std::vector<fs::path> found, pickles;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!entry.exists(error)) continue;  // a link to a blob that is gone
    if (entry.path().extension() == ".safetensors") found.push_back(entry.path());
    if (IsPickle(entry.path())) pickles.push_back(entry.path());
  }
  if (found.size() == 1) return found[0].string();
  std::sort(pickles.begin(), pickles.end());
  if (found.empty() && !pickles.empty()) RefusePickle(pickles[0]);
  throw Error(ErrorCode::kInvalidFile,
              fmt::format("{}: {}", Printable(folder, 4096),
                          found.empty() ? "no model.safetensors in this folder"
                                        : "several .safetensors files and none is called "
                                          "model.safetensors"));
}

}  // namespace mnv4::model
