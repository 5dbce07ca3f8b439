#pragma once
/// What a series of timings says.

#include <span>
#include <vector>

namespace mnv4::cli {

/// In the unit of the samples.
struct Summary {
  double min = 0, mean = 0, median = 0, p90 = 0, p99 = 0;
  double std = 0;              ///< of the sample (n - 1); 0 for one
  double median_of_means = 0;  ///< of consecutive groups: what a passing disturbance moves least
};

/// The q-th quantile (0 to 1) of ascending values, interpolated between neighbours.
double Quantile(std::span<const double> ascending, double q);
/// `count` consecutive groups of samples, as equal as they can be; fewer if there are fewer
/// samples.
std::vector<std::span<const double>> Groups(std::span<const double> samples, int count);
/// Means of such groups. What disturbs neighbouring samples together moves one mean, so these are
/// closer to independent than the samples are.
std::vector<double> GroupMeans(std::span<const double> samples, int groups);
/// Of at least one sample, in the order measured; `groups` as equal as they can be.
Summary Summarize(std::span<const double> samples, int groups = 5);

/// A ratio of two means and its 95 % interval.
struct Ratio {
  double value = 0, low = 0, high = 0;
};
/// mean(b) / mean(a) from independent, positive measurements: Student's t on the logarithms, with
/// the degrees of freedom of the shorter series. The interval of single measurements is (0, inf).
Ratio RatioOfMeans(std::span<const double> a, std::span<const double> b);

}  // namespace mnv4::cli
