#include <gmock/gmock.h>

#include <fstream>
#include <sstream>
#include <string>

#include "program.h"

namespace mnv4 {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ProfileVerb : public ProgramTest {
 protected:
  std::string TextOf(const std::string& name) const {
    std::ifstream file(Path(name));
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
};

constexpr const char* kQuick =
    "mnv4 profile -m conv_small_035 -q --img-size 64 --warmup 1 --repetitions 3 -t 1 ";

TEST_F(ProfileVerb, AccountsForEveryMultiplyAddAndMillisecond) {
  const Json json = RunJson(std::string(kQuick) + "--json");
  for (const char* key : {"version", "commit", "host", "model", "settings", "peaks", "warnings"}) {
    EXPECT_NE(json.Find(key), nullptr) << key;
  }
  int64_t macs = 0;
  double ms = 0, kinds_ms = 0;
  for (const Json& step : *Member(json, "steps").As<Json::Array>()) {
    macs += *Member(step, "macs").As<int64_t>();
    ms += *Member(step, "ms").As<double>();
  }
  for (const Json& kind : *Member(json, "kinds").As<Json::Array>()) {
    kinds_ms += *Member(kind, "ms").As<double>();
  }
  EXPECT_EQ(Json(macs), Member(Member(json, "model"), "macs"));
  EXPECT_NEAR(ms, kinds_ms, 1e-9);
  const Json& run = Member(json, "run");
  for (const char* rest : {"outside_steps_ms", "uneven_runs_ms"}) {
    ms += *Member(run, rest).As<double>();
  }
  EXPECT_NEAR(*Member(run, "ms").As<double>(), ms, 1e-9);
}

TEST_F(ProfileVerb, PrintsATableAndTheMachine) {
  const Outcome outcome = Run(kQuick);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("median of 3"));
  EXPECT_THAT(outcome.out, HasSubstr("machine: "));
  EXPECT_THAT(outcome.out, HasSubstr("conv_stem"));
  EXPECT_THAT(outcome.out, HasSubstr("outside the steps"));
  EXPECT_THAT(outcome.err, testing::IsEmpty());
}

TEST_F(ProfileVerb, KeepsToTheInstructionSetItIsGiven) {
#if defined(__x86_64__)
  const Json json = RunJson(std::string(kQuick) + "--isa sse4 --json");
  EXPECT_EQ(Member(Member(json, "settings"), "isa"), Json("sse4"));
  const Json& stem = Member(json, "steps").As<Json::Array>()->front();
  EXPECT_THAT(*Member(stem, "kernel").As<std::string>(), HasSubstr("sse4"));
#endif
}

TEST_F(ProfileVerb, WritesTableTraceAndPageToFiles) {
  const Outcome outcome =
      Run(std::string(kQuick) + "--csv -o steps.csv --trace trace.json --html profile.html");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, testing::IsEmpty());
  EXPECT_THAT(TextOf("steps.csv"), StartsWith("layer,what,kernel,precision,ms,%,"));
  const Json trace = ParseJson(TextOf("trace.json"), "trace.json");
  EXPECT_GT(Member(trace, "traceEvents").As<Json::Array>()->size(), 3u * 40);
  EXPECT_THAT(TextOf("profile.html"), StartsWith("<!doctype html>"));
}

TEST_F(ProfileVerb, RefusesWhatItCannotDo) {
  EXPECT_EQ(Run("mnv4 profile --json --csv").code, 2);
  EXPECT_EQ(Run("mnv4 profile --repetitions 0").code, 2);
  EXPECT_EQ(Run("mnv4 profile --precision int8").code, 4);
  EXPECT_EQ(Run("mnv4 profile -m nonsense").code, 2);
  EXPECT_EQ(Run(std::string(kQuick) + "--html no/such/folder/page.html").code, 1);
}

}  // namespace
}  // namespace mnv4
