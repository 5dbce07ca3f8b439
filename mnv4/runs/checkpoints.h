#pragma once
/// The checkpoints of a run. A kill, a crash or a full disk at any moment leaves either the old
/// state or the new one.
///
///     <run>/checkpoints/epoch-0003/    a checkpoint: whatever the caller writes into it
///     <run>/last, <run>/best           links to checkpoints

#include <optional>
#include <string>

namespace mnv4::runs {

class Checkpoints;

/// A checkpoint that is being written: a folder of another name, gone unless it is committed.
class PendingCheckpoint {
 public:
  ~PendingCheckpoint();
  PendingCheckpoint(PendingCheckpoint&& other) noexcept;
  PendingCheckpoint& operator=(PendingCheckpoint&&) = delete;

  /// An empty folder to write files into.
  const std::string& path() const { return path_; }

  /// Puts the files on the disk, gives the folder its name, makes `last` (and `best`) point to it,
  /// and removes the oldest checkpoints. Throws Error(kRuntime) naming the path and the reason;
  /// until the folder has its name, this leaves all as it was.
  void Commit(bool best);

 private:
  friend Checkpoints;
  PendingCheckpoint(const Checkpoints& checkpoints, std::string name);

  const Checkpoints* checkpoints_;
  std::string name_, path_;  ///< path_ is empty once there is nothing to remove
};

class Checkpoints {
 public:
  /// Of the run in the folder `run`, which this program has locked (run_folder.h). Makes what is
  /// missing and clears up what a kill has left. `keep`: how many of the newest stay, beside what
  /// `last` and `best` point to; 0: all. Throws Error(kRuntime).
  Checkpoints(std::string run, int keep);

  /// Starts checkpoint `name`: "epoch-0003", "step-00001200". One of that name that is there
  /// already, from before a resumed run was killed, is replaced by Commit. This must outlive what
  /// it gives. Throws Error(kRuntime), and Error(kInvalidArgument) for what is no name of a folder.
  PendingCheckpoint Begin(const std::string& name) const;

  /// <run>/checkpoints.
  const std::string& folder() const { return folder_; }

 private:
  friend PendingCheckpoint;
  void Link(const std::string& link, const std::string& name) const;
  void Prune() const;

  std::string run_, folder_;
  int keep_;
};

/// Where the run in folder `run` goes on: what `last` points to, else the newest checkpoint there
/// is; nullopt if there is none.
std::optional<std::string> FindCheckpoint(const std::string& run);

}  // namespace mnv4::runs
