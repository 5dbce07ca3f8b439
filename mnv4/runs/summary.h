#pragma once
/// summary.csv: a row an epoch, for spreadsheets, scripts and curves.h.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "mnv4/runs/figure.h"

namespace mnv4::runs {

class Summary {
 public:
  /// Reads the rows of epochs before `first_epoch` if the file is there; later ones, of a run that
  /// was killed after its last checkpoint, are forgotten at the next Append. So a resumed run
  /// leaves the same file as one that ran through. Throws Error(kInvalidFile) naming the line.
  Summary(std::string path, int64_t first_epoch);

  /// Adds a row and replaces the file in one step. The first figure is "epoch". A name that is new
  /// adds a column; a column without a figure stays empty. Throws Error(kRuntime) for a full disk.
  void Append(std::span<const Figure> row);

  const std::vector<std::string>& columns() const { return columns_; }
  /// A column's values, a row each; NaN where it is empty. Empty if there is no such column.
  std::vector<double> Column(const std::string& name) const;

 private:
  std::string Text() const;

  std::string path_;
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;  ///< as written; no longer than columns_
};

}  // namespace mnv4::runs
