#include "mnv4/data/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "mnv4/base/error.h"
#include "mnv4/io/file.h"
#include "mnv4/io/printable.h"

namespace mnv4::data {
namespace {

constexpr size_t kBlockBytes = size_t{1} << 16;

archive* NewReader() {
  archive* reader = archive_read_new();
  if (reader == nullptr) throw std::bad_alloc();
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_zstd(reader);
  archive_read_support_format_tar(reader);
  return reader;
}

bool Went(int status) { return status == ARCHIVE_OK || status == ARCHIVE_WARN; }

}  // namespace

void TarReader::Close::operator()(archive* handle) const { archive_read_free(handle); }

TarReader::TarReader(const std::string& path) : name_(BaseName(path)), archive_(NewReader()) {
  if (access(path.c_str(), R_OK) != 0) {
    throw Error(ErrorCode::kRuntime, fmt::format("{}: {}", name_, std::strerror(errno)));
  }
  if (!Went(archive_read_open_filename(archive_.get(), path.c_str(), kBlockBytes))) {
    FailReading("not a sound tar archive");
  }
}

TarReader::TarReader(std::span<const std::byte> bytes, std::string name)
    : name_(std::move(name)), archive_(NewReader()) {
  if (!Went(archive_read_open_memory(archive_.get(), bytes.data(), bytes.size()))) {
    FailReading("not a sound tar archive");
  }
}

bool TarReader::Next(size_t max_bytes) {
  max_bytes_ = max_bytes;
  while (!ended_) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(archive_.get(), &entry);
    ended_ = status == ARCHIVE_EOF;
    if (ended_) break;
    if (!Went(status)) FailReading("not a sound tar archive");
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr) {
      continue;
    }
    // Without a locale, one of the two is missing where a name is not ASCII.
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) name = archive_entry_pathname_utf8(entry);
    if (name == nullptr) Fail("holds a file whose name cannot be read");
    file_ = name;
    const int64_t size = archive_entry_size(entry);
    if (size < 0 || static_cast<uint64_t>(size) > max_bytes) {
      Fail(fmt::format("{}: {} bytes, the limit is {}", Printable(file_), size, max_bytes));
    }
    // The header is consumed, the content is not yet.
    place_ = {archive_filter_bytes(archive_.get(), -1), size};
    is_sparse_ = archive_entry_sparse_count(entry) > 0;
    return true;
  }
  return false;
}

TarPlace TarReader::place() const {
  if (archive_filter_code(archive_.get(), 0) != ARCHIVE_FILTER_NONE) {
    Fail("a compressed shard cannot be read in any order; training wants plain .tar files");
  }
  if (is_sparse_) Fail(fmt::format("{}: a sparse file, expected a plain one", Printable(file_)));
  return place_;
}

std::vector<std::byte> TarReader::Read() {
  std::vector<std::byte> bytes;  // grows with what is there, whatever the header says
  size_t used = 0;
  while (true) {
    bytes.resize(std::max(used + kBlockBytes, bytes.size()));
    const la_ssize_t got =
        archive_read_data(archive_.get(), bytes.data() + used, bytes.size() - used);
    if (got < 0) FailReading(fmt::format("{}: ends too early or is damaged", Printable(file_)));
    if (got == 0) break;
    used += static_cast<size_t>(got);
    if (used > max_bytes_) {
      Fail(fmt::format("{}: more than {} bytes", Printable(file_), max_bytes_));
    }
    if (used == bytes.size()) bytes.resize(2 * used);
  }
  bytes.resize(used);
  return bytes;
}

int64_t TarReader::position() const { return archive_filter_bytes(archive_.get(), -1); }

void TarReader::Fail(const std::string& what) const {
  throw Error(ErrorCode::kInvalidFile, fmt::format("{}: {}", name_, what));
}

// The same with libarchive's words.
void TarReader::FailReading(const std::string& what) const {
  const char* reason = archive_error_string(archive_.get());
  Fail(reason == nullptr ? what : fmt::format("{} ({})", what, Printable(reason)));
}

}  // namespace mnv4::data
