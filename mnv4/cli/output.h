#pragma once
/// Where results go: stdout, or a file that appears when all of it is written.

#include <optional>
#include <string>
#include <string_view>

#include "mnv4/cli/terminal.h"
#include "mnv4/io/file.h"

namespace mnv4::cli {

class Output {
 public:
  /// `path` "": stdout.
  explicit Output(const std::string& path = "");

  const Style& style() const { return style_; }
  /// True if results appear on a terminal as they come.
  bool terminal() const { return !file_ && IsTerminal(stdout); }

  /// Throws Error(kRuntime) naming the reason (a full disk). Ends the program in silence, with exit
  /// code 0, when a pipe's reader has gone (`mnv4 list | head -1`): it had all it wanted.
  void Write(std::string_view text);
  /// Makes what was written to stdout visible now; a file stays hidden until Finish.
  void Flush();
  /// Flushes, and shows the file under its name. Without it no file is left behind.
  void Finish();

 private:
  std::optional<AtomicFile> file_;
  Style style_;
};

}  // namespace mnv4::cli
