#pragma once
/// The folder of a run, runs/<verb>/<name>, held by one program at a time.

#include <string>

namespace mnv4::runs {

class RunFolder {
 public:
  /// Makes <root>/<verb>/<name> for a new run; if that is taken, <name>-2, <name>-3, ...: no run is
  /// ever overwritten. Throws Error(kInvalidArgument) for what is no name of a folder,
  /// Error(kRuntime) where it cannot be made.
  static RunFolder Make(const std::string& root, const std::string& verb, const std::string& name);
  /// The same, under exactly this name. Throws Error(kInvalidArgument) if it is taken.
  static RunFolder MakeNamed(const std::string& root, const std::string& verb,
                             const std::string& name);
  /// One that is there, to be resumed. Throws Error(kInvalidArgument) if it is not, and
  /// Error(kRuntime) naming the process that writes to it.
  static RunFolder Open(const std::string& path);

  ~RunFolder();
  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&&) = delete;

  const std::string& path() const { return path_; }
  /// The path of a file in it: File("summary.csv").
  std::string File(const std::string& name) const { return path_ + '/' + name; }

 private:
  explicit RunFolder(std::string path);

  std::string path_;
  int lock_ = -1;  ///< descriptor of path_/.lock; the system unlocks it when the program ends
};

}  // namespace mnv4::runs
