#include "mnv4/cli/bench_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mnv4/arch/arch.h"

namespace mnv4::cli {
namespace {

using testing::HasSubstr;

class BenchReportTest : public testing::Test {
 protected:
  BenchReportTest() { model_.spec = *FindArchitecture("conv_small"); }

  static BenchResult Result(int batch_size) {
    BenchResult result;
    result.settings = {.threads = 2,
                       .batch_size = batch_size,
                       .height = 224,
                       .width = 224,
                       .repetitions = 2,
                       .isa = IsaSet()};
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
