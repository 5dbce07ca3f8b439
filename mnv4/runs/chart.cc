#include "mnv4/runs/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "mnv4/base/check.h"
#include "mnv4/io/printable.h"

namespace mnv4::runs {
namespace {

constexpr double kWidth = 720, kHeight = 340;
constexpr double kLeft = 64, kRight = 700, kTop = 48, kBottom = 290;
constexpr size_t kMostPoints = 500;  // that answer the mouse, a curve

constexpr std::string_view kColours[] = {"#3b82d6", "#d9822b", "#2a9d6f",
                                         "#c2508f", "#8e6bbf", "#c9a227"};

constexpr std::string_view kStyle =
    "<style>.chart{font:12px system-ui,sans-serif}.chart text{fill:#667078}"
    ".chart .name{fill:#1d2327;font-size:14px;font-weight:600}.chart .grid{stroke:#dfe3e6}"
    "@media(prefers-color-scheme:dark){.chart text{fill:#98a2aa}.chart .name{fill:#e6e9eb}"
    ".chart .grid{stroke:#30373c}}</style>\n";

// Of one axis: values to pixels.
struct Axis {
  double least = 0, most = 1;      // values; of a logarithmic axis their exponents of ten
  double from = 0, to = 1;         // pixels
  std::vector<double> ticks = {};  // values
  bool log = false;

  double At(double value) const {
    const double v = log ? std::log10(value) : value;
    return from + (to - from) * (v - least) / (most - least);
  }
};

bool IsDrawn(const Chart& chart, double y) {
  constexpr double kHuge = 1e100;  // differences of such are still finite
  return std::abs(y) < kHuge && !(chart.log_y && y <= 0);
}

// The values drawn, of all curves.
std::vector<double> Drawn(const Chart& chart, bool of_x) {
  std::vector<double> values;
  for (const Curve& curve : chart.curves) {
    for (size_t i = 0; i < curve.y.size(); ++i) {
      if (IsDrawn(chart, curve.y[i])) values.push_back(of_x ? curve.x[i] : curve.y[i]);
    }
  }
  return values;
}

// Least and most, apart enough to draw.
std::pair<double, double> RangeOf(const std::vector<double>& values, double least_width) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double size = std::max(std::abs(*least), std::abs(*most));
  if (*most - *least > 1e-6 * size) return {*least, *most};
  const double room = least_width > 0 ? least_width / 2 : size > 0 ? size / 10 : 0.5;
  return {*least - room, *most + room};
}

// Epochs or steps: whole numbers, from the first to the last.
Axis AxisOfX(const Chart& chart) {
  const auto [least, most] = RangeOf(Drawn(chart, true), 1);
  Axis axis{.least = least, .most = most, .from = kLeft, .to = kRight};
  for (const double tick : RoundTicks(least, most, 11)) {
    if (tick >= least && tick <= most && tick == std::floor(tick)) axis.ticks.push_back(tick);
  }
  return axis;
}

Axis AxisOfY(const Chart& chart) {
  const auto [least, most] = RangeOf(Drawn(chart, false), 0);
  Axis axis{.from = kBottom, .to = kTop, .log = chart.log_y};
  if (!chart.log_y) {
    axis.ticks = RoundTicks(least, most, 7);
    axis.least = axis.ticks.front();
    axis.most = axis.ticks.back();
    return axis;
  }
  axis.least = std::floor(std::log10(least));
  axis.most = std::max(std::ceil(std::log10(most)), axis.least + 1);
  const double decades = axis.most - axis.least, skip = std::ceil(decades / 8);
  for (double exponent = axis.least; exponent <= axis.most; exponent += skip) {
    for (const double digit : {1.0, 2.0, 5.0}) {
      const bool inside = exponent + std::log10(digit) <= axis.most;
      if (inside && (digit == 1 || decades <= 2)) {
        axis.ticks.push_back(digit * std::pow(10, exponent));
      }
    }
  }
  return axis;
}

std::string Label(double x, double y, const char* anchor, std::string_view text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     HtmlEscaped(text));
}

std::string GridLine(double x1, double y1, double x2, double y2) {
  return fmt::format(
      "<line class=\"grid\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", x1, y1,
      x2, y2);
}

std::string Grid(const Chart& chart, const Axis& x, const Axis& y) {
  std::string svg;
  for (const double tick : y.ticks) {
    svg += GridLine(kLeft, y.At(tick), kRight, y.At(tick)) +
           Label(kLeft - 8, y.At(tick) + 4, "end", fmt::format("{:g}", tick));
  }
  for (const double tick : x.ticks) {
    svg += GridLine(x.At(tick), kBottom, x.At(tick), kBottom + 5) +
           Label(x.At(tick), kBottom + 19, "middle", fmt::format("{:.12g}", tick));
  }
  return svg + Label((kLeft + kRight) / 2, kHeight - 10, "middle", chart.x_label);
}

// A line without its gaps, and a dot for every point or for some of many.
std::string Line(const Chart& chart, const Curve& curve, std::string_view colour, const Axis& x,
                 const Axis& y) {
  std::string path, dots;
  bool pen_down = false;
  const size_t count = curve.y.size(), stride = (count + kMostPoints - 1) / kMostPoints;
  const double radius = count <= 60 ? 2.5 : 1.5;
  for (size_t i = 0; i < count; ++i) {
    if (!IsDrawn(chart, curve.y[i])) {
      pen_down = false;
      continue;
    }
    const double px = x.At(curve.x[i]), py = y.At(curve.y[i]);
    path += fmt::format("{}{:.1f} {:.1f}", pen_down ? "L" : "M", px, py);
    pen_down = true;
    if (i % stride != 0 && i + 1 != count) continue;
    dots += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"><title>{} {:.12g}: {} {:.6g}</title>"
        "</circle>\n",
        px, py, radius, HtmlEscaped(chart.x_label), curve.x[i], HtmlEscaped(curve.name),
        curve.y[i]);
  }
  return fmt::format(
      "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.8\" stroke-linejoin=\"round\"/>"
      "\n<g fill=\"{}\">\n{}</g>\n",
      path, colour, colour, dots);
}

// Names of the curves from the right, each behind a swatch of its colour.
std::string Legend(const Chart& chart) {
  constexpr double kCharacter = 6.6, kSwatch = 20, kGap = 16;
  std::string svg;
  double right = kRight;
  for (size_t i = chart.curves.size(); i-- > 0;) {
    const std::string& name = chart.curves[i].name;
    right -= kCharacter * static_cast<double>(name.size());
    svg += Label(right, 22, "start", name) +
           fmt::format("<rect x=\"{:.1f}\" y=\"16\" width=\"14\" height=\"4\" fill=\"{}\"/>\n",
                       right - kSwatch, kColours[i % std::size(kColours)]);
    right -= kSwatch + kGap;
  }
  return svg;
}

}  // namespace

std::vector<double> RoundTicks(double from, double to, int most) {
  MNV4_CHECK(from < to && most >= 2);
  const double wanted = (to - from) / (most - 1);
  const double power = std::pow(10, std::floor(std::log10(wanted)));
  for (const double digit : {1.0, 2.0, 5.0, 10.0, 20.0}) {
    // Multiples of the step, so that rounding errors do not add up.
    const double step = digit * power;
    const double first = std::floor(from / step + 1e-9), last = std::ceil(to / step - 1e-9);
    if (last - first + 1 > most) continue;
    std::vector<double> ticks;
    for (double i = first; i <= last; ++i) ticks.push_back(i * step);
    return ticks;
  }
  return {from, to};
}

std::string ChartSvg(const Chart& chart) {
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {} {}\" "
      "role=\"img\">\n<title>{}</title>\n{}<text class=\"name\" x=\"{}\" y=\"22\">{}</text>\n",
      kWidth, kHeight, HtmlEscaped(chart.title), kStyle, kLeft, HtmlEscaped(chart.title));
  if (Drawn(chart, true).empty()) {
    return svg + Label(kWidth / 2, kHeight / 2, "middle", "nothing to draw yet") + "</svg>\n";
  }
  const Axis x = AxisOfX(chart), y = AxisOfY(chart);
  svg += Legend(chart) + Grid(chart, x, y);
  for (size_t i = 0; i < chart.curves.size(); ++i) {
    svg += Line(chart, chart.curves[i], kColours[i % std::size(kColours)], x, y);
  }
  return svg + "</svg>\n";
}

}  // namespace mnv4::runs
