#pragma once
/// A number with a name.

#include <string>

namespace mnv4::runs {

struct Figure {
  std::string name;
  double value = 0;
  bool operator==(const Figure&) const = default;
};

}  // namespace mnv4::runs
