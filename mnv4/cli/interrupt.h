#pragma once
/// Ctrl-C: ends the program with exit code 130, after a running loop has saved what it has.

namespace mnv4::cli {

inline constexpr int kInterruptedExitCode = 130;

/// Installs the handler: the program ends at once, unless an InterruptScope is alive.
void HandleInterrupts();

/// While alive, the first Ctrl-C only makes Interrupted() true; the second ends the program.
class InterruptScope {
 public:
  InterruptScope();
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

  bool Interrupted() const;
};

}  // namespace mnv4::cli
