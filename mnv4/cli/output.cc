#include "mnv4/cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "mnv4/base/error.h"

namespace mnv4::cli {
namespace {

[[noreturn]] void FailOnStdout() {
  if (errno == EPIPE) _exit(0);
  throw Error(ErrorCode::kRuntime, fmt::format("stdout: {}", std::strerror(errno)));
}

}  // namespace

Output::Output(const std::string& path) : style_(path.empty() ? stdout : nullptr) {
  if (!path.empty()) file_.emplace(path);
}

void Output::Write(std::string_view text) {
  if (file_) {
    file_->Write(text);
  } else if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    FailOnStdout();
  }
}

void Output::Flush() {
  if (!file_ && std::fflush(stdout) != 0) FailOnStdout();
}

void Output::Finish() {
  Flush();
  if (file_) file_->Commit();
}

}  // namespace mnv4::cli
