#include "mnv4/cli/result.h"

#include <algorithm>
#include <span>

namespace mnv4::cli {

bool IsAmongBest(const Result& result, size_t k) {
  const std::vector<int>& labels = result.sample.labels;
  const auto best = std::span(result.best).first(std::min(k, result.best.size()));
  return std::any_of(best.begin(), best.end(), [&](const model::RankedClass& ranked) {
    return std::find(labels.begin(), labels.end(), ranked.index) != labels.end();
  });
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
