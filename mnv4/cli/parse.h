#pragma once
/// The one place that knows CLI11.

#include <optional>
#include <string>
#include <vector>

#include "mnv4/cli/command.h"

namespace mnv4::cli {

/// Reads what follows the verb: long and short options (`-t 2`, `-t2`, `--threads=2`), `--`,
/// operands anywhere. Of an option given twice the last counts. nullopt if --help is among them.
/// Throws Error(kInvalidArgument); an unknown option names the nearest.
std::optional<Arguments> Parse(const Command& command, std::vector<std::string> words);

}  // namespace mnv4::cli
