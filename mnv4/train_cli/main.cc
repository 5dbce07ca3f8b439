// The `mnv4-train` program: the verbs that need LibTorch. `mnv4 train` runs it.

#include <unistd.h>

#include <cstdlib>

#include "mnv4/cli/commands.h"
#include "mnv4/cli/program.h"
#include "mnv4/train_cli/train.h"

namespace {

constexpr mnv4::cli::Runner kRunners[] = {{&mnv4::cli::kTrain, mnv4::train_cli::RunTrain}};

// OpenMP reads its settings before main. Threads that wait for the next operator may spin for a
// while, but not for ever: decoding needs the CPUs too.
void SetUpOpenMp(char** argv) {
  if (getenv("OMP_WAIT_POLICY") != nullptr || getenv("GOMP_SPINCOUNT") != nullptr) return;
  setenv("GOMP_SPINCOUNT", "3000", 1);
  execv("/proc/self/exe", argv);  // if that fails, it runs as it is
}

}  // namespace

int main(int argc, char** argv) {
  SetUpOpenMp(argv);
  return mnv4::cli::RunProgram({argv + 1, argv + argc}, kRunners);
}
