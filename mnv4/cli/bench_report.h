#pragma once
/// What `mnv4 bench` measured, as a table and as the JSON that other tools compare.

#include <string>
#include <vector>

#include "mnv4/base/isa.h"
#include "mnv4/cli/terminal.h"
#include "mnv4/io/json.h"
#include "mnv4/model/model.h"
#include "mnv4/runtime/plan.h"

namespace mnv4::cli {

/// The paper's protocol (Appendix B): the mean of about 1000 runs, five times; their median.
inline constexpr int kPaperGroups = 5;
inline constexpr int kPaperRuns = 1000;

struct BenchSettings {
  int threads = 1;
  int batch_size = 1;
  int height = 0, width = 0;  ///< of the input, pixels
  int warmup = 0;
  int repetitions = 1;
  bool layers = false;      ///< time each layer too
  double soak_s = 0;        ///< instead of a number of runs: for so many seconds
  std::vector<int> pins;    ///< CPUs it was pinned to; empty: as the caller was
  bool paper = false;       ///< the paper's protocol
  bool throughput = false;  ///< a session of one thread on each thread, instead of one session
  runtime::PlanOptions plan = {};

  int sessions() const { return throughput ? threads : 1; }
};

struct LayerTime {
  std::string name;    ///< "blocks.2.0.pw_exp"
  std::string kernel;  ///< what ran it
  int64_t macs = 0;    ///< of the batch
  double ms = 0;       ///< mean
};
/// The layers of a plan; `ms` has one mean time per step.
std::vector<LayerTime> DescribeLayers(const runtime::Plan& plan, const std::vector<double>& ms);

struct BenchResult {
  BenchSettings settings;
  double first_run_ms = 0;     ///< planning, packing weights, one inference
  std::vector<double> run_ms;  ///< in the order they ran
  double peak_rss_mb = 0;      ///< 10^6 bytes, of the whole program during the test
  double arena_mb = 0;         ///< 10^6 bytes, of activations, all sessions
  std::vector<LayerTime> layers;
  std::vector<std::string> warnings;  ///< what makes the figures unreliable
};

class BenchReport {
 public:
  /// `sha256` of the weights' file, "" for random weights. `model` must outlive the report.
  BenchReport(const model::Model& model, std::string sha256, double load_ms);

  void Add(const BenchResult& result);
  bool empty() const { return results_.empty(); }
  /// One object, or an array of them. Not of an empty report.
  std::string JsonText(bool as_array) const;
  /// An object a line.
  std::string JsonLines() const;
  std::string Text(const Style& style) const;
  /// The main table, a row a test.
  Table AsTable() const;

 private:
  Json ToJson(const BenchResult& result) const;

  const model::Model& model_;
  std::string sha256_;
  double load_ms_;
  std::vector<BenchResult> results_;
};

}  // namespace mnv4::cli
