#include "mnv4/cli/profile_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include "mnv4/cli/build_info.h"
#include "mnv4/cli/html.h"
#include "mnv4/cli/roofline_chart.h"

namespace mnv4::cli {
namespace {

// Rows take their place from --t (by time) or --o (as they run), whichever button is pressed.
constexpr std::string_view kStyle = R"(
h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
.note { color: var(--soft); font-size: .85rem; margin: .3rem 0 .8rem; max-width: 60rem; }
.warning { color: var(--wrong); margin: .2rem 0; font-size: .9rem; }
.stack { display: flex; height: 1.6rem; border-radius: .35rem; overflow: hidden;
  background: var(--line); }
.stack span { min-width: 0; }
.two { display: flex; flex-wrap: wrap; gap: 1rem 3rem; align-items: flex-start;
  margin-top: 1rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--soft); font-weight: normal; }
td, th { padding: .2rem 1.1rem .2rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.n, th.n { text-align: right; }
i.dot { display: inline-block; width: .75em; height: .75em; border-radius: 50%;
  margin-right: .5em; }
.sort { margin: .2rem 0 .8rem; }
.sort + .sort { margin-left: 1rem; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line);
  border-radius: .6rem; padding: .4rem .9rem; }
.steps { display: flex; flex-direction: column; min-width: 70rem; font-size: .86rem;
  font-variant-numeric: tabular-nums; }
.row { order: var(--t); display: grid; gap: 0 .9rem; align-items: center; padding: .22rem 0;
  grid-template-columns: 4ch 15rem minmax(15rem, 1.2fr) minmax(9rem, 1fr) 4.2rem 3rem 4rem 4rem
    8.5rem; border-top: 1px solid var(--line); }
#in-order:checked ~ .scroll .row { order: var(--o); }
.row.head { order: -1 !important; color: var(--soft); border: 0; }
.row > * { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.row > .n { text-align: right; }
.row small { display: block; overflow: hidden; text-overflow: ellipsis; }
.bar { height: .95rem; border-radius: .2rem; min-width: 2px; opacity: .5; }
.could { height: .95rem; border-radius: .2rem; margin-top: -.95rem; }
svg.chart { width: 48rem; max-width: 100%; font: 12px system-ui, sans-serif; fill: var(--soft); }
)";

double Share(double part, double of) { return of > 0 ? 100 * part / of : 0; }

// For CSS: never negative, never beyond the whole.
double Width(double part, double of) { return std::clamp(Share(part, of), 0.0, 100.0); }

std::string Stack(const Profile& profile) {
  std::string spans;
  for (const ProfiledKind& kind : profile.kinds()) {
    spans += fmt::format(
        "<span style=\"width:{:.2f}%;background:{}\" title=\"{}: {:.3f} ms\"></span>",
        Width(kind.ms, profile.run_ms()), ColourOf(kind.kind), Name(kind.kind), kind.ms);
  }
  return fmt::format("<div class=\"stack\">{}</div>\n", spans);
}

std::string KindRow(const std::string& name, const std::string& steps, double ms, double run_ms,
                    const std::string& rest) {
  return fmt::format(
      "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{:.3f}</td><td class=\"n\">{:.1f}</td>"
      "{}</tr>\n",
      name, steps, ms, Share(ms, run_ms), rest);
}

std::string Cells(double macs, double bytes, double ms, double limit_ms) {
  return fmt::format(
      "<td class=\"n\">{:.1f}</td><td class=\"n\">{:.1f}</td><td class=\"n\">{:.0f} %</td>",
      macs / 1e6 / ms, bytes / 1e6 / ms, Share(limit_ms, ms));
}

std::string KindTable(const Profile& profile) {
  std::string rows;
  for (const ProfiledKind& kind : profile.kinds()) {
    rows += KindRow(fmt::format("<i class=\"dot\" style=\"background:{}\"></i>{}",
                                ColourOf(kind.kind), Name(kind.kind)),
                    fmt::format("{}", kind.steps), kind.ms, profile.run_ms(),
                    Cells(static_cast<double>(kind.macs), static_cast<double>(kind.bytes), kind.ms,
                          kind.limit_ms));
  }
  for (const auto& [name, ms] : {std::pair("outside the steps", profile.outside_ms()),
                                 std::pair("uneven runs", profile.uneven_ms())}) {
    rows += KindRow(fmt::format("<i class=\"dot\" style=\"background:var(--line)\"></i>{}", name),
                    "", ms, profile.run_ms(), "<td></td><td></td><td></td>");
  }
  rows += KindRow("<b>run</b>", fmt::format("{}", profile.steps().size()), profile.run_ms(),
                  profile.run_ms(),
                  Cells(static_cast<double>(profile.macs()), static_cast<double>(profile.bytes()),
                        profile.run_ms(), profile.limit_ms()));
  return fmt::format(
      "<table><tr><th>kind</th><th class=\"n\">steps</th><th class=\"n\">ms</th>"
      "<th class=\"n\">%</th><th class=\"n\">GMAC/s</th><th class=\"n\">GB/s</th>"
      "<th class=\"n\">of the roofline</th></tr>\n{}</table>\n",
      rows);
}

std::string MachineTable(const Profile& profile, const Host& host) {
  const kernels::Peaks& peaks = profile.peaks();
  std::string rows;
  const auto add = [&](const std::string& term, const std::string& value) {
    rows += fmt::format("<tr><th>{}</th><td class=\"n\">{}</td></tr>\n", term, HtmlEscaped(value));
  };
  add("CPU", fmt::format("{}, {} cores", host.cpu, host.cores));
  add("instruction sets", ToString(profile.settings().plan.isa));
  add("governor", host.governor);
  add(fmt::format("multiply-adds, {} thread{}", peaks.threads, peaks.threads == 1 ? "" : "s"),
      fmt::format("{:.1f} GMAC/s", peaks.macs_per_s / 1e9));
  if (peaks.threads > 1) {
    add("multiply-adds, 1 thread", fmt::format("{:.1f} GMAC/s", peaks.macs_per_s_one_thread / 1e9));
  }
  for (const kernels::MemoryLevel& level : peaks.levels) {
    add("reading " + level.name, fmt::format("{:.1f} GB/s", level.bytes_per_s / 1e9));
  }
  const BuildInfo build = DescribeBuild();
  add("mnv4", fmt::format("{}, commit {}", build.version, build.commit));
  return fmt::format("<table>\n{}</table>\n", rows);
}

// The places of the steps when the slowest comes first.
std::vector<size_t> RanksByTime(const std::vector<ProfiledStep>& steps) {
  std::vector<size_t> order(steps.size()), ranks(steps.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](size_t i) { return steps[i].ms; });
  for (size_t rank = 0; rank < order.size(); ++rank) ranks[order[rank]] = rank;
  return ranks;
}

std::string StepRows(const Profile& profile) {
  const std::vector<ProfiledStep>& steps = profile.steps();
  const std::vector<size_t> ranks = RanksByTime(steps);
  double slowest = 0;
  for (const ProfiledStep& step : steps) slowest = std::max(slowest, step.ms);
  std::string rows =
      "<div class=\"row head\"><span class=\"n\">#</span><span>layer</span><span>what, "
      "kernel</span>"
      "<span>time, and what it could be</span><span class=\"n\">ms</span><span class=\"n\">%</span>"
      "<span class=\"n\">GMAC/s</span><span class=\"n\">GB/s</span>"
      "<span class=\"n\">of the roofline</span></div>\n";
  for (size_t i = 0; i < steps.size(); ++i) {
    const ProfiledStep& step = steps[i];
    const double limit_ms = step.roofline.limit_s() * 1e3;
    const std::string layer = HtmlEscaped(step.layer), what = HtmlEscaped(WhatText(step.facts));
    const char* colour = ColourOf(step.facts.kind);
    rows += fmt::format(
        "<div class=\"row\" style=\"--t:{};--o:{}\"><span class=\"n\">{}</span>"
        "<span title=\"{}\">{}</span><span title=\"{}\">{}<small>{}, {}</small></span>"
        "<div><div class=\"bar\" style=\"width:{:.2f}%;background:{}\"></div>"
        "<div class=\"could\" style=\"width:{:.2f}%;background:{}\"></div></div>"
        "<span class=\"n\">{:.4f}</span><span class=\"n\">{:.1f}</span><span class=\"n\">{:.1f}"
        "</span><span class=\"n\">{:.1f}</span><span class=\"n\">{:.0f} % {}</span></div>\n",
        ranks[i], i, i, layer, layer, what, what, HtmlEscaped(step.facts.kernel),
        step.facts.precision, Width(step.ms, slowest), colour,
        Width(std::min(limit_ms, step.ms), slowest), colour, step.ms,
        Share(step.ms, profile.run_ms()), step.gmacs_per_s(), step.gb_per_s(),
        Share(limit_ms, step.ms), BoundOf(step.roofline));
  }
  return rows;
}

}  // namespace

std::string ProfilePage(const Profile& profile, const model::Model& model, const Host& host,
                        const std::vector<std::string>& warnings) {
  const ProfileSettings& s = profile.settings();
  const double run_ms = profile.run_ms();
  const std::string figures =
      HtmlFigure(fmt::format("a run, median of {}", profile.runs().size()),
                 fmt::format("{:.3f} ms", run_ms)) +
      HtmlFigure("pictures a second", fmt::format("{:.1f}", s.batch_size * 1e3 / run_ms)) +
      HtmlFigure("GMAC/s",
                 fmt::format("{:.1f}", static_cast<double>(profile.macs()) / 1e6 / run_ms)) +
      HtmlFigure("of the roofline", fmt::format("{:.0f} %", Share(profile.limit_ms(), run_ms))) +
      HtmlFigure("steps", fmt::format("{}", profile.steps().size()));
  std::string body;
  for (const std::string& warning : warnings) {
    body += fmt::format("<p class=\"warning\">{}</p>\n", HtmlEscaped(warning));
  }
  body += fmt::format("<h2>Where the time goes</h2>\n{}<div class=\"two\">{}{}</div>\n",
                      Stack(profile), KindTable(profile), MachineTable(profile, host));
  body += fmt::format(
      "<h2>Roofline</h2>\n<p class=\"note\">A circle is a step, its area the time. What lies far "
      "below the lines could be faster.</p>\n{}",
      RooflineChart(profile));
  body += fmt::format(
      "<h2>Steps</h2>\n<p class=\"note\">Pale: the time a step took. Full: the time this machine "
      "would need at least, by its peak rate (compute) or by moving the bytes (memory).</p>\n"
      "<input type=\"radio\" name=\"sort\" id=\"by-time\" checked> "
      "<label class=\"sort\" for=\"by-time\">slowest first</label>\n"
      "<input type=\"radio\" name=\"sort\" id=\"in-order\"> "
      "<label class=\"sort\" for=\"in-order\">in the order they run</label>\n"
      "<div class=\"scroll\"><div class=\"steps\">\n{}</div></div>\n",
      StepRows(profile));
  return HtmlPage({.title = "mnv4 profile",
                   .heading = HtmlEscaped(model.spec.name),
                   .description = fmt::format("{}{}, {} x {} pixels, batch {}, {} thread{}",
                                              model.random_weights ? "random weights, " : "",
                                              PrecisionText(s.plan), s.height, s.width,
                                              s.batch_size, s.threads, s.threads == 1 ? "" : "s"),
                   .figures = figures,
                   .body = body,
                   .style = std::string(kStyle)});
}

}  // namespace mnv4::cli
