#pragma once
/// The sub-verbs of `mnv4 data`, one file each.

#include <span>
#include <string>
#include <vector>

#include "mnv4/cli/command.h"

namespace mnv4::cli {

struct DataVerb {
  const char* name;
  std::span<const Option> options;  ///< beside those that all of them take
  /// `set`: the operands after the sub-verb's name, at least one. Returns the exit code.
  int (*run)(const Arguments& arguments, const std::vector<std::string>& set);
};

extern const DataVerb kDataCheck, kDataStats;
/// Of data_preview.cc, or of data_no_preview.cc in a build without recipes.
extern const DataVerb kDataPreview;

}  // namespace mnv4::cli
