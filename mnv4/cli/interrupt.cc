#include "mnv4/cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

namespace mnv4::cli {
namespace {

// Signal handlers reach nothing but globals.
volatile sig_atomic_t scope_alive = 0;
volatile sig_atomic_t interrupted = 0;

void OnInterrupt(int) {
  if (!scope_alive || interrupted) _exit(kInterruptedExitCode);
  interrupted = 1;
}

}  // namespace

void HandleInterrupts() {
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

InterruptScope::InterruptScope() { scope_alive = 1; }
InterruptScope::~InterruptScope() { scope_alive = 0; }
bool InterruptScope::Interrupted() const { return interrupted != 0; }

}  // namespace mnv4::cli
