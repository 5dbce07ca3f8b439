#pragma once
/// Which classes a network takes for which others, as a heat map and a table.

#include <cstdint>
#include <string>
#include <vector>

namespace mnv4::runs {

/// Pictures of class `truth` that were taken for class `answer`.
struct ConfusionCell {
  int truth = 0, answer = 0;
  int64_t pictures = 0;
};

struct Confusion {
  std::vector<std::string> labels;   ///< of all classes, by number
  std::vector<ConfusionCell> cells;  ///< each pair at most once, truth == answer included
};

/// Of more classes than this there is no heat map, only the table.
inline constexpr size_t kMostMappedClasses = 200;

/// A row a true class, a column an answer; how strong a cell's colour is says its share of the
/// row, right answers and wrong ones in two colours. "" for too many classes or none.
std::string ConfusionSvg(const Confusion& confusion);
/// Heat map and the 50 pairs confused most often, for a page.
std::string ConfusionSection(const Confusion& confusion);

}  // namespace mnv4::runs
