#pragma once
/// Tar archives, read from front to back, plain or compressed with gzip or zstd.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct archive;
struct archive_entry;

namespace mnv4::data {

/// A range of bytes of an archive as it is stored.
struct TarPlace {
  int64_t offset = 0, size = 0;
};

/// The regular files of one archive. What else is in it (folders, links, devices) is passed over;
/// names are text only, nothing is ever written. Methods throw Error(kInvalidFile) naming the
/// archive where it is damaged.
class TarReader {
 public:
  /// Throws Error(kRuntime) if the file cannot be opened.
  explicit TarReader(const std::string& path);
  /// The same of bytes that outlive it; `name` is what errors call them.
  TarReader(std::span<const std::byte> bytes, std::string name);

  /// Goes on to the next file; false after the last. A file of more than `max_bytes` is an error,
  /// read or not.
  bool Next(size_t max_bytes);
  /// Of the file at hand: "val/0007.jpg", as the archive has it.
  const std::string& file() const { return file_; }
  /// Its content. May be called once.
  std::vector<std::byte> Read();

  /// Where its content is. Throws Error(kInvalidFile) for a compressed archive and for a sparse
  /// file, which have no such place. That the archive is long enough is for the caller to check.
  TarPlace place() const;

  /// What errors call the archive.
  const std::string& name() const { return name_; }
  /// Bytes of the archive, as it is stored, read so far.
  int64_t position() const;

 private:
  [[noreturn]] void Fail(const std::string& what) const;
  [[noreturn]] void FailReading(const std::string& what) const;

  struct Close {
    void operator()(archive* handle) const;
  };
  std::string name_;
  std::unique_ptr<archive, Close> archive_;
  std::string file_;
  size_t max_bytes_ = 0;
  TarPlace place_;
  bool is_sparse_ = false;
  bool ended_ = false;
};

}  // namespace mnv4::data
