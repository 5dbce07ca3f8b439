#include "mnv4/cli/statistics.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>

#include "mnv4/base/check.h"

namespace mnv4::cli {
namespace {

double Mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Variance of the mean of independent values, relative to the mean's square.
double RelativeVariance(std::span<const double> values, double mean) {
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto n = static_cast<double>(values.size());
  return squares / (n - 1) / n / (mean * mean);
}

// The 97.5 % quantile of Student's t, by degrees of freedom from 1 on; 1.96 past the table.
double StudentT(size_t degrees) {
  constexpr double kQuantiles[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365,
                                   2.306,  2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
                                   2.131,  2.120, 2.110, 2.101, 2.093, 2.086};
  return degrees <= std::size(kQuantiles) ? kQuantiles[degrees - 1] : 1.96;
}

}  // namespace

double Quantile(std::span<const double> ascending, double q) {
  const double position = q * static_cast<double>(ascending.size() - 1);
  const size_t below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, ascending.size() - 1);
  const double part = position - static_cast<double>(below);
  return ascending[below] + part * (ascending[above] - ascending[below]);
}

std::vector<std::span<const double>> Groups(std::span<const double> samples, int count) {
  const size_t parts = std::min(static_cast<size_t>(count), samples.size());
  std::vector<std::span<const double>> groups;
  for (size_t g = 0; g < parts; ++g) {
    const size_t begin = samples.size() * g / parts, end = samples.size() * (g + 1) / parts;
    groups.push_back(samples.subspan(begin, end - begin));
  }
  return groups;
}

std::vector<double> GroupMeans(std::span<const double> samples, int groups) {
  std::vector<double> means;
  for (const std::span<const double> group : Groups(samples, groups)) means.push_back(Mean(group));
  return means;
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

  std::vector<double> means = GroupMeans(samples, groups);
  std::sort(means.begin(), means.end());
  out.median_of_means = Quantile(means, 0.5);
  return out;
}

Ratio RatioOfMeans(std::span<const double> a, std::span<const double> b) {
  MNV4_CHECK(!a.empty() && !b.empty());
  const double mean_a = Mean(a), mean_b = Mean(b);
  const double value = mean_b / mean_a;
  const size_t least = std::min(a.size(), b.size());
  if (least < 2) return {.value = value, .low = 0, .high = std::numeric_limits<double>::infinity()};
  const double deviation = std::sqrt(RelativeVariance(a, mean_a) + RelativeVariance(b, mean_b));
  const double factor = std::exp(StudentT(least - 1) * deviation);
  return {.value = value, .low = value / factor, .high = value * factor};
}

}  // namespace mnv4::cli
