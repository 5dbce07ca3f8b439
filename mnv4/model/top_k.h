#pragma once
/// From logits to the best classes.

#include <span>
#include <vector>

namespace mnv4::model {

struct RankedClass {
  int index = 0;
  double score = 0;  ///< probability: the softmax over all classes
};

/// The min(k, classes) best classes, best first; of equal logits the lower index first.
std::vector<RankedClass> TopK(std::span<const float> logits, int k);

}  // namespace mnv4::model
