#pragma once
/// A file as read-only memory.

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace mnv4 {

/// The bytes of one file for as long as this lives; pages are read when they are first touched.
/// Replacing the file by a rename leaves the mapping as it is; cutting it short in place does not.
class MappedFile {
 public:
  /// Throws Error(kRuntime) if the file cannot be opened, Error(kInvalidFile) if it is a directory,
  /// a pipe or device, or empty.
  static std::shared_ptr<const MappedFile> Open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
};

}  // namespace mnv4
