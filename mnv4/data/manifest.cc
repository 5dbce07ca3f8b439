#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "mnv4/base/error.h"
#include "mnv4/data/dataset.h"
#include "mnv4/io/csv.h"
#include "mnv4/io/file.h"

namespace mnv4::data {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 28;

bool IsHeader(const CsvRow& row) { return row.fields == std::vector<std::string>{"path", "label"}; }

// The rows of pictures: two fields, a path first.
std::vector<CsvRow> ReadRows(const std::string& path) {
  const std::string name = BaseName(path);
  std::vector<CsvRow> rows = ParseCsv(ReadTextFile(path, kMaxFileBytes), name);
  if (!rows.empty() && IsHeader(rows.front())) rows.erase(rows.begin());
  for (const CsvRow& row : rows) {
    if (row.fields.size() != 2 || row.fields[0].empty()) {
      throw Error(ErrorCode::kInvalidFile,
                  fmt::format("{}: line {}: {} fields, expected path,label", name, row.line,
                              row.fields.size()));
    }
  }
  if (rows.empty()) {
    throw Error(ErrorCode::kInvalidFile,
                fmt::format("{}: no pictures, expected lines of path,label", name));
  }
  return rows;
}

}  // namespace

std::unique_ptr<Dataset> OpenManifest(const std::string& path, const ClassMap& classes) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::vector<Sample> samples;
  for (const CsvRow& row : ReadRows(path)) {
    const std::string place = fmt::format("{}: line {}", BaseName(path), row.line);
    const int label = classes.IndexOf(row.fields[1], place);
    std::string file = (folder / row.fields[0]).string();  // an absolute path stays what it is
    samples.push_back({.key = file, .path = file, .labels = {label}});
  }
  return ListOf(std::move(samples));
}

ClassMap ManifestClasses(const std::string& path) {
  const ClassMap numbers(kMostClasses);
  std::set<std::string> names;
  int most = -1;
  bool all_numbers = true;
  for (CsvRow& row : ReadRows(path)) {
    std::string& label = row.fields[1];
    const std::optional<int> number = numbers.Find(label);
    all_numbers &= number.has_value();
    most = std::max(most, number.value_or(-1));
    std::replace(label.begin(), label.end(), '_', ' ');
    names.insert(std::move(label));
  }
  if (all_numbers) return ClassMap(most + 1);
  ClassMap classes(static_cast<int>(names.size()));
  classes.AddNames(std::vector<std::string>(names.begin(), names.end()));
  return classes;
}

}  // namespace mnv4::data
