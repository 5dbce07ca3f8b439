#pragma once
/// What `mnv4 data stats` says, as text and JSON.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "mnv4/cli/data_walk.h"
#include "mnv4/cli/terminal.h"

namespace mnv4::cli {

/// Per channel, of values in [0, 1]: what a network's preprocessing takes.
struct Colours {
  std::array<double, 3> mean = {}, std = {};
};
/// Of all pixels together. Zeros if there are none.
Colours ColoursOf(const PixelSums& sums);

class DataStats {
 public:
  /// `img_size`: the side at which pixels are summed.
  DataStats(std::string set_name, int img_size);

  /// `label` is the name of its class.
  void Add(const SeenPicture& seen, const std::string& label);
  /// Names of all classes, of which some may have no picture.
  void SetClasses(const std::vector<std::string>& labels);

  bool interrupted = false;  ///< not all pictures were seen

  int64_t broken() const { return broken_; }

  std::string Text(const Style& style) const;
  /// One object; docs/verbs/data.md lists its members.
  std::string JsonText() const;

 private:
  struct Bin {
    std::string range;
    int64_t pictures = 0;
  };
  /// The classes, the largest first, then by name.
  std::vector<std::pair<std::string, int64_t>> Largest() const;
  std::vector<Bin> Sides() const;
  std::vector<Bin> Aspects() const;

  std::string name_;
  int img_size_;
  int64_t pictures_ = 0, broken_ = 0;
  std::map<std::string, int64_t> classes_, formats_;  // pictures
  std::vector<double> widths_, heights_, bytes_;      // of the pictures that decode
  PixelSums sums_;
};

}  // namespace mnv4::cli
