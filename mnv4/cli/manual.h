#pragma once
/// Manual pages and shell completion, made from the tables of command.h.

#include <string>

#include "mnv4/cli/command.h"

namespace mnv4::cli {

/// mnv4(1), in roff's man macros.
std::string ProgramManPage();
/// mnv4-VERB(1).
std::string ManPage(const Command& command);

// Verbs, options, and the values of options that have a list of them; elsewhere files.
std::string BashCompletion();
std::string ZshCompletion();
std::string FishCompletion();

}  // namespace mnv4::cli
