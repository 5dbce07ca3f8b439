#include "mnv4/io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "mnv4/base/error.h"
#include "mnv4/io/file.h"

namespace mnv4 {

std::shared_ptr<const MappedFile> MappedFile::Open(const std::string& path) {
  const auto fail = [&](ErrorCode code, const std::string& text) {
    throw Error(code, BaseName(path) + ": " + text);
  };
  // Not to wait for the other end of a pipe.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) fail(ErrorCode::kRuntime, std::strerror(errno));
  struct stat status;
  const int known = fstat(file, &status);
  const int known_errno = errno;
  void* address = MAP_FAILED;
  int map_errno = 0;
  if (known == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
    address = mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE, file, 0);
    map_errno = errno;
  }
  close(file);  // the mapping stays
  if (known != 0) fail(ErrorCode::kRuntime, std::strerror(known_errno));
  if (S_ISDIR(status.st_mode)) fail(ErrorCode::kInvalidFile, "is a directory, expected a file");
  if (!S_ISREG(status.st_mode)) {
    fail(ErrorCode::kInvalidFile, "is a pipe or device, expected a file");
  }
  if (status.st_size == 0) fail(ErrorCode::kInvalidFile, "is empty");
  if (address == MAP_FAILED) fail(ErrorCode::kRuntime, std::strerror(map_errno));
  return std::shared_ptr<const MappedFile>(new MappedFile(
      {static_cast<const std::byte*>(address), static_cast<size_t>(status.st_size)}));
}

MappedFile::~MappedFile() { munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size()); }

}  // namespace mnv4
