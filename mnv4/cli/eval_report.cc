#include "mnv4/cli/eval_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "mnv4/io/csv.h"
#include "mnv4/io/json.h"
#include "mnv4/io/printable.h"

namespace mnv4::cli {
namespace {

constexpr size_t kWorstShown = 10, kPairsShown = 10, kPairsListed = 100;
constexpr size_t kMaxPathBytes = 1 << 16;

double Percent(int64_t count, int64_t of) {
  return of == 0 ? 0 : 100.0 * static_cast<double>(count) / static_cast<double>(of);
}

Json ClassesJson(const Evaluation& evaluation) {
  Json::Array classes;
  const auto counts = evaluation.accuracy.classes();
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i].pictures == 0) continue;
    const int index = static_cast<int>(i);
    classes.push_back(Json::Object{{"index", index},
                                   {"label", LabelOf(evaluation.labels, index)},
                                   {"pictures", counts[i].pictures},
                                   {"right", counts[i].right},
                                   {"right_in_top5", counts[i].right_in_top5}});
  }
  return classes;
}

Json ConfusionJson(const Evaluation& evaluation) {
  Json::Array pairs;
  for (const data::Confusion& pair : evaluation.accuracy.MostConfused(kPairsListed)) {
    pairs.push_back(Json::Object{{"truth", pair.truth},
                                 {"truth_label", LabelOf(evaluation.labels, pair.truth)},
                                 {"answer", pair.answer},
                                 {"answer_label", LabelOf(evaluation.labels, pair.answer)},
                                 {"pictures", pair.pictures}});
  }
  return pairs;
}

Json CalibrationJson(const data::Accuracy& accuracy) {
  Json::Array bins;
  for (const data::ConfidenceBin& bin : accuracy.bins()) {
    const double mean = bin.pictures == 0 ? 0 : bin.confidence / static_cast<double>(bin.pictures);
    bins.push_back(
        Json::Object{{"pictures", bin.pictures}, {"right", bin.right}, {"confidence", 100 * mean}});
  }
  return bins;
}

std::string WorstTable(const Evaluation& evaluation, const Style& style) {
  const data::Accuracy& accuracy = evaluation.accuracy;
  std::vector<int> worst = WorstClasses(accuracy);
  worst.resize(std::min(worst.size(), kWorstShown));
  Table table({"worst classes", ">top-1 %", ">top-5 %", ">pictures"});
  for (const int index : worst) {
    const data::ClassCounts& counts = accuracy.classes()[static_cast<size_t>(index)];
    table.Add({LabelOf(evaluation.labels, index),
               fmt::format("{:.1f}", Percent(counts.right, counts.pictures)),
               fmt::format("{:.1f}", Percent(counts.right_in_top5, counts.pictures)),
               std::to_string(counts.pictures)});
  }
  return table.Text(style);
}

std::string ConfusionTable(const Evaluation& evaluation, const Style& style) {
  Table table({"most confused", "taken for", ">pictures"});
  for (const data::Confusion& pair : evaluation.accuracy.MostConfused(kPairsShown)) {
    table.Add({LabelOf(evaluation.labels, pair.truth), LabelOf(evaluation.labels, pair.answer),
               std::to_string(pair.pictures)});
  }
  return table.Text(style);
}

}  // namespace

void Evaluation::Add(const Result& result) {
  if (!result.error.empty()) {
    broken.emplace_back(result.sample.key, result.error);
    return;
  }
  std::vector<int> best;
  for (const model::RankedClass& ranked : result.best) best.push_back(ranked.index);
  accuracy.Add(best, result.best.front().score, result.sample.labels);
  if (agreement) agreement->Add(result);
}

void Agreement::Add(const Result& result) {
  const Other& other = result.other.value();
  const std::vector<int>& truth = result.sample.labels;
  ++pictures;
  right += std::find(truth.begin(), truth.end(), other.index) != truth.end() ? 1 : 0;
  same += other.index == result.best.front().index ? 1 : 0;
  difference = std::max(difference, other.difference);
  largest = std::max(largest, other.largest);
}

double Evaluation::PicturesPerSecond() const {
  const auto pictures = accuracy.pictures() + static_cast<int64_t>(broken.size());
  return seconds > 0 ? static_cast<double>(pictures) / seconds : 0;
}

std::vector<int> WorstClasses(const data::Accuracy& accuracy) {
  const auto counts = accuracy.classes();
  std::vector<int> order;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i].pictures > 0) order.push_back(static_cast<int>(i));
  }
  const auto part = [&](int index) {
    const data::ClassCounts& each = counts[static_cast<size_t>(index)];
    return Percent(each.right, each.pictures);
  };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return part(a) < part(b); });
  return order;
}

std::string ShareText(int64_t count, int64_t of) {
  return of == 0 ? "" : fmt::format("{} of {}, {:.2f} %", count, of, Percent(count, of));
}

std::string EvaluationText(const Evaluation& evaluation, const Style& style) {
  const data::Accuracy& accuracy = evaluation.accuracy;
  const int64_t pictures = accuracy.pictures();
  std::string text =
      fmt::format("{}, {} classes, {} x {} pixels, on {}\n", evaluation.model,
                  accuracy.classes().size(), evaluation.width, evaluation.height, evaluation.data);
  const auto line = [&](const char* name, const std::string& value) {
    text += fmt::format("{:<18} {}\n", name, value);
  };
  if (evaluation.interrupted) line("interrupted", "what follows is of the pictures seen so far");
  line("pictures", std::to_string(pictures));
  if (!evaluation.broken.empty()) line("broken", std::to_string(evaluation.broken.size()));
  if (evaluation.left_out > 0) line("without a label", std::to_string(evaluation.left_out));
  if (pictures > 0) {
    line("top-1", style.Bold(ShareText(accuracy.right(), pictures)));
    line("top-5", ShareText(accuracy.right_in_top5(), pictures));
    line("calibration error", fmt::format("{:.2f} % ({} bins)", 100 * accuracy.CalibrationError(),
                                          data::Accuracy::kBins));
  }
  if (const auto& other = evaluation.agreement; other && pictures > 0) {
    line(("against " + other->precision).c_str(),
         fmt::format("top-1 {}", ShareText(other->right, other->pictures)));
    line("  same answer", ShareText(other->same, other->pictures));
    line("  logits differ", fmt::format("by {:.3g} at most; the largest is {:.3g}",
                                        other->difference, other->largest));
  }
  line("speed", fmt::format("{:.1f} pictures/s", evaluation.PicturesPerSecond()));
  if (pictures > 0) text += '\n' + WorstTable(evaluation, style);
  if (accuracy.right() < pictures) text += '\n' + ConfusionTable(evaluation, style);
  return text;
}

std::string EvaluationJson(const Evaluation& evaluation) {
  const data::Accuracy& accuracy = evaluation.accuracy;
  const int64_t pictures = accuracy.pictures();
  Json json;
  json.Add("model", evaluation.model);
  json.Add("data", Printable(evaluation.data, kMaxPathBytes));
  json.Add("input", Json::Array{evaluation.height, evaluation.width});
  json.Add("precision", evaluation.precision);
  json.Add("interrupted", evaluation.interrupted);
  json.Add("pictures", pictures);
  json.Add("broken", evaluation.broken.size());
  json.Add("left_out", evaluation.left_out);
  json.Add("right", accuracy.right());
  json.Add("right_in_top5", accuracy.right_in_top5());
  json.Add("top1", pictures == 0 ? Json() : Json(Percent(accuracy.right(), pictures)));
  json.Add("top5", pictures == 0 ? Json() : Json(Percent(accuracy.right_in_top5(), pictures)));
  json.Add("ece", pictures == 0 ? Json() : Json(100 * accuracy.CalibrationError()));
  if (const auto& other = evaluation.agreement) {
    json.Add("against", Json::Object{{"precision", other->precision},
                                     {"right", other->right},
                                     {"same_answer", other->same},
                                     {"max_difference", other->difference},
                                     {"max_logit", other->largest}});
  }
  json.Add("seconds", evaluation.seconds);
  json.Add("pictures_per_second", evaluation.PicturesPerSecond());
  json.Add("classes", ClassesJson(evaluation));
  json.Add("confused", ConfusionJson(evaluation));
  json.Add("calibration", CalibrationJson(accuracy));
  Json::Array errors;
  for (const auto& [image, error] : evaluation.broken) {
    errors.push_back(Json::Object{{"image", Printable(image, kMaxPathBytes)}, {"error", error}});
  }
  json.Add("errors", std::move(errors));
  return ToString(json, 2) + '\n';
}

std::string EvalCsvLine(const Result& result, const std::vector<std::string>& labels) {
  const std::string image = CsvField(Printable(result.sample.key, kMaxPathBytes));
  const std::string right = fmt::format("{}", fmt::join(result.sample.labels, " "));
  if (!result.error.empty()) {
    return fmt::format("{},{},,,,,,{}\n", image, right, CsvField(result.error));
  }
  const model::RankedClass& best = result.best.front();
  return fmt::format("{},{},{},{},{},{:d},{:d},\n", image, right, best.index,
                     CsvField(LabelOf(labels, best.index)), best.score, IsRight(result),
                     IsAmongBest(result, data::Accuracy::kTop));
}

}  // namespace mnv4::cli
