// The `mnv4-train` program: the verbs that need LibTorch. `mnv4 train` runs it.

#include "mnv4/cli/commands.h"
#include "mnv4/cli/program.h"
#include "mnv4/train_cli/train.h"

namespace {

constexpr mnv4::cli::Runner kRunners[] = {{&mnv4::cli::kTrain, mnv4::train_cli::RunTrain}};

}  // namespace

int main(int argc, char** argv) {
  return mnv4::cli::RunProgram({argv + 1, argv + argc}, kRunners);
}
