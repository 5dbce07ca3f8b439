#include <gmock/gmock.h>

#include "program.h"

namespace mnv4 {
namespace {

using testing::HasSubstr;

using Bench = ProgramTest;

constexpr const char* kQuick =
    "mnv4 bench -m conv_small_035 -q --img-size 64 --warmup 1 --repetitions 5";

TEST_F(Bench, PrintsTheAgreedJson) {
  const Json test = RunJson(std::string(kQuick) + " -t 1 --json --layers");
  for (const char* key : {"version", "commit", "throughput_ips", "first_run_ms", "load_ms",
                          "peak_rss_mb", "arena_mb"}) {
    EXPECT_NE(test.Find(key), nullptr) << key;
  }
  for (const char* key : {"cpu", "isa", "cores", "threads", "governor"}) {
    EXPECT_NE(Member(test, "host").Find(key), nullptr) << key;
  }
  for (const char* key : {"name", "sha256", "precision", "input"}) {
    EXPECT_NE(Member(test, "model").Find(key), nullptr) << key;
  }
  EXPECT_EQ(Member(Member(test, "model"), "params"), Json(1905384));
  EXPECT_EQ(Member(Member(test, "settings"), "threads"), Json(1));
  EXPECT_EQ(Member(Member(test, "settings"), "repetitions"), Json(5));
  for (const char* key : {"min", "mean", "median", "median_of_means", "p90", "p99", "std"}) {
    EXPECT_NE(Member(Member(test, "latency_ms"), key).As<double>(), nullptr) << key;
  }
  const auto* layers = Member(test, "layers").As<Json::Array>();
  ASSERT_NE(layers, nullptr);
  int64_t macs = 0;
  for (const Json& layer : *layers) macs += *Member(layer, "macs").As<int64_t>();
  EXPECT_EQ(Json(macs), Member(Member(test, "model"), "macs"));
}

TEST_F(Bench, SweepsEveryCombinationOfItsLists) {
  const Json tests = RunJson(std::string(kQuick) + " -t 1,2 -b 1-4*2 --json");
  const auto* array = tests.As<Json::Array>();
  ASSERT_NE(array, nullptr);
  ASSERT_EQ(array->size(), 6u);
  EXPECT_EQ(Member(Member(array->back(), "settings"), "batch_size"), Json(4));
  EXPECT_EQ(Member(Member(array->back(), "settings"), "threads"), Json(2));
}

TEST_F(Bench, CountsAllSessionsForThroughput) {
  const Json test = RunJson(std::string(kQuick) + " -t 3 --hint throughput --json");
  EXPECT_EQ(Member(Member(test, "settings"), "hint"), Json("throughput"));
  const double mean_ms = *Member(Member(test, "latency_ms"), "mean").As<double>();
  EXPECT_NEAR(*Member(test, "throughput_ips").As<double>(), 3 * 1e3 / mean_ms,
              1e-6 * 3e3 / mean_ms);
  EXPECT_EQ(Run(std::string(kQuick) + " --hint throughput --layers").code, 2);
  EXPECT_EQ(Run(std::string(kQuick) + " --hint throughput --protocol paper").code, 2);
}

TEST_F(Bench, HashesTheWeightsFile) {
  WriteModel();
  const Json test = RunJson("mnv4 bench -m small.safetensors --warmup 0 --repetitions 1 --json");
  const std::string sum = Run("sha256sum small.safetensors").out;
  EXPECT_EQ(Member(Member(test, "model"), "sha256"), Json(sum.substr(0, 64)));
}

TEST_F(Bench, PrintsATableAndSaysThatWeightsAreRandom) {
  const Outcome outcome = Run("mnv4 bench -m conv_small_035 --img-size 32 --repetitions 2 -t 1");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("median"));
  EXPECT_THAT(outcome.err, HasSubstr("random weights"));
}

}  // namespace
}  // namespace mnv4
