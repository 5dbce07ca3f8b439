#include "mnv4/runs/curves.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "mnv4/io/file.h"
#include "mnv4/runs/page.h"

namespace mnv4::runs {
namespace {

struct CurveSpec {
  const char* column;
  const char* name;
};

struct ChartSpec {
  const char* file;
  const char* title;
  CurveSpec curves[4];  // those without a column are left out
};

constexpr ChartSpec kCharts[] = {
    {"loss.svg",
     "Loss",
     {{"train_loss", "train"}, {"val_loss", "validation"}, {"ema_val_loss", "validation, EMA"}}},
    {"accuracy.svg",
     "Accuracy, %",
     {{"top1", "top-1"},
      {"top5", "top-5"},
      {"ema_top1", "top-1, EMA"},
      {"ema_top5", "top-5, EMA"}}},
    {"lr.svg", "Learning rate", {{"lr", "learning rate"}}},
    {"speed.svg", "Pictures a second", {{"images_per_second", "training"}}},
};

// A column over epochs, through those that have no value: not every epoch is validated.
Curve CurveOf(const Summary& summary, const char* column) {
  const std::vector<double> values = summary.Column(column), epochs = summary.Column("epoch");
  Curve curve;
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    curve.x.push_back(epochs[i]);
    curve.y.push_back(values[i]);
  }
  return curve;
}

// "81.24 % (epoch 7)": the largest or smallest value of a column, and when.
std::string Best(const Summary& summary, const char* column, bool largest, const char* unit) {
  const Curve curve = CurveOf(summary, column);
  if (curve.y.empty()) return "";
  const auto [least, most] = std::minmax_element(curve.y.begin(), curve.y.end());
  const auto best = largest ? most : least;
  return fmt::format("{:.5g}{} (epoch {:g})", *best, unit, curve.x[best - curve.y.begin()]);
}

void WriteWhole(const std::string& path, const std::string& text) {
  AtomicFile file(path);
  file.Write(text);
  file.Commit();
}

}  // namespace

std::vector<NamedChart> TrainingCharts(const Summary& summary) {
  std::vector<NamedChart> charts;
  for (const ChartSpec& spec : kCharts) {
    Chart chart{.title = spec.title, .x_label = "epoch", .curves = {}};
    for (const CurveSpec& curve : spec.curves) {
      if (curve.column == nullptr) break;
      Curve drawn = CurveOf(summary, curve.column);
      if (drawn.y.empty()) continue;
      drawn.name = curve.name;
      chart.curves.push_back(std::move(drawn));
    }
    if (!chart.curves.empty()) charts.push_back({spec.file, std::move(chart)});
  }
  return charts;
}

std::string CurvesPage(const std::string& title, const std::string& description,
                       const Summary& summary, const Confusion* confusion) {
  PageContent content{.title = title, .description = description, .figures = {}, .body = {}};
  const auto add = [&](const char* name, std::string value) {
    if (!value.empty()) content.figures.emplace_back(name, std::move(value));
  };
  add("epochs", std::to_string(summary.Column("epoch").size()));
  add("best top-1", Best(summary, "top1", true, " %"));
  add("best top-1 of EMA", Best(summary, "ema_top1", true, " %"));
  add("least validation loss", Best(summary, "val_loss", false, ""));
  add("least training loss", Best(summary, "train_loss", false, ""));

  content.body = "<main>\n";
  for (const NamedChart& each : TrainingCharts(summary)) {
    content.body += fmt::format("<figure>{}</figure>\n", ChartSvg(each.chart));
  }
  content.body += "</main>\n";
  if (confusion != nullptr) content.body += ConfusionSection(*confusion);
  return HtmlPage(content);
}

void WriteCurves(const std::string& folder, const std::string& title,
                 const std::string& description, const Summary& summary,
                 const Confusion* confusion) {
  for (const NamedChart& each : TrainingCharts(summary)) {
    WriteWhole(fmt::format("{}/{}", folder, each.file), ChartSvg(each.chart));
  }
  if (confusion != nullptr) {
    const std::string map = ConfusionSvg(*confusion);
    if (!map.empty()) WriteWhole(folder + "/confusion.svg", map);
  }
  WriteWhole(folder + "/curves.html", CurvesPage(title, description, summary, confusion));
}

}  // namespace mnv4::runs
