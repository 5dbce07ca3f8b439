// The `mnv4` program: finds the verb, runs it, turns errors into exit codes.

#include <fmt/format.h>

#include <csignal>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "mnv4/base/error.h"
#include "mnv4/cli/command.h"
#include "mnv4/cli/interrupt.h"
#include "mnv4/cli/output.h"
#include "mnv4/cli/parse.h"

namespace mnv4::cli {
namespace {

int Print(const std::string& text) {
  Output output;
  output.Write(text);
  output.Finish();
  return 0;
}

int Main(const std::vector<std::string>& words) {
  std::string prefix = "mnv4";
  try {
    if (words.empty() || words[0] == "--help" || words[0] == "-h") return Print(ProgramHelp());
    const Command& command = FindCommand(words[0] == "--version" ? "version" : words[0]);
    prefix = fmt::format("mnv4 {}", command.name);
    const std::optional<Arguments> arguments = Parse(command, {words.begin() + 1, words.end()});
    return arguments ? command.run(*arguments) : Print(CommandHelp(command));
  } catch (const Error& error) {
    fmt::print(stderr, "{}: {}\n", prefix, error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {  // bad_alloc, a file system's
    fmt::print(stderr, "{}: {}\n", prefix, error.what());
    return static_cast<int>(ErrorCode::kRuntime);
  }
}

}  // namespace
}  // namespace mnv4::cli

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // Output sees the failed write and ends the program
  mnv4::cli::HandleInterrupts();
  return mnv4::cli::Main({argv + 1, argv + argc});
}
