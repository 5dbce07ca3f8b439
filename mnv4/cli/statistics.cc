#include "mnv4/cli/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "mnv4/base/check.h"

namespace mnv4::cli {
namespace {

double Mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

double Quantile(std::span<const double> ascending, double q) {
  const double position = q * static_cast<double>(ascending.size() - 1);
  const size_t below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, ascending.size() - 1);
  const double part = position - static_cast<double>(below);
  return ascending[below] + part * (ascending[above] - ascending[below]);
}

Summary Summarize(std::span<const double> samples, int groups) {
  MNV4_CHECK(!samples.empty() && groups > 0);
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());

  Summary out;
  out.min = sorted.front();
  out.mean = Mean(samples);
  out.median = Quantile(sorted, 0.5);
  out.p90 = Quantile(sorted, 0.9);
  out.p99 = Quantile(sorted, 0.99);
  double squares = 0;
  for (const double x : samples) squares += (x - out.mean) * (x - out.mean);
  if (samples.size() > 1) out.std = std::sqrt(squares / static_cast<double>(samples.size() - 1));

  const size_t count = std::min(static_cast<size_t>(groups), samples.size());
  std::vector<double> means;
  for (size_t g = 0; g < count; ++g) {
    const size_t begin = samples.size() * g / count, end = samples.size() * (g + 1) / count;
    means.push_back(Mean(samples.subspan(begin, end - begin)));
  }
  std::sort(means.begin(), means.end());
  out.median_of_means = Quantile(means, 0.5);
  return out;
}

}  // namespace mnv4::cli
