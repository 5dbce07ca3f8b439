#include "mnv4/model/hub_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iomanip>

#include "mnv4/io/printable.h"

namespace mnv4::model {
namespace {

namespace fs = std::filesystem;

std::string Folder(const Repository& repository) {
  return fmt::format("{}/models--{}--{}", HubCache(), repository.owner, repository.model);
}

// What may become the name of a folder, and cannot lead out of the one it is in.
bool IsPlainName(std::string_view name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.';
  });
  return plain && !name.empty() && name.size() < 200 && name != "." && name != "..";
}

}  // namespace

std::optional<Repository> ParseRepository(std::string_view name) {
  Repository repository;
  if (const size_t at = name.find('@'); at != name.npos) {
    repository.revision = name.substr(at + 1);
    name = name.substr(0, at);
  }
  const size_t slash = name.find('/');
  if (slash == name.npos) return std::nullopt;
  repository.owner = name.substr(0, slash);
  repository.model = name.substr(slash + 1);
  const bool plain = IsPlainName(repository.owner) && IsPlainName(repository.model) &&
                     IsPlainName(repository.revision);
  if (!plain) return std::nullopt;
  return repository;
}

std::string HubCache() {
  const auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
  };
  if (const std::string cache = variable("HF_HUB_CACHE"); !cache.empty()) return cache;
  if (const std::string cache = variable("HUGGINGFACE_HUB_CACHE"); !cache.empty()) return cache;
  if (const std::string home = variable("HF_HOME"); !home.empty()) return home + "/hub";
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty()) {
    return cache + "/huggingface/hub";
  }
  return variable("HOME") + "/.cache/huggingface/hub";
}

std::optional<std::string> FindSnapshot(const Repository& repository) {
  const fs::path folder = Folder(repository);
  const fs::path snapshots = folder / "snapshots";
  std::error_code error;
  std::string commit = repository.revision;
  std::ifstream(folder / "refs" / repository.revision) >> std::setw(200) >> commit;
  if (IsPlainName(commit) && fs::is_directory(snapshots / commit, error)) {
    return (snapshots / commit).string();
  }
  if (repository.revision != "main") return std::nullopt;

  std::optional<std::string> newest;
  fs::file_time_type newest_time;
  for (const auto& entry : fs::directory_iterator(snapshots, error)) {
    const auto time = fs::last_write_time(entry, error);
    if (!entry.is_directory(error) || (newest && time <= newest_time)) continue;
    newest = entry.path().string();
    newest_time = time;
  }
  return newest;
}

std::string WhereToPut(const Repository& repository) {
  return fmt::format(
      "put config.json and model.safetensors of https://huggingface.co/{}/{} into {}",
      repository.owner, repository.model, Printable(Folder(repository) + "/snapshots/main", 4096));
}

}  // namespace mnv4::model
