#pragma once
/// Line charts as SVG, readable on light and dark ground.

#include <string>
#include <vector>

namespace mnv4::runs {

struct Curve {
  std::string name;
  std::vector<double> x, y;  ///< of equal length; where y is NaN or infinite, the line has a gap
};

struct Chart {
  std::string title, x_label;
  std::vector<Curve> curves;
  bool log_y = false;  ///< values of 0 and below are gaps
};

/// A picture that stands alone or within HTML: axes, legend, and a point's values where the mouse
/// rests on it. A note where there is nothing to draw.
std::string ChartSvg(const Chart& chart);

/// At most `most` (>= 2) round numbers, a step of 1, 2 or 5 times a power of ten apart, from the
/// last at or below `from` to the first at or above `to`; from < to.
std::vector<double> RoundTicks(double from, double to, int most);

}  // namespace mnv4::runs
