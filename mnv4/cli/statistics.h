#pragma once
/// What a series of timings says.

#include <span>

namespace mnv4::cli {

/// In the unit of the samples.
struct Summary {
  double min = 0, mean = 0, median = 0, p90 = 0, p99 = 0;
  double std = 0;              ///< of the sample (n - 1); 0 for one
  double median_of_means = 0;  ///< of consecutive groups: what a passing disturbance moves least
};

/// The q-th quantile (0 to 1) of ascending values, interpolated between neighbours.
double Quantile(std::span<const double> ascending, double q);
/// Of at least one sample, in the order measured; `groups` as equal as they can be.
Summary Summarize(std::span<const double> samples, int groups = 5);

}  // namespace mnv4::cli
