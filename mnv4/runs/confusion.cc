#include "mnv4/runs/confusion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>

#include "mnv4/io/printable.h"

namespace mnv4::runs {
namespace {

constexpr double kSide = 640;                // of the map, pixels
constexpr size_t kMostNamed = 48;            // classes whose names fit beside the map
constexpr size_t kMostCounted = 16;          // classes whose cells have room for a number
constexpr size_t kMostLetters = 18;          // of a name beside the map
constexpr double kNames = 150, kMargin = 8;  // pixels
constexpr size_t kMostPairs = 50;

constexpr std::string_view kStyle =
    "<style>.map{font:11px system-ui,sans-serif}.map text{fill:#667078}.map .ground{fill:none;"
    "stroke:#dfe3e6}.map .right{fill:#1a7f4b}.map .wrong{fill:#b3261e}.map .count{fill:#1d2327}"
    "@media(prefers-color-scheme:dark){.map text{fill:#98a2aa}.map .ground{stroke:#30373c}"
    ".map .right{fill:#2fa56c}.map .wrong{fill:#ff6a5e}.map .count{fill:#e6e9eb}}</style>\n";

// Pictures of each class.
std::vector<int64_t> RowSums(const Confusion& confusion) {
  std::vector<int64_t> sums(confusion.labels.size());
  for (const ConfusionCell& cell : confusion.cells) {
    sums[static_cast<size_t>(cell.truth)] += cell.pictures;
  }
  return sums;
}

double Percent(int64_t part, int64_t whole) {
  return 100 * static_cast<double>(part) / static_cast<double>(whole);
}

// Names to the left of rows and, turned, below columns.
std::string Names(const std::vector<std::string>& labels, double left, double step) {
  std::string svg;
  for (size_t i = 0; i < labels.size(); ++i) {
    const std::string name = HtmlEscaped(Printable(labels[i], kMostLetters));
    const double middle = step * (static_cast<double>(i) + 0.5);
    svg += fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\" dy=\".35em\">{}</text>\n"
        "<text transform=\"translate({:.1f} {:.1f}) rotate(-90)\" text-anchor=\"end\" dy=\".35em\">"
        "{}</text>\n",
        left - 6, kMargin + middle, name, left + middle, kMargin + kSide + 6, name);
  }
  return svg;
}

}  // namespace

std::string ConfusionSvg(const Confusion& confusion) {
  const size_t classes = confusion.labels.size();
  if (classes == 0 || classes > kMostMappedClasses) return "";
  const bool named = classes <= kMostNamed;
  const double left = kMargin + (named ? kNames : 20), below = named ? kNames : 20;
  const double step = kSide / static_cast<double>(classes);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"map\" viewBox=\"0 0 {} {}\" role=\"img\">"
      "\n<title>confusion: rows are what a picture shows, columns what it was taken for</title>\n"
      "{}<rect class=\"ground\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n",
      left + kSide + kMargin, kMargin + kSide + below + 18, kStyle, left, kMargin, kSide, kSide);
  const std::vector<int64_t> sums = RowSums(confusion);
  for (const ConfusionCell& cell : confusion.cells) {
    if (cell.pictures == 0) continue;
    const auto row = static_cast<size_t>(cell.truth), column = static_cast<size_t>(cell.answer);
    const double percent = Percent(cell.pictures, sums[row]);
    const double x = left + step * static_cast<double>(column);
    const double y = kMargin + step * static_cast<double>(row);
    // The root shows the rare confusions too.
    svg += fmt::format(
        "<rect class=\"{}\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" "
        "fill-opacity=\"{:.2f}\"><title>{}, taken for {}: {} of {}, {:.1f} %</title></rect>\n",
        row == column ? "right" : "wrong", x, y, step, step, std::sqrt(percent / 100),
        HtmlEscaped(confusion.labels[row]), HtmlEscaped(confusion.labels[column]), cell.pictures,
        sums[row], percent);
    if (classes <= kMostCounted) {
      svg += fmt::format(
          "<text class=\"count\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" dy=\".35em\" "
          "pointer-events=\"none\">{}</text>\n",
          x + step / 2, y + step / 2, cell.pictures);
    }
  }
  if (named) svg += Names(confusion.labels, left, step);
  return svg + fmt::format(
                   "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">taken for</text>\n"
                   "<text transform=\"translate(12 {:.1f}) rotate(-90)\" text-anchor=\"middle\">is"
                   "</text>\n</svg>\n",
                   left + kSide / 2, kMargin + kSide + below + 12, kMargin + kSide / 2);
}

std::string ConfusionSection(const Confusion& confusion) {
  std::vector<ConfusionCell> pairs;
  for (const ConfusionCell& cell : confusion.cells) {
    if (cell.truth != cell.answer && cell.pictures > 0) pairs.push_back(cell);
  }
  std::sort(pairs.begin(), pairs.end(), [](const ConfusionCell& a, const ConfusionCell& b) {
    return std::tuple(-a.pictures, a.truth, a.answer) < std::tuple(-b.pictures, b.truth, b.answer);
  });
  if (pairs.size() > kMostPairs) pairs.resize(kMostPairs);
  const std::vector<int64_t> sums = RowSums(confusion);
  std::string rows;
  for (const ConfusionCell& pair : pairs) {
    const auto truth = static_cast<size_t>(pair.truth);
    rows += fmt::format(
        "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{:.1f} %</td></tr>\n",
        HtmlEscaped(confusion.labels[truth]),
        HtmlEscaped(confusion.labels[static_cast<size_t>(pair.answer)]), pair.pictures,
        Percent(pair.pictures, sums[truth]));
  }
  const std::string map = ConfusionSvg(confusion);
  return fmt::format(
      "<h2>Confusion</h2>\n<section>{}<table><tr><th>most confused</th><th>taken for</th>"
      "<th class=\"n\">pictures</th><th class=\"n\">of its class</th></tr>\n{}</table></section>\n",
      map.empty() ? "" : fmt::format("<figure>{}</figure>\n", map), rows);
}

}  // namespace mnv4::runs
