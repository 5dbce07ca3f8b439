#include "mnv4/cli/html_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "mnv4/cli/statistics.h"

namespace mnv4::cli {
namespace {

// Median, or "" of nothing.
std::string MedianText(std::vector<double> values) {
  if (values.empty()) return "";
  std::sort(values.begin(), values.end());
  return fmt::format("{:.1f} ms", Quantile(values, 0.5));
}

std::string Share(int count, int of) {
  return of == 0 ? "" : fmt::format("{} of {}, {:.1f} %", count, of, 100.0 * count / of);
}

}  // namespace

HtmlReport::HtmlReport(std::string description, std::vector<std::string> labels, bool apply_exif)
    : description_(std::move(description)), cards_(std::move(labels), apply_exif) {}

void HtmlReport::Add(const Result& result) {
  body_ += cards_.Card(result);
  if (!result.error.empty()) return;
  decode_ms_.push_back(result.decode_ms);
  network_ms_.push_back(result.network_ms);
}

std::string HtmlReport::Page(const Tally& tally, int k) const {
  std::string figures = HtmlFigure("right", Share(tally.right, tally.known));
  if (k > 1) {
    figures +=
        HtmlFigure(fmt::format("among the best {}", k), Share(tally.right_in_best, tally.known));
  }
  if (tally.broken > 0) figures += HtmlFigure("broken", std::to_string(tally.broken));
  figures += HtmlFigure("decode, median", MedianText(decode_ms_));
  figures += HtmlFigure("network, median", MedianText(network_ms_));
  return HtmlPage(
      {.title = "mnv4 classify",
       .heading = fmt::format("{} picture{}", tally.pictures, tally.pictures == 1 ? "" : "s"),
       .description = description_,
       .figures = figures,
       .body = fmt::format("<main>\n{}</main>\n", body_)});
}

}  // namespace mnv4::cli
