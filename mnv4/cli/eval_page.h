#pragma once
/// `mnv4 eval --html`: one page that opens offline, with figures, a reliability diagram, classes,
/// confused pairs and the worst mistakes.

#include <string>
#include <vector>

#include "mnv4/cli/eval_report.h"
#include "mnv4/cli/html.h"

namespace mnv4::cli {

class EvalPage {
 public:
  EvalPage(std::vector<std::string> labels, bool apply_exif)
      : labels_(std::move(labels)), apply_exif_(apply_exif) {}

  /// Keeps the picture if it is one of the 60 mistakes made with most confidence.
  void Add(Result result);
  std::string Page(const Evaluation& evaluation) const;

 private:
  std::vector<std::string> labels_;
  bool apply_exif_;
  std::vector<Result> mistakes_;  // a heap, the least confident first
};

}  // namespace mnv4::cli
