#include "mnv4/runs/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <utility>

#include "mnv4/base/check.h"
#include "mnv4/base/error.h"
#include "mnv4/io/csv.h"
#include "mnv4/io/file.h"
#include "mnv4/io/printable.h"

namespace mnv4::runs {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 28;
constexpr const char* kEpoch = "epoch";

// Counts whole, everything else with the digits a float32 has.
std::string NumberText(double value) {
  constexpr double kExact = 1e15;
  return value == std::floor(value) && std::abs(value) < kExact
             ? fmt::format("{}", static_cast<int64_t>(value))
             : fmt::format("{:.7g}", value);
}

std::optional<double> ParseNumber(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

Summary::Summary(std::string path, int64_t first_epoch) : path_(std::move(path)) {
  std::error_code ignored;
  if (!std::filesystem::exists(path_, ignored)) return;
  const std::string name = BaseName(path_);
  for (CsvRow& row : ParseCsv(ReadTextFile(path_, kMaxFileBytes), name)) {
    const auto fail = [&](const std::string& what) {
      throw Error(ErrorCode::kInvalidFile, fmt::format("{}: line {}: {}", name, row.line, what));
    };
    if (columns_.empty()) {
      if (row.fields.front() != kEpoch) {
        fail(fmt::format("first column '{}', expected {}", Printable(row.fields[0]), kEpoch));
      }
      columns_ = std::move(row.fields);
      continue;
    }
    if (row.fields.size() != columns_.size()) {
      fail(fmt::format("{} fields, expected {}", row.fields.size(), columns_.size()));
    }
    for (const std::string& field : row.fields) {
      if (!field.empty() && !ParseNumber(field)) {
        fail(fmt::format("'{}', expected a number", Printable(field)));
      }
    }
    const std::optional<double> epoch = ParseNumber(row.fields.front());
    if (!epoch) fail("no epoch");
    if (*epoch < static_cast<double>(first_epoch)) rows_.push_back(std::move(row.fields));
  }
}

void Summary::Append(std::span<const Figure> row) {
  MNV4_CHECK(!row.empty() && row.front().name == kEpoch);
  std::vector<std::string> fields(columns_.size());
  for (const Figure& figure : row) {
    const auto column = std::find(columns_.begin(), columns_.end(), figure.name);
    const auto index = static_cast<size_t>(column - columns_.begin());
    if (column == columns_.end()) {
      columns_.push_back(figure.name);
      fields.emplace_back();
    }
    fields[index] = NumberText(figure.value);
  }
  rows_.push_back(std::move(fields));
  AtomicFile file(path_);
  file.Write(Text());
  file.Commit();
}

std::vector<double> Summary::Column(const std::string& name) const {
  const auto column = std::find(columns_.begin(), columns_.end(), name);
  if (column == columns_.end()) return {};
  const auto index = static_cast<size_t>(column - columns_.begin());
  std::vector<double> values;
  for (const auto& row : rows_) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    values.push_back(index < row.size() ? ParseNumber(row[index]).value_or(kNone) : kNone);
  }
  return values;
}

std::string Summary::Text() const {
  const auto line = [&](const std::vector<std::string>& fields) {
    std::string text;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) text += ',';
      if (i < fields.size()) text += CsvField(fields[i]);
    }
    return text + '\n';
  };
  std::string text = line(columns_);
  for (const auto& row : rows_) text += line(row);
  return text;
}

}  // namespace mnv4::runs
