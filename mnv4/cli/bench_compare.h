#pragma once
/// Two files of `mnv4 bench --json`, side by side.

#include <string>
#include <vector>

#include "mnv4/cli/terminal.h"
#include "mnv4/io/json.h"

namespace mnv4::cli {

/// What a comparison needs of one test.
struct BenchRecord {
  std::string test;     ///< what must be equal to compare: "conv_small 1x3x224x224 -t 2"
  std::string where;    ///< "AMD EPYC, sse4 avx2, governor unknown"
  std::string version;  ///< "0.1.0 (commit 2f55c0a928)"
  std::vector<double> group_means;  ///< ms, of consecutive groups of runs
};

/// Reads an object, an array or lines of objects. Throws Error(kInvalidFile) naming the file, the
/// JSON path and what was wanted, and for two results of the same test.
std::vector<BenchRecord> ReadBenchFile(const std::string& path);

/// The tests that both have, in the order of `a`; times of `b` relative to `a`.
class BenchComparison {
 public:
  /// Names are for the headings. Throws Error(kInvalidArgument) if no test is in both.
  BenchComparison(const std::string& name_a, const std::vector<BenchRecord>& a,
                  const std::string& name_b, const std::vector<BenchRecord>& b);

  Table AsTable() const;
  Json AsJson() const;
  /// What differs besides the times: other machines, tests in one file alone. A line each.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  struct Row {
    std::string test;
    double mean_a = 0, mean_b = 0;        // ms
    double ratio = 0, low = 0, high = 0;  // b / a and its 95 % interval
    const char* Verdict() const;
  };

  std::string name_a_, name_b_;
  std::vector<Row> rows_;
  std::vector<std::string> notes_;
};

}  // namespace mnv4::cli
