#include "mnv4/runs/run_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "mnv4/base/error.h"
#include "mnv4/io/printable.h"

namespace mnv4::runs {
namespace {

[[noreturn]] void Fail(ErrorCode code, const std::string& path, const std::string& what) {
  throw Error(code, fmt::format("{}: {}", Printable(path, 1024), what));
}

std::string FolderFor(const std::string& root, const std::string& verb, const std::string& name) {
  if (name.empty() || name.starts_with('.') || name.find('/') != std::string::npos) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("'{}' cannot be a run's name: it names a folder of {}/{}",
                            Printable(name), Printable(root), verb));
  }
  const std::string folder = fmt::format("{}/{}", root, verb);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) Fail(ErrorCode::kRuntime, folder, "cannot make the folder: " + error.message());
  return fmt::format("{}/{}", folder, name);
}

// False if something of that name is there.
bool MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0777) == 0) return true;
  if (errno == EEXIST) return false;
  Fail(ErrorCode::kRuntime, path, fmt::format("cannot make the folder: {}", std::strerror(errno)));
}

std::string HolderOf(int descriptor) {
  char text[32] = {};
  const ssize_t size = pread(descriptor, text, sizeof text - 1, 0);
  const std::string_view pid(text, size > 0 ? static_cast<size_t>(size) : 0);
  return pid.empty() ? "another process"
                     : fmt::format("process {}", Printable(pid.substr(0, pid.find('\n'))));
}

}  // namespace

RunFolder RunFolder::Make(const std::string& root, const std::string& verb,
                          const std::string& name) {
  const std::string first = FolderFor(root, verb, name);
  std::string path = first;
  for (int number = 2; !MakeFolder(path); ++number) path = fmt::format("{}-{}", first, number);
  return RunFolder(path);
}

RunFolder RunFolder::MakeNamed(const std::string& root, const std::string& verb,
                               const std::string& name) {
  const std::string path = FolderFor(root, verb, name);
  if (!MakeFolder(path)) {
    Fail(ErrorCode::kInvalidArgument, path,
         "is there already: resume it, or give the run another name");
  }
  return RunFolder(path);
}

RunFolder RunFolder::Open(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) {
    Fail(ErrorCode::kInvalidArgument, path, "there is no such run");
  }
  return RunFolder(path);
}

RunFolder::RunFolder(std::string path) : path_(std::move(path)) {
  const std::string file = File(".lock");
  lock_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) {
    Fail(ErrorCode::kRuntime, file, fmt::format("cannot write: {}", std::strerror(errno)));
  }
  // A file system without locks (some cluster ones) is trusted to have one writer.
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    const std::string holder = HolderOf(lock_);
    close(lock_);
    Fail(ErrorCode::kRuntime, path_, fmt::format("{} is writing to this run", holder));
  }
  const std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(lock_, 0) != 0 ||
      pwrite(lock_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    const int error = errno;
    close(lock_);
    Fail(ErrorCode::kRuntime, file, fmt::format("cannot write: {}", std::strerror(error)));
  }
}

RunFolder::RunFolder(RunFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

RunFolder::~RunFolder() {
  if (lock_ >= 0) close(lock_);
}

}  // namespace mnv4::runs
