#pragma once
/// The cache of huggingface_hub on this machine, read only:
///   models--OWNER--MODEL/refs/REVISION       the commit of a branch or tag
///   models--OWNER--MODEL/snapshots/COMMIT/   links to the files of that commit

#include <optional>
#include <string>
#include <string_view>

namespace mnv4::model {

/// The parts are plain names: letters, digits, '-', '_' and '.'.
struct Repository {
  std::string owner, model, revision = "main";
};

/// "OWNER/MODEL" or "OWNER/MODEL@REVISION"; nullopt for anything else.
std::optional<Repository> ParseRepository(std::string_view name);

/// $HF_HUB_CACHE, $HUGGINGFACE_HUB_CACHE, $HF_HOME/hub, $XDG_CACHE_HOME/huggingface/hub or
/// ~/.cache/huggingface/hub.
std::string HubCache();

/// The folder of a revision, by its ref or commit. Where "main" has no ref (files placed by hand),
/// the newest one. Nullopt if there is none.
std::optional<std::string> FindSnapshot(const Repository& repository);

/// For errors: which files belong where for FindSnapshot to find them.
std::string WhereToPut(const Repository& repository);

}  // namespace mnv4::model
