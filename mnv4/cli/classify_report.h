#pragma once
/// What `mnv4 classify` says about a picture, as text, JSON and CSV.

#include <optional>
#include <string>
#include <vector>

#include "mnv4/cli/result.h"
#include "mnv4/cli/terminal.h"

namespace mnv4::cli {

/// How many answers were right, of the pictures whose class is known.
struct Tally {
  int pictures = 0, broken = 0;
  int known = 0, right = 0, right_in_best = 0;
  void Add(const Result& result);
  /// "right: 41 of 48 (85.4 %)"; "" if no class is known.
  std::string Text(int k) const;
};

/// The class that the picture's folder is named after ("_" may stand for " "), if it is one.
std::optional<int> TruthOf(const std::string& path, const std::vector<std::string>& labels);

/// One line: {"image": PATH, "topk": [{"index": i, "label": NAME, "score": p}, ...]} or
/// {"image": PATH, "error": TEXT}. Bytes of a path that are not UTF-8 appear as \xNN.
std::string JsonLine(const Result& result, const std::vector<std::string>& labels);

/// A line per class, best first, under "image,rank,index,label,score,error"; one line with all but
/// the path and the error empty for a picture without an answer.
inline constexpr const char* kCsvHeading = "image,rank,index,label,score,error\n";
std::string CsvLines(const Result& result, const std::vector<std::string>& labels);

/// How wide the columns of one-line answers are.
struct TextLayout {
  size_t path_width = 0, label_width = 0;
};
TextLayout LayOut(const std::vector<std::string>& paths, const std::vector<std::string>& labels);

/// One line if one class was asked for, else the path and a line per class. Empty for a picture
/// without an answer.
std::string TextLines(const Result& result, const std::vector<std::string>& labels,
                      const TextLayout& layout, const Style& style);

}  // namespace mnv4::cli
