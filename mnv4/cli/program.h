#pragma once
/// What the programs `mnv4` and `mnv4-train` share: find the verb, run it, turn errors into exit
/// codes.

#include <span>
#include <string>
#include <vector>

#include "mnv4/cli/command.h"

namespace mnv4::cli {

/// A verb that this program runs itself, although its table names another program.
struct Runner {
  const Command* command;
  int (*run)(const Arguments&);
};

/// `words`: the command line without the program's name. A verb of another program is handed to
/// that program: the one beside this one, else the one on $PATH. Returns the exit code.
int RunProgram(const std::vector<std::string>& words, std::span<const Runner> runners);

}  // namespace mnv4::cli
