#include "mnv4/cli/program.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>

#include "mnv4/base/error.h"
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

// Becomes the program that has the verb. Returns only by throwing.
[[noreturn]] void Become(const Command& command, const std::vector<std::string>& words) {
  std::error_code ignored;
  const auto beside =
      std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / command.program;
  std::vector<std::string> texts = words;
  texts.insert(texts.begin(), command.program);
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  execv(beside.c_str(), arguments.data());
  execvp(command.program, arguments.data());
  if (errno != ENOENT) {
    throw Error(ErrorCode::kRuntime,
                fmt::format("{} cannot be run (error {})", command.program, errno));
  }
  throw Error(ErrorCode::kUnsupported,
              fmt::format("needs the program {}, which is neither beside mnv4 nor on PATH; install "
                          "libtorch-dev, then: make train",
                          command.program));
}

int Run(const Command& command, const std::vector<std::string>& words,
        std::span<const Runner> runners) {
  const std::optional<Arguments> arguments = Parse(command, {words.begin() + 1, words.end()});
  if (!arguments) return Print(CommandHelp(command));
  for (const Runner& runner : runners) {
    if (runner.command == &command) return runner.run(*arguments);
  }
  if (*command.program != '\0') Become(command, words);
  return command.run(*arguments);
}

}  // namespace

int RunProgram(const std::vector<std::string>& words, std::span<const Runner> runners) {
  std::signal(SIGPIPE, SIG_IGN);  // Output sees the failed write and ends the program
  HandleInterrupts();
  std::string prefix = "mnv4";
  try {
    if (words.empty() || words[0] == "--help" || words[0] == "-h") return Print(ProgramHelp());
    const Command& command = FindCommand(words[0] == "--version" ? "version" : words[0]);
    prefix = fmt::format("mnv4 {}", command.name);
    return Run(command, words, runners);
  } catch (const Error& error) {
    fmt::print(stderr, "{}: {}\n", prefix, error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {  // bad_alloc, a file system's
    fmt::print(stderr, "{}: {}\n", prefix, error.what());
    return static_cast<int>(ErrorCode::kRuntime);
  }
}

}  // namespace mnv4::cli
