#include "mnv4/model/top_k.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mnv4::model {

std::vector<RankedClass> TopK(std::span<const float> logits, int k) {
  std::vector<int> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto count = std::min(order.size(), static_cast<size_t>(std::max(k, 0)));
  const auto at = [&](int index) { return logits[static_cast<size_t>(index)]; };
  std::ranges::partial_sort(order, order.begin() + static_cast<ptrdiff_t>(count),
                            [&](int a, int b) { return at(a) != at(b) ? at(a) > at(b) : a < b; });
  if (count == 0) return {};

  const double highest = at(order[0]);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - highest);
  std::vector<RankedClass> best;
  for (size_t i = 0; i < count; ++i) {
    best.push_back({order[i], std::exp(at(order[i]) - highest) / sum});
  }
  return best;
}

}  // namespace mnv4::model
