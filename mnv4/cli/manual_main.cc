// mnv4_manual FOLDER: writes the manual pages and shell completions where `cmake --install` finds
// them.

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "mnv4/base/error.h"
#include "mnv4/cli/manual.h"
#include "mnv4/io/file.h"

namespace mnv4::cli {
namespace {

void Write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  AtomicFile file(path.string());
  file.Write(text);
  file.Commit();
}

void WriteAll(const std::filesystem::path& share) {
  Write(share / "man/man1/mnv4.1", ProgramManPage());
  for (const Command* command : Commands()) {
    Write(share / fmt::format("man/man1/mnv4-{}.1", command->name), ManPage(*command));
  }
  Write(share / "bash-completion/completions/mnv4", BashCompletion());
  Write(share / "zsh/site-functions/_mnv4", ZshCompletion());
  Write(share / "fish/vendor_completions.d/mnv4.fish", FishCompletion());
}

}  // namespace
}  // namespace mnv4::cli

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: mnv4_manual FOLDER\n");
    return 2;
  }
  try {
    mnv4::cli::WriteAll(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mnv4_manual: %s\n", error.what());
    return 1;
  }
  return 0;
}
