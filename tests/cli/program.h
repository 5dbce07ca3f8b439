#pragma once
/// Runs the program in a shell, in a folder of the test's own, and keeps what it said.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "mnv4/io/json.h"

namespace mnv4 {

struct Outcome {
  int code = -1;  ///< exit code, 128 + n if signal n ended it
  std::string out, err;
};

/// A test in an empty folder, where the program is found as `mnv4`.
class ProgramTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// Runs a command line of the shell.
  Outcome Run(const std::string& command) const;
  /// The JSON text that a command line prints; fails the test if it is none.
  Json RunJson(const std::string& command) const;

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  /// Writes a PNG of two colours that differ by `seed`.
  void WritePicture(const std::string& name, int seed) const;
  void WriteText(const std::string& name, const std::string& text) const;
  /// Writes a single-file model with weights and labels ("class 0", ..., "cat" last): small.mnv4.
  void WriteModel() const;

 private:
  std::filesystem::path folder_;
};

/// A member of a JSON object, or null if there is none.
const Json& Member(const Json& object, const std::string& key);

}  // namespace mnv4
