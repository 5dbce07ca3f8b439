#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "mnv4/base/error.h"
#include "mnv4/data/dataset.h"
#include "mnv4/io/csv.h"
#include "mnv4/io/file.h"

namespace mnv4::data {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 28;

bool IsHeader(const CsvRow& row) { return row.fields == std::vector<std::string>{"path", "label"}; }

}  // namespace

std::unique_ptr<Dataset> OpenManifest(const std::string& path, const ClassMap& classes) {
  const std::string name = BaseName(path);
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::vector<CsvRow> rows = ParseCsv(ReadTextFile(path, kMaxFileBytes), name);
  if (!rows.empty() && IsHeader(rows.front())) rows.erase(rows.begin());

  std::vector<Sample> samples;
  for (const CsvRow& row : rows) {
    const std::string place = fmt::format("{}: line {}", name, row.line);
    if (row.fields.size() != 2 || row.fields[0].empty()) {
      throw Error(ErrorCode::kInvalidFile,
                  fmt::format("{}: {} fields, expected path,label", place, row.fields.size()));
    }
    const int label = classes.IndexOf(row.fields[1], place);
    std::string file = (folder / row.fields[0]).string();  // an absolute path stays what it is
    samples.push_back({.key = file, .path = file, .labels = {label}});
  }
  if (samples.empty()) {
    throw Error(ErrorCode::kInvalidFile,
                fmt::format("{}: no pictures, expected lines of path,label", name));
  }
  return ListOf(std::move(samples));
}

}  // namespace mnv4::data
