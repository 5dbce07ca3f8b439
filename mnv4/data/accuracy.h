#pragma once
/// What a classifier's answers to labelled pictures add up to.

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace mnv4::data {

/// Counts of one class.
struct ClassCounts {
  int64_t pictures = 0;
  int64_t right = 0;  ///< the best answer is right
  int64_t right_in_top5 = 0;
};

/// Pictures of one class that were taken for another.
struct Confusion {
  int truth = 0, answer = 0;
  int64_t pictures = 0;
};

/// Answers whose confidence lies in one of the bins of [0, 1].
struct ConfidenceBin {
  int64_t pictures = 0, right = 0;
  double confidence = 0;  ///< the sum of theirs
};

class Accuracy {
 public:
  static constexpr int kTop = 5;
  /// Bin m of equal width holds the confidences in (m / 15, (m + 1) / 15]; 0 is in the first.
  static constexpr int kBins = 15;

  explicit Accuracy(int classes) : classes_(static_cast<size_t>(classes)) {}

  /// One picture. `best`: classes, best first, five or all there are; `confidence`: probability of
  /// the first; `labels`: the right classes, any of which will do, at least one. The picture counts
  /// for the first of them.
  void Add(std::span<const int> best, double confidence, std::span<const int> labels);

  int64_t pictures() const { return total_.pictures; }
  int64_t right() const { return total_.right; }
  int64_t right_in_top5() const { return total_.right_in_top5; }
  std::span<const ClassCounts> classes() const { return classes_; }
  std::span<const ConfidenceBin> bins() const { return bins_; }

  /// The pairs confused most often, most often first, then by class; at most `count`.
  std::vector<Confusion> MostConfused(size_t count) const;

  /// Expected calibration error in [0, 1] (Guo et al. 2017): the mean over all pictures of how far
  /// their bin's mean confidence is from its share of right answers. 0 without pictures.
  double CalibrationError() const;

 private:
  ClassCounts total_;
  std::vector<ClassCounts> classes_;
  std::array<ConfidenceBin, kBins> bins_ = {};
  std::map<std::pair<int, int>, int64_t> confused_;  // (truth, answer): pictures
};

}  // namespace mnv4::data
