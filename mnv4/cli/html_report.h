#pragma once
/// `mnv4 classify --html`: one page that opens offline, with pictures, labels, bars and times.

#include <string>
#include <vector>

#include "mnv4/cli/classify_report.h"
#include "mnv4/cli/html.h"

namespace mnv4::cli {

class HtmlReport {
 public:
  /// `description` says what answered: "mobilenetv4_conv_small, 104 classes, 224 x 224 pixels".
  HtmlReport(std::string description, std::vector<std::string> labels, bool apply_exif);

  void Add(const Result& result);
  /// The page. `tally` is of all results, `k` the number of classes each answer has.
  std::string Page(const Tally& tally, int k) const;

 private:
  std::string description_;
  HtmlCards cards_;
  std::string body_;
  std::vector<double> decode_ms_, network_ms_;
};

}  // namespace mnv4::cli
