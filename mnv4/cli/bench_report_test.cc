#include "mnv4/cli/bench_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "mnv4/arch/arch.h"

namespace mnv4::cli {
namespace {

using testing::HasSubstr;

class BenchReportTest : public testing::Test {
 protected:
  BenchReportTest() { model_.spec = *FindArchitecture("conv_small"); }

  static BenchResult Result(int batch_size) {
    BenchResult result;
    result.settings.threads = 2;
    result.settings.batch_size = batch_size;
    result.settings.height = result.settings.width = 224;
    result.settings.repetitions = 2;
    result.run_ms = {4, 6};
    return result;
  }

  model::Model model_;
};

TEST_F(BenchReportTest, GivesThroughputOfTheBatchAtTheMeanLatency) {
  BenchReport report(model_, "", 0);
  report.Add(Result(8));
  const Json json = ParseJson(report.JsonText(false), "report");
  EXPECT_EQ(*json.Find("throughput_ips"), Json(1600.0));
  EXPECT_EQ(*json.Find("latency_ms")->Find("mean"), Json(5.0));
  EXPECT_EQ(*json.Find("model")->Find("macs"), Json(186005568));  // of one picture
  EXPECT_EQ(*json.Find("model")->Find("input"), Json(Json::Array{8, 3, 224, 224}));
  EXPECT_TRUE(json.Find("model")->Find("sha256")->IsNull());
}

TEST_F(BenchReportTest, IsAnArrayWhenSwept) {
  BenchReport report(model_, "ab12", 0);
  report.Add(Result(1));
  report.Add(Result(2));
  const Json json = ParseJson(report.JsonText(true), "report");
  ASSERT_NE(json.As<Json::Array>(), nullptr);
  EXPECT_EQ(json.As<Json::Array>()->size(), 2u);
}

TEST_F(BenchReportTest, IsALineATestToo) {
  BenchReport report(model_, "", 0);
  report.Add(Result(1));
  report.Add(Result(2));
  const std::string lines = report.JsonLines();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
  EXPECT_THAT(report.AsTable().Csv(), HasSubstr("224,1,2,4.000,5.000,"));
  EXPECT_THAT(report.AsTable().Markdown(), HasSubstr("| 224 | 2 | 2 | 4.000 | 5.000 |"));
}

TEST_F(BenchReportTest, ShowsHowASoakWent) {
  BenchReport report(model_, "", 0);
  BenchResult result = Result(1);
  result.settings.soak_s = 1;
  result.run_ms.assign(100, 4.0);
  result.run_ms.insert(result.run_ms.end(), 100, 8.0);  // throttled in the second half
  report.Add(result);
  EXPECT_THAT(report.Text(Style(nullptr)), HasSubstr("50 %"));
  const Json json = ParseJson(report.JsonText(false), "report");
  const auto& periods = *json.Find("soak")->As<Json::Array>();
  ASSERT_EQ(periods.size(), 20u);
  EXPECT_EQ(*periods.front().Find("mean"), Json(4.0));
  EXPECT_EQ(*periods.back().Find("mean"), Json(8.0));
  EXPECT_NEAR(*periods.back().Find("from_s")->As<double>(), 1.12, 1e-9);  // 0.4 + 9 x 0.08
}

TEST_F(BenchReportTest, StatesThePapersProtocol) {
  BenchReport report(model_, "", 0);
  BenchResult result = Result(1);
  result.settings.paper = true;
  result.settings.repetitions = 10;
  result.settings.pins = {3};
  result.run_ms = {1, 1, 2, 2, 3, 3, 4, 4, 100, 100};
  report.Add(result);
  EXPECT_THAT(report.Text(Style(nullptr)),
              HasSubstr("paper: median of the means of 5 times 2 runs, pinned to CPU 3: 3.000 ms"));
}

TEST_F(BenchReportTest, ShowsLayersInTextAndJson) {
  BenchReport report(model_, "", 0);
  BenchResult result = Result(1);
  result.settings.layers = true;
  result.layers = {{.name = "conv_stem", .kernel = "dense", .macs = 2'000'000, .ms = 0.5}};
  report.Add(result);
  EXPECT_THAT(report.Text(Style(nullptr)), HasSubstr("conv_stem  dense   0.5000  100.0   2.00"));
  const Json json = ParseJson(report.JsonText(false), "report");
  EXPECT_EQ(json.Find("layers")->As<Json::Array>()->size(), 1u);
}

}  // namespace
}  // namespace mnv4::cli
