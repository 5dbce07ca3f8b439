#pragma once
/// One picture of a data set, not yet decoded.

#include <cstddef>
#include <string>
#include <vector>

namespace mnv4::data {

struct Sample {
  std::string key = {};               ///< names it in reports: a path, "val-003.tar:n01440764/0007"
  std::string path = {};              ///< the file that holds the picture; "": `bytes` do
  std::vector<std::byte> bytes = {};  ///< the picture's file, if it has no path of its own
  std::vector<int> labels = {};       ///< the right classes; empty: unknown
};

/// The picture's file. Throws Error as ReadFile does, and for more than 1 GiB.
std::vector<std::byte> ReadBytes(const Sample& sample);

}  // namespace mnv4::data
