#include "mnv4/io/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "mnv4/base/error.h"
#include "mnv4/io/printable.h"

namespace mnv4 {
namespace {

template <class Buffer>
Buffer ReadAll(const std::string& path, size_t max_bytes) {
  const auto fail = [&](ErrorCode code, const std::string& text) {
    throw Error(code, BaseName(path) + ": " + text);
  };
  struct Descriptor {
    int value;
    ~Descriptor() {
      if (value >= 0) close(value);
    }
  } const file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.value < 0) fail(ErrorCode::kRuntime, std::strerror(errno));
  struct stat status;
  if (fstat(file.value, &status) != 0) fail(ErrorCode::kRuntime, std::strerror(errno));
  if (S_ISDIR(status.st_mode)) fail(ErrorCode::kInvalidFile, "is a directory, expected a file");

  // A regular file in one read (one byte more than it holds, to see its end); a pipe piecewise.
  Buffer bytes;
  size_t used = 0;
  size_t room = S_ISREG(status.st_mode) ? static_cast<size_t>(status.st_size) + 1 : size_t{1} << 16;
  while (true) {
    if (used > max_bytes) {
      fail(ErrorCode::kInvalidFile, fmt::format("more than {} bytes", max_bytes));
    }
    bytes.resize(std::min(std::max(room, used + 1), max_bytes + 1));
    const ssize_t got = read(file.value, bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(ErrorCode::kRuntime, std::strerror(errno));
    if (got == 0) break;
    used += static_cast<size_t>(got);
    if (used == bytes.size()) room = 2 * used;
  }
  if (used == 0) fail(ErrorCode::kInvalidFile, "is empty");
  bytes.resize(used);
  return bytes;
}

}  // namespace

std::string BaseName(const std::string& path) {
  const size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return Printable(path);
  const size_t slash = path.find_last_of('/', end);
  const size_t begin = slash == std::string::npos ? 0 : slash + 1;
  return Printable(std::string_view(path).substr(begin, end + 1 - begin));
}

std::vector<std::byte> ReadFile(const std::string& path, size_t max_bytes) {
  return ReadAll<std::vector<std::byte>>(path, max_bytes);
}

std::string ReadTextFile(const std::string& path, size_t max_bytes) {
  return ReadAll<std::string>(path, max_bytes);
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
  struct stat status;
  const bool exists = stat(path_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    Fail("cannot write");
  }
  if (exists && !S_ISREG(status.st_mode)) {
    descriptor_ = open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    static std::atomic<int> counter = 0;  // two threads may write the same name
    beside_ = fmt::format("{}.{}.{}.part", path_, getpid(), counter++);
    descriptor_ = open(beside_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  }
  if (descriptor_ < 0) Fail("cannot write");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  if (!beside_.empty()) unlink(beside_.c_str());
}

void AtomicFile::Write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) Fail("cannot write");
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

void AtomicFile::Commit(Sync sync) {
  if (!beside_.empty()) {
    if (sync == Sync::kYes && fsync(descriptor_) != 0) Fail("cannot write");
    if (rename(beside_.c_str(), path_.c_str()) != 0) Fail("cannot rename into place");
  }
  const int closed = close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) Fail("cannot write");
}

void AtomicFile::Fail(const char* action) const {
  throw Error(ErrorCode::kRuntime,
              fmt::format("{}: {}: {}", BaseName(path_), action, std::strerror(errno)));
}

}  // namespace mnv4
