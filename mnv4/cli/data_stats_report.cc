#include "mnv4/cli/data_stats_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "mnv4/cli/statistics.h"
#include "mnv4/io/json.h"
#include "mnv4/io/printable.h"

namespace mnv4::cli {
namespace {

constexpr size_t kClassesShown = 5;  // largest and smallest
constexpr int kBarWidth = 30;

// Bins of the shorter side, pixels: from one bound up to the next.
constexpr int kSideBounds[] = {0, 32, 64, 128, 224, 256, 384, 512, 768, 1024, 2048, 4096};
// Bins of width / height.
struct AspectBound {
  double from;
  const char* range;
};
constexpr AspectBound kAspectBounds[] = {
    {0, "below 1:2"}, {0.5, "1:2 to 3:4"},     {0.75, "3:4 to 1"}, {1, "square"},
    {1, "1 to 4:3"},  {4.0 / 3, "4:3 to 2:1"}, {2, "above 2:1"}};
constexpr size_t kSquare = 3;

// Least, median, mean and most of values; zeros of none.
struct Spread {
  double least = 0, median = 0, mean = 0, most = 0;
};

Spread SpreadOf(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (const double value : values) sum += value;
  return {values.front(), Quantile(values, 0.5), sum / static_cast<double>(values.size()),
          values.back()};
}

Json SpreadJson(const Spread& spread) {
  return Json::Object{{"min", spread.least},
                      {"median", spread.median},
                      {"mean", spread.mean},
                      {"max", spread.most}};
}

std::string SpreadText(const Spread& spread, const char* unit) {
  return fmt::format("{:.4g} to {:.4g}{}, median {:.4g}, mean {:.4g}", spread.least, spread.most,
                     unit, spread.median, spread.mean);
}

size_t AspectBin(double width, double height) {
  if (width == height) return kSquare;
  const double aspect = width / height;
  size_t bin = 0;
  for (size_t i = 1; i < std::size(kAspectBounds); ++i) {
    if (i != kSquare && aspect >= kAspectBounds[i].from) bin = i;
  }
  return bin;
}

template <class Bins>
std::string Histogram(const Style& style, const char* heading, const Bins& bins) {
  int64_t most = 1;
  for (const auto& bin : bins) most = std::max(most, bin.pictures);
  Table table({heading, ">pictures", ""});
  for (const auto& bin : bins) {
    if (bin.pictures == 0) continue;
    // At least one, so that a bin is never invisible.
    const auto length = static_cast<size_t>(std::max<int64_t>(1, bin.pictures * kBarWidth / most));
    table.Add({bin.range, std::to_string(bin.pictures), std::string(length, '#')});
  }
  return '\n' + table.Text(style);
}

template <class Bins>
Json HistogramJson(const Bins& bins) {
  Json::Array array;
  for (const auto& bin : bins) {
    array.push_back(Json::Object{{"range", bin.range}, {"pictures", bin.pictures}});
  }
  return array;
}

std::string List(const std::array<double, 3>& values) {
  return fmt::format("{:.4f},{:.4f},{:.4f}", values[0], values[1], values[2]);
}

Json ListJson(const std::array<double, 3>& values) {
  return Json::Array{values[0], values[1], values[2]};
}

}  // namespace

Colours ColoursOf(const PixelSums& sums) {
  Colours colours;
  if (sums.pixels == 0) return colours;
  const auto pixels = static_cast<double>(sums.pixels);
  for (size_t c = 0; c < 3; ++c) {
    const double mean = static_cast<double>(sums.sum[c]) / pixels;
    const double square = static_cast<double>(sums.sum_of_squares[c]) / pixels;
    colours.mean[c] = mean / 255;
    colours.std[c] = std::sqrt(std::max(0.0, square - mean * mean)) / 255;
  }
  return colours;
}

DataStats::DataStats(std::string set_name, int img_size)
    : name_(std::move(set_name)), img_size_(img_size) {}

void DataStats::SetClasses(const std::vector<std::string>& labels) {
  for (const std::string& label : labels) classes_.try_emplace(label, 0);
}

void DataStats::Add(const SeenPicture& seen, const std::string& label) {
  ++pictures_;
  ++classes_[label];
  if (!seen.error.empty()) {
    ++broken_;
    return;
  }
  ++formats_[seen.format];
  widths_.push_back(seen.width);
  heights_.push_back(seen.height);
  bytes_.push_back(static_cast<double>(seen.bytes));
  sums_.Add(seen.sums);
}

std::vector<std::pair<std::string, int64_t>> DataStats::Largest() const {
  std::vector<std::pair<std::string, int64_t>> classes(classes_.begin(), classes_.end());
  std::stable_sort(classes.begin(), classes.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return classes;
}

std::vector<DataStats::Bin> DataStats::Sides() const {
  std::vector<Bin> bins;
  for (size_t i = 0; i < std::size(kSideBounds); ++i) {
    const bool last = i + 1 == std::size(kSideBounds);
    bins.push_back({last ? fmt::format("{} and more", kSideBounds[i])
                         : fmt::format("{} to {}", kSideBounds[i], kSideBounds[i + 1] - 1)});
  }
  for (size_t i = 0; i < widths_.size(); ++i) {
    const double side = std::min(widths_[i], heights_[i]);
    const auto above = std::upper_bound(std::begin(kSideBounds), std::end(kSideBounds), side);
    ++bins[static_cast<size_t>(above - std::begin(kSideBounds)) - 1].pictures;
  }
  return bins;
}

std::vector<DataStats::Bin> DataStats::Aspects() const {
  std::vector<Bin> bins;
  for (const AspectBound& bound : kAspectBounds) bins.push_back({bound.range});
  for (size_t i = 0; i < widths_.size(); ++i) ++bins[AspectBin(widths_[i], heights_[i])].pictures;
  return bins;
}

std::string DataStats::Text(const Style& style) const {
  const auto classes = Largest();
  std::vector<double> counts;
  for (const auto& [label, count] : classes) counts.push_back(static_cast<double>(count));
  const Spread spread = SpreadOf(counts);
  double total_bytes = 0;
  for (const double each : bytes_) total_bytes += each;
  std::vector<std::string> formats;
  for (const auto& [format, count] : formats_)
    formats.push_back(fmt::format("{} {}", count, format));

  std::string text = fmt::format("{}: {} pictures of {} classes{}\n", Printable(name_, 4096),
                                 pictures_, classes.size(), interrupted ? ", interrupted" : "");
  text += '\n';
  const auto row = [&](const char* name, const std::string& value) {
    text += fmt::format("{:<11}{}\n", name, value);
  };
  if (broken_ > 0) row("broken", style.Red(std::to_string(broken_)));
  row("a class", SpreadText(spread, " pictures"));
  row("imbalance", spread.least > 0
                       ? fmt::format("{:.4g}, largest class / smallest", spread.most / spread.least)
                       : std::string("a class has no pictures"));
  row("formats", fmt::format("{}", fmt::join(formats, ", ")));
  row("files", fmt::format("{:.3g} MB in all, median {:.3g} kB", total_bytes / 1e6,
                           SpreadOf(bytes_).median / 1e3));
  row("width", SpreadText(SpreadOf(widths_), " pixels"));
  row("height", SpreadText(SpreadOf(heights_), " pixels"));
  const Colours colours = ColoursOf(sums_);
  row("colours", fmt::format("--mean {} --std {} at {} x {} pixels", List(colours.mean),
                             List(colours.std), img_size_, img_size_));

  Table table({"classes", ">pictures"});
  const size_t shown = std::min(classes.size(), 2 * kClassesShown);
  for (size_t i = 0; i < shown; ++i) {
    // The last ones are the smallest.
    const size_t at = i < kClassesShown ? i : classes.size() - shown + i;
    if (i == kClassesShown && classes.size() > shown) table.Add({"...", ""});
    table.Add({Printable(classes[at].first), std::to_string(classes[at].second)});
  }
  text += '\n' + table.Text(style);
  return text + Histogram(style, "shorter side", Sides()) +
         Histogram(style, "width / height", Aspects());
}

std::string DataStats::JsonText() const {
  Json::Array classes;
  std::vector<double> counts;
  for (const auto& [label, count] : Largest()) {
    classes.push_back(Json::Object{{"label", Printable(label)}, {"pictures", count}});
    counts.push_back(static_cast<double>(count));
  }
  Json::Object formats;
  for (const auto& [format, count] : formats_) formats.push_back({format, count});
  const Spread spread = SpreadOf(counts);
  const Colours colours = ColoursOf(sums_);
  return ToString(Json::Object{{"data", Printable(name_, 4096)},
                               {"pictures", pictures_},
                               {"broken", broken_},
                               {"per_class", SpreadJson(spread)},
                               {"imbalance",
                                spread.least > 0 ? Json(spread.most / spread.least) : Json()},
                               {"formats", std::move(formats)},
                               {"bytes", SpreadJson(SpreadOf(bytes_))},
                               {"width", SpreadJson(SpreadOf(widths_))},
                               {"height", SpreadJson(SpreadOf(heights_))},
                               {"shorter_side", HistogramJson(Sides())},
                               {"aspect", HistogramJson(Aspects())},
                               {"img_size", img_size_},
                               {"mean", ListJson(colours.mean)},
                               {"std", ListJson(colours.std)},
                               {"classes", std::move(classes)},
                               {"interrupted", interrupted}},
                  2) +
         '\n';
}

}  // namespace mnv4::cli
