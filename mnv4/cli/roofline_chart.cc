#include "mnv4/cli/roofline_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "mnv4/cli/html.h"

namespace mnv4::cli {
namespace {

constexpr double kWidth = 760, kHeight = 420;
constexpr double kLeft = 62, kRight = 740, kTop = 14, kBottom = 372;

// Logarithmic axes over whole decades.
struct Axes {
  double x_first = 0, x_last = 1, y_first = 0, y_last = 1;  // exponents of 10

  double X(double value) const {
    const double part = (std::log10(value) - x_first) / (x_last - x_first);
    return kLeft + (kRight - kLeft) * std::clamp(part, 0.0, 1.0);
  }
  double Y(double value) const {
    const double part = (std::log10(value) - y_first) / (y_last - y_first);
    return kBottom - (kBottom - kTop) * std::clamp(part, 0.0, 1.0);
  }
};

bool IsDrawn(const ProfiledStep& step) { return step.facts.macs > 0 && step.ms > 0; }

// By the products that a step computes, lest it pass the ceilings.
double PerByte(const ProfiledStep& step) {
  return step.facts.products / static_cast<double>(step.facts.bytes());
}
double PerSecond(const ProfiledStep& step) { return step.facts.products / 1e6 / step.ms; }  // G

Axes AxesOf(const Profile& profile) {
  double x_least = 1, x_most = 10, y_least = 1;
  for (const ProfiledStep& step : profile.steps()) {
    if (!IsDrawn(step)) continue;
    x_least = std::min(x_least, PerByte(step));
    x_most = std::max(x_most, PerByte(step));
    y_least = std::min(y_least, PerSecond(step));
  }
  const double peak = profile.peaks().macs_per_s / 1e9;
  return {.x_first = std::floor(std::log10(x_least)),
          .x_last = std::ceil(std::log10(x_most)),
          .y_first = std::floor(std::log10(y_least)),
          .y_last = std::ceil(std::log10(std::max(1.4 * peak, 10 * y_least)))};
}

std::string Line(double x1, double y1, double x2, double y2, const char* more) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1,
                     x2, y2, more);
}

std::string Label(double x, double y, const char* anchor, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     text);
}

std::string Grid(const Axes& axes) {
  constexpr const char* kFaint = "stroke=\"var(--line)\"";
  std::string svg;
  for (double exponent = axes.x_first; exponent <= axes.x_last; ++exponent) {
    const double value = std::pow(10, exponent), x = axes.X(value);
    svg += Line(x, kTop, x, kBottom, kFaint) +
           Label(x, kBottom + 17, "middle", fmt::format("{:g}", value));
  }
  for (double exponent = axes.y_first; exponent <= axes.y_last; ++exponent) {
    const double value = std::pow(10, exponent), y = axes.Y(value);
    svg += Line(kLeft, y, kRight, y, kFaint) +
           Label(kLeft - 7, y + 4, "end", fmt::format("{:g}", value));
  }
  return svg + Label((kLeft + kRight) / 2, kHeight - 8, "middle", "multiply-adds a byte moved") +
         fmt::format(
             "<text transform=\"translate(14 {}) rotate(-90)\" text-anchor=\"middle\">"
             "GMAC/s</text>\n",
             (kTop + kBottom) / 2);
}

// Each level of memory allows so many multiply-adds a second, up to the peak.
std::string Ceilings(const Axes& axes, const kernels::Peaks& peaks) {
  constexpr const char* kStrong = "stroke=\"var(--ink)\" stroke-width=\"1.5\"";
  constexpr const char* kDashed = "stroke=\"var(--soft)\" stroke-dasharray=\"5 4\"";
  constexpr double kFirst = 0.03;
  double along = kFirst;
  const double peak = peaks.macs_per_s / 1e9;
  std::string svg =
      Line(kLeft, axes.Y(peak), kRight, axes.Y(peak), kStrong) +
      Label(kRight - 4, axes.Y(peak) - 6, "end", fmt::format("peak {:.1f} GMAC/s", peak));
  for (const kernels::MemoryLevel& level : peaks.levels) {
    const double rate = level.bytes_per_s / 1e9;
    // Where the line enters the chart: at its left edge or its bottom.
    const double from = std::max(std::pow(10, axes.x_first), std::pow(10, axes.y_first) / rate);
    const double to = std::min(peak / rate, std::pow(10, axes.x_last));
    if (from >= to) continue;
    svg += Line(axes.X(from), axes.Y(from * rate), axes.X(to), axes.Y(to * rate), kDashed);
    // Written along the line; at different places, because lines of near rates almost touch.
    const double x1 = axes.X(from), y1 = axes.Y(from * rate);
    const double dx = axes.X(to) - x1, dy = axes.Y(to * rate) - y1;
    svg += fmt::format(
        "<text transform=\"translate({:.1f} {:.1f}) rotate({:.2f})\" dy=\"{}\">{} {:.0f} GB/s"
        "</text>\n",
        x1 + along * dx, y1 + along * dy, std::atan2(dy, dx) * 180 / std::numbers::pi,
        along == kFirst ? -5 : 14, HtmlEscaped(level.name), rate);
    along += 0.3;
  }
  return svg;
}

}  // namespace

const char* ColourOf(runtime::StepKind kind) {
  switch (kind) {
    case runtime::StepKind::kStem:
      return "#8e6bbf";
    case runtime::StepKind::kDense:
      return "#d9822b";
    case runtime::StepKind::kPointwise:
      return "#3b82d6";
    case runtime::StepKind::kDepthwise:
      return "#2a9d6f";
    case runtime::StepKind::kGrouped:
      return "#6f9e2d";
    case runtime::StepKind::kLinear:
      return "#c2508f";
    case runtime::StepKind::kAttention:
      return "#c9a227";
    case runtime::StepKind::kPool:
      return "#5f8a99";
    case runtime::StepKind::kElementwise:
      return "#8a949c";
  }
  return "#8a949c";
}

std::string RooflineChart(const Profile& profile) {
  const Axes axes = AxesOf(profile);
  std::string svg = fmt::format(
      "<svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\"><title>roofline</title>\n{}{}",
      kWidth, kHeight, Grid(axes), Ceilings(axes, profile.peaks()));
  for (const ProfiledStep& step : profile.steps()) {
    if (!IsDrawn(step)) continue;
    const double radius = 3 + 40 * std::sqrt(step.ms / profile.run_ms()) / 2;
    svg += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" fill=\"{}\" fill-opacity=\".55\" "
        "stroke=\"{}\"><title>{}: {}, {:.1f} GMAC/s, {:.1f} MACs a byte</title></circle>\n",
        axes.X(PerByte(step)), axes.Y(PerSecond(step)), radius, ColourOf(step.facts.kind),
        ColourOf(step.facts.kind), HtmlEscaped(step.layer), HtmlEscaped(WhatText(step.facts)),
        PerSecond(step), PerByte(step));
  }
  return svg + "</svg>\n";
}

}  // namespace mnv4::cli
