#include "mnv4/cli/bench_compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

#include "mnv4/base/error.h"
#include "mnv4/cli/statistics.h"
#include "mnv4/io/file.h"
#include "mnv4/io/json_cursor.h"

namespace mnv4::cli {
namespace {

constexpr size_t kMaxFileBytes = 256 << 20;
constexpr int64_t kMost = 1'000'000'000;
constexpr double kMostMs = 1e12;

BenchRecord RecordOf(const JsonCursor& result) {
  const JsonCursor model = result.At("model"), settings = result.At("settings");
  const JsonCursor host = result.At("host");
  std::vector<int64_t> input;
  for (const JsonCursor& side : model.At("input").Elements()) {
    input.push_back(side.Integer(1, kMost));
  }
  BenchRecord record;
  record.test =
      fmt::format("{} {} {} -t {}", model.At("name").String(), fmt::join(input, "x"),
                  model.At("precision").String(), settings.At("threads").Integer(1, kMost));
  if (const auto hint = settings.Find("hint"); hint && hint->String() == "throughput") {
    record.test += " --hint throughput";
  }
  record.where = fmt::format("{}, {}, governor {}", host.At("cpu").String(),
                             settings.At("isa").String(), host.At("governor").String());
  record.version =
      fmt::format("{} (commit {})", result.At("version").String(), result.At("commit").String());
  for (const JsonCursor& mean : result.At("latency_ms").At("group_means").Elements()) {
    record.group_means.push_back(mean.Number(std::numeric_limits<double>::min(), kMostMs));
  }
  if (record.group_means.empty()) result.Fail("latency_ms.group_means is empty");
  return record;
}

double Mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

const BenchRecord* Find(const std::vector<BenchRecord>& records, const std::string& test) {
  const auto found = std::find_if(records.begin(), records.end(),
                                  [&](const BenchRecord& record) { return record.test == test; });
  return found == records.end() ? nullptr : &*found;
}

}  // namespace

std::vector<BenchRecord> ReadBenchFile(const std::string& path) {
  const std::string name = BaseName(path);
  const std::string text = ReadTextFile(path, kMaxFileBytes);
  std::vector<Json> values;
  // Lines of objects: a line that starts an object after the first. Indented JSON has none.
  if (text.find("\n{") != std::string::npos) {
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      if (end > begin) values.push_back(ParseJson(text.substr(begin, end - begin), name));
      begin = end + 1;
    }
  } else {
    Json value = ParseJson(text, name);
    if (auto* array = value.As<Json::Array>()) {
      values = std::move(*array);
    } else {
      values.push_back(std::move(value));
    }
  }
  std::vector<BenchRecord> records;
  for (const Json& value : values) {
    records.push_back(RecordOf(JsonCursor(value, name)));
    const std::string& test = records.back().test;
    if (Find(records, test) != &records.back()) {
      throw Error(ErrorCode::kInvalidFile,
                  fmt::format("{}: two results of the test {}, expected one", name, test));
    }
  }
  return records;
}

const char* BenchComparison::Row::Verdict() const {
  return high < 1 ? "faster" : low > 1 ? "slower" : "no difference shown";
}

BenchComparison::BenchComparison(const std::string& name_a, const std::vector<BenchRecord>& a,
                                 const std::string& name_b, const std::vector<BenchRecord>& b)
    : name_a_(name_a), name_b_(name_b) {
  for (const BenchRecord& record : a) {
    const BenchRecord* other = Find(b, record.test);
    if (other == nullptr) {
      notes_.push_back(fmt::format("only in {}: {}", name_a, record.test));
      continue;
    }
    const Ratio ratio = RatioOfMeans(record.group_means, other->group_means);
    rows_.push_back({.test = record.test,
                     .mean_a = Mean(record.group_means),
                     .mean_b = Mean(other->group_means),
                     .ratio = ratio.value,
                     .low = ratio.low,
                     .high = ratio.high});
    for (const auto& [what, here, there] :
         {std::tuple{"machines", record.where, other->where},
          std::tuple{"versions", record.version, other->version}}) {
      const std::string note = fmt::format("{} differ: {} | {}", what, here, there);
      if (here != there && std::find(notes_.begin(), notes_.end(), note) == notes_.end()) {
        notes_.push_back(note);
      }
    }
  }
  for (const BenchRecord& record : b) {
    if (Find(a, record.test) == nullptr) {
      notes_.push_back(fmt::format("only in {}: {}", name_b, record.test));
    }
  }
  if (rows_.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{} and {} have no test in common: '{}' in the one, '{}' in the other",
                            name_a, name_b, a.empty() ? "nothing" : a.front().test,
                            b.empty() ? "nothing" : b.front().test));
  }
}

Table BenchComparison::AsTable() const {
  Table table({"test", fmt::format(">{} ms", name_a_), fmt::format(">{} ms", name_b_), ">ratio",
               "95 % interval", "verdict"});
  for (const Row& row : rows_) {
    table.Add({row.test, fmt::format("{:.3f}", row.mean_a), fmt::format("{:.3f}", row.mean_b),
               fmt::format("{:.3f}", row.ratio), fmt::format("{:.3f} to {:.3f}", row.low, row.high),
               row.Verdict()});
  }
  return table;
}

Json BenchComparison::AsJson() const {
  Json::Array rows;
  for (const Row& row : rows_) {
    rows.push_back(Json::Object{{"test", row.test},
                                {"a_ms", row.mean_a},
                                {"b_ms", row.mean_b},
                                {"ratio", row.ratio},
                                {"interval95", Json::Array{row.low, row.high}},
                                {"verdict", row.Verdict()}});
  }
  return Json::Object{{"a", name_a_},
                      {"b", name_b_},
                      {"tests", std::move(rows)},
                      {"notes", Json::Array(notes_.begin(), notes_.end())}};
}

}  // namespace mnv4::cli
