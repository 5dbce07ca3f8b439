#include "mnv4/cli/result.h"

#include <algorithm>

namespace mnv4::cli {

bool IsRight(const Result& result) {
  const std::vector<int>& labels = result.sample.labels;
  return !result.best.empty() &&
         std::find(labels.begin(), labels.end(), result.best.front().index) != labels.end();
}

std::string LabelOf(const std::vector<std::string>& labels, int index) {
  const size_t i = static_cast<size_t>(index);
  return i < labels.size() ? labels[i] : std::to_string(index);
}

std::string TruthText(const Result& result, const std::vector<std::string>& labels) {
  std::string text;
  for (const int label : result.sample.labels) {
    text += (text.empty() ? "" : " or ") + LabelOf(labels, label);
  }
  return text;
}

}  // namespace mnv4::cli
