#pragma once
/// Whole files, read and written: small ones in memory, any of them replaced in one step.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mnv4 {

/// The last part of a path, printable: what error messages call a file.
std::string BaseName(const std::string& path);

/// The bytes of a file or pipe. Throws Error(kRuntime) if it cannot be read, Error(kInvalidFile)
/// for a directory, an empty file, or one of more than `max_bytes`.
std::vector<std::byte> ReadFile(const std::string& path, size_t max_bytes);
/// The same as text.
std::string ReadTextFile(const std::string& path, size_t max_bytes);

/// A file that appears under its name only when all of it was written: bytes go to a file beside
/// it, which Commit() renames. Without a Commit nothing is left behind. A device or pipe
/// (/dev/stdout) is written directly. All methods throw Error(kRuntime) naming the file and the
/// reason.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void Write(std::span<const std::byte> bytes);
  void Write(std::string_view text) { Write(std::as_bytes(std::span(text))); }
  enum class Sync : uint8_t { kNo, kYes };
  /// kYes: the bytes are on the disk before they have the name, so that a crash of the machine
  /// leaves the old file or the new one.
  void Commit(Sync sync = Sync::kYes);

 private:
  [[noreturn]] void Fail(const char* action) const;

  std::string path_;
  std::string beside_;  ///< empty when `path_` is written directly
  int descriptor_ = -1;
};

}  // namespace mnv4
