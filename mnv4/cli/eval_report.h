#pragma once
/// What `mnv4 eval` says about a data set, as text and JSON, and about a picture, as CSV.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mnv4/cli/result.h"
#include "mnv4/cli/terminal.h"
#include "mnv4/data/accuracy.h"

namespace mnv4::cli {

/// How the answers in two precisions compare.
struct Agreement {
  std::string precision = {};       ///< the other one: "fp32"
  int64_t pictures = 0, right = 0;  ///< right in the other one
  int64_t same = 0;                 ///< with the same best class
  float difference = 0;             ///< largest of a logit
  float largest = 0;                ///< |logit| in the other one

  void Add(const Result& result);
};

struct Evaluation {
  std::string model, data;          ///< "mobilenetv4_conv_small", what was evaluated
  int height = 0, width = 0;        ///< of the network's input, pixels
  std::vector<std::string> labels;  ///< class names, as the model shows them; may be empty
  std::string precision = "fp32";
  data::Accuracy accuracy;
  std::optional<Agreement> agreement = {};
  std::vector<std::pair<std::string, std::string>> broken = {};  ///< pictures and why
  int64_t left_out = 0;                                          ///< pictures without a label
  double seconds = 0;        ///< from the first picture to the last
  bool interrupted = false;  ///< not all pictures were seen

  /// Counts a picture; broken ones apart.
  void Add(const Result& result);
  /// Broken ones included.
  double PicturesPerSecond() const;
};

/// The classes with pictures, the least often right first.
std::vector<int> WorstClasses(const data::Accuracy& accuracy);

/// "804 of 1000, 80.40 %"; "" of nothing.
std::string ShareText(int64_t count, int64_t of);

/// Figures, the ten worst classes and the ten most confused pairs.
std::string EvaluationText(const Evaluation& evaluation, const Style& style);
/// One object, with every class that has pictures; docs/verbs/eval.md lists its members.
std::string EvaluationJson(const Evaluation& evaluation);

/// A line a picture; several right classes are separated by spaces.
inline constexpr const char* kEvalCsvHeading = "image,truth,index,label,score,top1,top5,error\n";
std::string EvalCsvLine(const Result& result, const std::vector<std::string>& labels);

}  // namespace mnv4::cli
