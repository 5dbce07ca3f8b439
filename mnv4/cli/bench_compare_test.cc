#include "mnv4/cli/bench_compare.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mnv4/base/error.h"
#include "mnv4/io/testing.h"

namespace mnv4::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kResult =
    R"({"version": "0.1.0", "commit": "abc", "host": {"cpu": "X", "governor": "unknown"},)"
    R"( "model": {"name": "conv_small", "precision": "fp32", "input": [1, 3, 224, 224]},)"
    R"( "settings": {"threads": 2, "isa": "sse4"}, "latency_ms": {"group_means": [4, 6]}})";

BenchRecord Record(const char* test, std::vector<double> means) {
  return {.test = test, .where = "X", .version = "1", .group_means = std::move(means)};
}

TEST(ReadBenchFile, TakesAnObjectAnArrayAndLines) {
  const test::TempFolder folder;
  std::string other = kResult;
  other.replace(other.find("224"), 3, "192");
  for (const std::string& text : {std::string(kResult), fmt::format("[{}, {}]", kResult, other),
                                  fmt::format("{}\n{}\n", kResult, other)}) {
    const auto records = ReadBenchFile(folder.Put("bench.json", text));
    EXPECT_EQ(records.front().test, "conv_small 1x3x224x224 fp32 -t 2");
    EXPECT_EQ(records.front().version, "0.1.0 (commit abc)");
    EXPECT_THAT(records.front().group_means, ElementsAre(4, 6));
    if (text == kResult) continue;
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[1].test, "conv_small 1x3x192x224 fp32 -t 2");
  }
  std::string throughput = kResult;
  throughput.replace(throughput.find("\"threads\""), 0, R"("hint": "throughput", )");
  EXPECT_EQ(ReadBenchFile(folder.Put("bench.json", throughput)).front().test,
            "conv_small 1x3x224x224 fp32 -t 2 --hint throughput");
}

TEST(ReadBenchFile, SaysWhatIsWrong) {
  const test::TempFolder folder;
  const auto message = [&](const std::string& text) {
    return test::MessageOf([&] { ReadBenchFile(folder.Put("bench.json", text)); });
  };
  EXPECT_THAT(message("{}"), HasSubstr("bench.json: no 'model'"));
  EXPECT_THAT(message(fmt::format("[{0}, {0}]", kResult)), HasSubstr("two results of the test"));
  EXPECT_THAT(message("[1]"), HasSubstr("bench.json"));
  std::string negative = kResult;
  negative.replace(negative.find("[4"), 2, "[-4");
  EXPECT_THAT(message(negative), HasSubstr("latency_ms.group_means[0]"));
}

TEST(BenchComparison, JudgesByTheInterval) {
  const std::vector<BenchRecord> a = {Record("one", {10, 10.1, 9.9}), Record("two", {10, 12, 8}),
                                      Record("three", {5, 5.1, 4.9})};
  const std::vector<BenchRecord> b = {Record("one", {8, 8.1, 7.9}), Record("two", {9, 11, 10}),
                                      Record("four", {1})};
  const BenchComparison comparison("a.json", a, "b.json", b);
  const Json json = comparison.AsJson();
  const auto& tests = *json.Find("tests")->As<Json::Array>();
  ASSERT_EQ(tests.size(), 2u);
  EXPECT_EQ(*tests[0].Find("verdict"), Json("faster"));
  EXPECT_NEAR(*tests[0].Find("ratio")->As<double>(), 0.8, 1e-9);
  EXPECT_EQ(*tests[1].Find("verdict"), Json("no difference shown"));
  EXPECT_THAT(comparison.notes(), ElementsAre("only in a.json: three", "only in b.json: four"));
  EXPECT_THAT(comparison.AsTable().Text(Style(nullptr)), HasSubstr("faster"));
}

TEST(BenchComparison, NotesOtherMachinesAndNeedsACommonTest) {
  std::vector<BenchRecord> b = {Record("one", {1, 1.1})};
  b[0].where = "Y";
  EXPECT_THAT(BenchComparison("a", {Record("one", {1, 1.1})}, "b", b).notes(),
              ElementsAre("machines differ: X | Y"));
  EXPECT_THROW(BenchComparison("a", {Record("two", {1})}, "b", b), Error);
}

}  // namespace
}  // namespace mnv4::cli
