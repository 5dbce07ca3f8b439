#include "mnv4/cli/eval_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace mnv4::cli {
namespace {

constexpr size_t kMostMistakes = 60, kMostPairs = 14;

constexpr std::string_view kStyle = R"(
h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
section { display: flex; flex-wrap: wrap; gap: 0 3rem; align-items: flex-start; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--soft); font-weight: normal; }
td, th { padding: .15rem .9rem .15rem 0; border-bottom: 1px solid var(--line); }
td.n, th.n { text-align: right; }
details { margin: 1rem 0; }
summary { cursor: pointer; color: var(--soft); }
svg { width: 22rem; max-width: 100%; font: 11px system-ui, sans-serif; fill: var(--soft); }
)";

bool MoreConfident(const Result& a, const Result& b) {
  return a.best.front().score > b.best.front().score;
}

// Mean confidence against the share of right answers, bin by bin: bars on the diagonal are honest.
std::string ReliabilityDiagram(const data::Accuracy& accuracy) {
  constexpr double kSide = 300, kLeft = 40, kTop = 10;
  constexpr double kStep = kSide / data::Accuracy::kBins;
  const auto x = [](double part) { return kLeft + kSide * part; };
  const auto y = [](double part) { return kTop + kSide * (1 - part); };
  std::string svg =
      "<svg viewBox=\"0 0 365 350\" role=\"img\"><title>reliability diagram</title>\n";
  for (const double part : {0.0, 0.5, 1.0}) {
    svg += fmt::format(
        "<line x1=\"{0}\" x2=\"{1}\" y1=\"{2}\" y2=\"{2}\" stroke=\"var(--line)\"/>"
        "<text x=\"{3}\" y=\"{4}\" text-anchor=\"end\">{5:.0f} %</text>"
        "<text x=\"{6}\" y=\"328\" text-anchor=\"middle\">{5:.0f} %</text>\n",
        x(0), x(1), y(part), kLeft - 5, y(part) + 4, 100 * part, x(part));
  }
  size_t index = 0;
  for (const data::ConfidenceBin& bin : accuracy.bins()) {
    const double from = static_cast<double>(index++) / data::Accuracy::kBins;
    if (bin.pictures == 0) continue;
    const double right = static_cast<double>(bin.right) / static_cast<double>(bin.pictures);
    const double confidence = bin.confidence / static_cast<double>(bin.pictures);
    svg += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"var(--best)\">"
        "<title>confidence {:.1f} %, right {:.1f} %, {} pictures</title></rect>\n",
        x(from) + 1, y(right), kStep - 2, kSide * right, 100 * confidence, 100 * right,
        bin.pictures);
  }
  return svg + fmt::format(
                   "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"var(--wrong)\" "
                   "stroke-dasharray=\"4\"/>\n<text x=\"{}\" y=\"345\" text-anchor=\"middle\">"
                   "confidence (bars: how many of these were right)</text></svg>\n",
                   x(0), y(0), x(1), y(1), x(0.5));
}

std::string ConfusedTable(const Evaluation& evaluation) {
  std::string rows;
  for (const data::Confusion& pair : evaluation.accuracy.MostConfused(kMostPairs)) {
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td></tr>\n",
                        HtmlEscaped(LabelOf(evaluation.labels, pair.truth)),
                        HtmlEscaped(LabelOf(evaluation.labels, pair.answer)), pair.pictures);
  }
  return fmt::format(
      "<table><tr><th>most confused</th><th>taken for</th><th class=\"n\">pictures</th></tr>\n"
      "{}</table>\n",
      rows);
}

std::string ClassTable(const Evaluation& evaluation) {
  std::string rows;
  for (const int index : WorstClasses(evaluation.accuracy)) {
    const data::ClassCounts& counts = evaluation.accuracy.classes()[static_cast<size_t>(index)];
    rows += fmt::format(
        "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
        "</tr>\n",
        HtmlEscaped(LabelOf(evaluation.labels, index)), counts.pictures, counts.right,
        counts.right_in_top5);
  }
  return fmt::format(
      "<details><summary>every class, the worst first</summary>\n<table><tr><th>class</th>"
      "<th class=\"n\">pictures</th><th class=\"n\">right</th><th class=\"n\">among the best 5"
      "</th></tr>\n{}</table></details>\n",
      rows);
}

}  // namespace

void EvalPage::Add(Result result) {
  if (!result.error.empty() || IsRight(result)) return;
  if (result.sample.bytes.size() > kMaxPictureBytes) result.sample.bytes.clear();
  mistakes_.push_back(std::move(result));
  std::push_heap(mistakes_.begin(), mistakes_.end(), MoreConfident);
  if (mistakes_.size() <= kMostMistakes) return;
  std::pop_heap(mistakes_.begin(), mistakes_.end(), MoreConfident);
  mistakes_.pop_back();
}

std::string EvalPage::Page(const Evaluation& evaluation) const {
  const data::Accuracy& accuracy = evaluation.accuracy;
  const int64_t pictures = accuracy.pictures();
  std::string figures =
      HtmlFigure("top-1", ShareText(accuracy.right(), pictures)) +
      HtmlFigure("top-5", ShareText(accuracy.right_in_top5(), pictures)) +
      HtmlFigure("calibration error", fmt::format("{:.2f} %", 100 * accuracy.CalibrationError()));
  if (!evaluation.broken.empty()) {
    figures += HtmlFigure("broken", std::to_string(evaluation.broken.size()));
  }
  if (evaluation.left_out > 0) {
    figures += HtmlFigure("without a label", std::to_string(evaluation.left_out));
  }
  figures += HtmlFigure("pictures a second", fmt::format("{:.1f}", evaluation.PicturesPerSecond()));

  std::vector<Result> worst = mistakes_;
  std::sort(worst.begin(), worst.end(), MoreConfident);
  HtmlCards cards(labels_, apply_exif_);
  std::string body = "<section>" + ReliabilityDiagram(accuracy) + ConfusedTable(evaluation) +
                     "</section>\n" + ClassTable(evaluation);
  body += "<h2>Mistakes made with most confidence</h2>\n<main>\n";
  for (const Result& result : worst) body += cards.Card(result);
  body += "</main>\n";
  return HtmlPage({.title = "mnv4 eval",
                   .heading = fmt::format("{} pictures{}", pictures,
                                          evaluation.interrupted ? ", interrupted" : ""),
                   .description = fmt::format("{}, {} classes, {} x {} pixels, on {}",
                                              evaluation.model, accuracy.classes().size(),
                                              evaluation.width, evaluation.height, evaluation.data),
                   .figures = figures,
                   .body = body,
                   .style = std::string(kStyle)});
}

}  // namespace mnv4::cli
