#pragma once

#include "mnv4/cli/command.h"

namespace mnv4::train_cli {

/// `mnv4 train`. Throws Error; 130 if it was interrupted and has saved.
int RunTrain(const cli::Arguments& arguments);

}  // namespace mnv4::train_cli
