#include "mnv4/cli/classify_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "mnv4/io/csv.h"
#include "mnv4/io/json.h"
#include "mnv4/io/printable.h"

namespace mnv4::cli {
namespace {

constexpr size_t kMaxPathBytes = 1 << 16;

constexpr size_t kMaxPathWidth = 60, kMaxLabelWidth = 24;

// Equal, if "_" is the same as " ".
bool SameName(std::string_view a, std::string_view b) {
  const auto plain = [](char c) { return c == '_' ? ' ' : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return plain(x) == plain(y); });
}

// `text` and the spaces that are missing to `width` columns.
std::string Padded(const std::string& text, size_t width) {
  const size_t has = DisplayWidth(text);
  return text + std::string(has < width ? width - has : 0, ' ');
}

}  // namespace

void Tally::Add(const Result& result) {
  ++pictures;
  if (!result.error.empty()) ++broken;
  if (result.sample.labels.empty() || result.best.empty()) return;
  ++known;
  right += IsRight(result);
  right_in_best += IsAmongBest(result, result.best.size());
}

std::string Tally::Text(int k) const {
  if (known == 0) return "";
  const auto part = [&](int count) {
    return fmt::format("{} of {} ({:.1f} %)", count, known, 100.0 * count / known);
  };
  std::string text = fmt::format("right: {}", part(right));
  if (k > 1) text += fmt::format(", among the best {}: {}", k, part(right_in_best));
  return text;
}

std::optional<int> TruthOf(const std::string& path, const std::vector<std::string>& labels) {
  const std::string folder = std::filesystem::path(path).parent_path().filename().string();
  const auto found = std::find_if(labels.begin(), labels.end(), [&](const std::string& label) {
    return SameName(label, folder);
  });
  if (found == labels.end()) return std::nullopt;
  return static_cast<int>(found - labels.begin());
}

std::string JsonLine(const Result& result, const std::vector<std::string>& labels) {
  Json line;
  line.Add("image", Printable(result.sample.key, kMaxPathBytes));
  if (!result.error.empty()) {
    line.Add("error", result.error);
  } else {
    Json::Array best;
    for (const model::RankedClass& ranked : result.best) {
      best.push_back(Json::Object{{"index", ranked.index},
                                  {"label", LabelOf(labels, ranked.index)},
                                  {"score", ranked.score}});
    }
    line.Add("topk", std::move(best));
  }
  return ToString(line) + '\n';
}

std::string CsvLines(const Result& result, const std::vector<std::string>& labels) {
  const std::string path = CsvField(Printable(result.sample.key, kMaxPathBytes));
  if (!result.error.empty()) return fmt::format("{},,,,,{}\n", path, CsvField(result.error));
  std::string lines;
  int rank = 0;
  for (const model::RankedClass& ranked : result.best) {
    lines += fmt::format("{},{},{},{},{},\n", path, ++rank, ranked.index,
                         CsvField(LabelOf(labels, ranked.index)), ranked.score);
  }
  return lines;
}

TextLayout LayOut(const std::vector<std::string>& paths, const std::vector<std::string>& labels) {
  const auto widest = [](const std::vector<std::string>& texts, size_t limit) {
    size_t width = 0;
    for (const std::string& text : texts) {
      const size_t has = DisplayWidth(text);
      if (has <= limit) width = std::max(width, has);
    }
    return width;
  };
  return {widest(paths, kMaxPathWidth), widest(labels, kMaxLabelWidth)};
}

std::string TextLines(const Result& result, const std::vector<std::string>& labels,
                      const TextLayout& layout, const Style& style) {
  if (!result.error.empty()) return "";
  const std::string path = Printable(result.sample.key, kMaxPathBytes);
  if (result.best.size() == 1) {
    const model::RankedClass& best = result.best.front();
    const std::string label = LabelOf(labels, best.index);
    const bool known = !result.sample.labels.empty();
    std::string line =
        fmt::format("{}  {:6.2f}%  {}", Padded(path, layout.path_width), 100 * best.score,
                    style.Bold(known ? Padded(label, layout.label_width) : label));
    if (known) {
      line += IsRight(result) ? style.Green("  right")
                              : style.Red(fmt::format("  wrong: is {}", TruthText(result, labels)));
    }
    return line + '\n';
  }
  std::string lines = path + '\n';
  for (const model::RankedClass& ranked : result.best) {
    const std::string line =
        fmt::format("  {:6.2f}%  {}", 100 * ranked.score, LabelOf(labels, ranked.index));
    lines += (&ranked == &result.best.front() ? style.Bold(line) : line) + '\n';
  }
  return lines;
}

}  // namespace mnv4::cli
