#pragma once
/// How fast a piece of work can be at most, by what it computes and what it moves.

#include <algorithm>

namespace mnv4 {

/// The two limits of a piece of work; the longer one bounds it.
struct Roofline {
  double compute_s = 0;  ///< its multiply-adds at the peak rate
  double memory_s = 0;   ///< its bytes at the bandwidth of where they lie

  double limit_s() const { return std::max(compute_s, memory_s); }
  bool compute_bound() const { return compute_s >= memory_s; }
  /// Which part of the possible it reached in `seconds`; 0 of no time. Above 1 if some of the bytes
  /// came from somewhere faster.
  double Share(double seconds) const { return seconds > 0 ? limit_s() / seconds : 0; }
};

}  // namespace mnv4
