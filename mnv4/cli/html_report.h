#pragma once
/// `mnv4 classify --html`: one page that opens offline, with pictures, labels, bars and times.

#include <string>
#include <vector>

#include "mnv4/cli/classify_report.h"

namespace mnv4::cli {

/// The first 500 pictures of at most 2 MB are shown, up to 64 MB in all; the rest appear by name.
class HtmlReport {
 public:
  /// `description` says what answered: "mobilenetv4_conv_small, 104 classes, 224 x 224 pixels".
  HtmlReport(std::string description, std::vector<std::string> labels, bool apply_exif);

  void Add(const Result& result);
  /// The page. `tally` is of all results, `k` the number of classes each answer has.
  std::string Page(const Tally& tally, int k) const;

 private:
  std::string PictureOf(const Result& result);

  std::string description_;
  std::vector<std::string> labels_;
  bool apply_exif_;
  std::string cards_;
  int pictures_ = 0;          // shown
  size_t picture_bytes_ = 0;  // of their files
  std::vector<double> decode_ms_, network_ms_;
};

}  // namespace mnv4::cli
