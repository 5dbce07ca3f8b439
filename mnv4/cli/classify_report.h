#pragma once
/// What `mnv4 classify` says about a picture, as text and as JSON.

#include <optional>
#include <string>
#include <vector>

#include "mnv4/cli/terminal.h"
#include "mnv4/model/top_k.h"

namespace mnv4::cli {

struct Result {
  std::string path;
  std::string error;  ///< why there is no answer; "" if there is one
  std::vector<model::RankedClass> best;
  std::optional<int> truth;  ///< the class its folder is named after
  double decode_ms = 0;      ///< reading, decoding, resizing
  double network_ms = 0;     ///< its share of its batch
};

/// How many answers were right, of the pictures whose class is known.
struct Tally {
  int pictures = 0, broken = 0;
  int known = 0, right = 0, right_in_best = 0;
  void Add(const Result& result);
  /// "right: 41 of 48 (85.4 %)"; "" if no class is known.
  std::string Text(int k) const;
};

/// The name of a class, or its index as text if the model has no name for it.
std::string LabelOf(const std::vector<std::string>& labels, int index);

/// The class that the picture's folder is named after ("_" may stand for " "), if it is one.
std::optional<int> TruthOf(const std::string& path, const std::vector<std::string>& labels);

/// One line: {"image": PATH, "topk": [{"index": i, "label": NAME, "score": p}, ...]} or
/// {"image": PATH, "error": TEXT}. Bytes of a path that are not UTF-8 appear as \xNN.
std::string JsonLine(const Result& result, const std::vector<std::string>& labels);

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
