#include "mnv4/data/accuracy.h"

#include <algorithm>
#include <cmath>

#include "mnv4/base/check.h"

namespace mnv4::data {
namespace {

bool Holds(std::span<const int> labels, int index) {
  return std::find(labels.begin(), labels.end(), index) != labels.end();
}

size_t BinOf(double confidence) {
  const double bin = std::ceil(confidence * Accuracy::kBins) - 1;
  return static_cast<size_t>(std::clamp(bin, 0.0, Accuracy::kBins - 1.0));
}

}  // namespace

void Accuracy::Add(std::span<const int> best, double confidence, std::span<const int> labels) {
  MNV4_CHECK(!best.empty() && !labels.empty());
  const auto top5 = best.first(std::min<size_t>(best.size(), kTop));
  const bool right = Holds(labels, best.front());
  const bool right_in_top5 =
      std::any_of(top5.begin(), top5.end(), [&](int index) { return Holds(labels, index); });
  for (ClassCounts* counts : {&total_, &classes_.at(static_cast<size_t>(labels.front()))}) {
    ++counts->pictures;
    counts->right += right;
    counts->right_in_top5 += right_in_top5;
  }
  ConfidenceBin& bin = bins_[BinOf(confidence)];
  ++bin.pictures;
  bin.right += right;
  bin.confidence += confidence;
  if (!right) ++confused_[{labels.front(), best.front()}];
}

std::vector<Confusion> Accuracy::MostConfused(size_t count) const {
  std::vector<Confusion> pairs;
  for (const auto& [pair, pictures] : confused_) {
    pairs.push_back({pair.first, pair.second, pictures});
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Confusion& a, const Confusion& b) { return a.pictures > b.pictures; });
  pairs.resize(std::min(count, pairs.size()));
  return pairs;
}

double Accuracy::CalibrationError() const {
  double sum = 0;
  for (const ConfidenceBin& bin : bins_) {
    sum += std::abs(bin.confidence - static_cast<double>(bin.right));
  }
  return total_.pictures == 0 ? 0 : sum / static_cast<double>(total_.pictures);
}

}  // namespace mnv4::data
