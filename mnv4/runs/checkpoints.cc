#include "mnv4/runs/checkpoints.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>
#include <vector>

#include "mnv4/base/error.h"
#include "mnv4/io/printable.h"

namespace mnv4::runs {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "checkpoints";
constexpr const char* kLast = "last";
constexpr const char* kBest = "best";
// What a checkpoint's folder is called while it is none: before Commit, in the way of a new one of
// its name, on its way out.
constexpr std::string_view kWriting = ".writing-", kReplaced = ".replaced-",
                           kRemoving = ".removing-";

[[noreturn]] void Fail(const std::string& path, const char* action, int error) {
  throw Error(ErrorCode::kRuntime,
              fmt::format("{}: {}: {}", Printable(path, 1024), action, std::strerror(error)));
}

std::string Hidden(const std::string& folder, std::string_view prefix, std::string_view name) {
  return fmt::format("{}/{}{}", folder, prefix, name);
}

void Rename(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) Fail(to, "cannot rename into place", errno);
}

// What was written to a file, or the names in a folder, to the disk.
void Sync(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) Fail(path, "cannot open", errno);
  const int error = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  if (error != 0 && error != EINVAL) Fail(path, "cannot write", error);  // EINVAL: takes no fsync
}

void SyncTree(const std::string& folder) {
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it->is_regular_file() || it->is_directory()) Sync(it->path().string());
  }
  if (error) Fail(folder, "cannot read", error.value());
  Sync(folder);
}

// The names in a folder; none if it cannot be read.
std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  return names;
}

// Whole checkpoints, the newest first.
std::vector<std::string> NewestFirst(const std::string& folder) {
  std::vector<std::pair<fs::file_time_type, std::string>> found;
  for (std::string& name : NamesIn(folder)) {
    const fs::path path = fs::path(folder) / name;
    std::error_code error;
    const bool is_folder = fs::is_directory(path, error);
    if (name.starts_with('.') || !is_folder) continue;
    const auto time = fs::last_write_time(path, error);
    if (!error) found.emplace_back(time, std::move(name));
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<std::string> names;
  for (auto& [time, name] : found) names.push_back(std::move(name));
  return names;
}

// The checkpoint that a link of the run points to.
std::optional<std::string> Target(const std::string& run, const char* link) {
  std::error_code error;
  const fs::path target = fs::read_symlink(fs::path(run) / link, error);
  if (error || !fs::is_directory(fs::path(run) / target, error)) return std::nullopt;
  return target.filename().string();
}

// Under another name first, so that a kill never leaves half a checkpoint that looks whole.
void Remove(const std::string& folder, const std::string& name) {
  const std::string out = Hidden(folder, kRemoving, name);
  std::error_code ignored;  // what cannot be removed does no harm; a full disk is reported as such
  fs::rename(fs::path(folder) / name, out, ignored);
  fs::remove_all(out, ignored);
}

// Puts `fresh` in the place of the checkpoint `name`.
void Replace(const std::string& folder, const std::string& fresh, const std::string& name) {
  const std::string path = fmt::format("{}/{}", folder, name);
  std::error_code ignored;
  if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0) {
    fs::remove_all(fresh, ignored);
    return;
  }
  // Some file systems cannot exchange. What a kill leaves between the two is put back at the start.
  const std::string aside = Hidden(folder, kReplaced, name);
  fs::remove_all(aside, ignored);
  Rename(path, aside);
  try {
    Rename(fresh, path);
  } catch (...) {
    fs::rename(aside, path, ignored);
    throw;
  }
  fs::remove_all(aside, ignored);
}

// What a kill has left.
void ClearUp(const std::string& folder) {
  for (const std::string& name : NamesIn(folder)) {
    std::error_code ignored;
    const fs::path path = fs::path(folder) / name;
    if (name.starts_with(kReplaced)) {
      const fs::path place = fs::path(folder) / name.substr(kReplaced.size());
      if (!fs::exists(place, ignored)) fs::rename(path, place, ignored);
    }
    if (name.starts_with(kWriting) || name.starts_with(kReplaced) || name.starts_with(kRemoving)) {
      fs::remove_all(path, ignored);
    }
  }
}

}  // namespace

PendingCheckpoint::PendingCheckpoint(const Checkpoints& checkpoints, std::string name)
    : checkpoints_(&checkpoints),
      name_(std::move(name)),
      path_(Hidden(checkpoints.folder(), kWriting, name_)) {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  std::error_code error;
  if (!fs::create_directory(path_, error)) {
    Fail(std::exchange(path_, ""), "cannot make the folder", error ? error.value() : EEXIST);
  }
}

PendingCheckpoint::PendingCheckpoint(PendingCheckpoint&& other) noexcept
    : checkpoints_(other.checkpoints_),
      name_(std::move(other.name_)),
      path_(std::exchange(other.path_, "")) {}

PendingCheckpoint::~PendingCheckpoint() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

void PendingCheckpoint::Commit(bool best) {
  const std::string& folder = checkpoints_->folder();
  const std::string place = fmt::format("{}/{}", folder, name_);
  SyncTree(path_);
  std::error_code ignored;
  if (fs::exists(place, ignored)) {
    Replace(folder, path_, name_);
  } else {
    Rename(path_, place);
  }
  path_.clear();
  Sync(folder);
  checkpoints_->Link(kLast, name_);
  if (best) checkpoints_->Link(kBest, name_);
  checkpoints_->Prune();
}

Checkpoints::Checkpoints(std::string run, int keep)
    : run_(std::move(run)), folder_(fmt::format("{}/{}", run_, kFolder)), keep_(keep) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) Fail(folder_, "cannot make the folder", error.value());
  ClearUp(folder_);
}

PendingCheckpoint Checkpoints::Begin(const std::string& name) const {
  if (name.empty() || name.starts_with('.') || name.find('/') != std::string::npos) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("'{}' cannot be a checkpoint's name", Printable(name)));
  }
  return PendingCheckpoint(*this, name);
}

// A new link beside the old one, renamed over it: there is always one or the other.
void Checkpoints::Link(const std::string& link, const std::string& name) const {
  const std::string path = fmt::format("{}/{}", run_, link), beside = path + ".new";
  unlink(beside.c_str());
  const std::string target = fmt::format("{}/{}", kFolder, name);
  if (symlink(target.c_str(), beside.c_str()) != 0) Fail(path, "cannot make the link", errno);
  if (rename(beside.c_str(), path.c_str()) != 0) {
    const int error = errno;
    unlink(beside.c_str());
    Fail(path, "cannot make the link", error);
  }
  Sync(run_);
}

void Checkpoints::Prune() const {
  if (keep_ <= 0) return;
  const std::set<std::optional<std::string>> pointed_to = {Target(run_, kLast),
                                                           Target(run_, kBest)};
  int kept = 0;
  for (const std::string& name : NewestFirst(folder_)) {
    if (kept++ >= keep_ && !pointed_to.contains(name)) Remove(folder_, name);
  }
}

std::optional<std::string> FindCheckpoint(const std::string& run) {
  const std::string folder = fmt::format("{}/{}", run, kFolder);
  std::optional<std::string> name = Target(run, kLast);
  if (!name) {
    const std::vector<std::string> names = NewestFirst(folder);
    if (!names.empty()) name = names.front();
  }
  if (!name) return std::nullopt;
  return fmt::format("{}/{}", folder, *name);
}

}  // namespace mnv4::runs
