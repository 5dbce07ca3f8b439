#include "mnv4/cli/profile_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mnv4/cli/profile_page.h"
#include "mnv4/cli/profile_trace.h"
#include "mnv4/graph/bind.h"
#include "mnv4/graph/builder.h"

namespace mnv4::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Two 1x1 convolutions of 4 x 4 pixels, 16 -> 16 channels, after a stem; one has a hostile name.
class ProfileTest : public testing::Test {
 protected:
  static runtime::Plan MakePlan() {
    Builder b("small", {1, 8, 8, 3});
    const Builder::Scope model(b, "<b>&");
    const Conv2d stem = {.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}};
    NodeId x = b.Add(stem, {b.input(), b.Param("stem", {16, 3, 3, 3})});
    x = b.Add(Conv2d{}, {x, b.Param("a", {16, 16, 1, 1})});
    x = b.Add(Activate{Activation::kRelu}, {x});
    b.SetOutput("logits", b.Add(Conv2d{}, {x, b.Param("b", {16, 16, 1, 1})}));
    Graph graph = b.Finish();
    const TensorMap weights = HashWeights(graph);
    runtime::PackedWeights packed;
    return runtime::Plan(Bind(std::move(graph), weights), {.reference = true, .features = {}},
                         packed);
  }

  // 1 MAC/ns. All of a run is in "L2", which gives a byte a nanosecond.
  static kernels::Peaks MakePeaks() {
    return {.threads = 2,
            .macs_per_s = 1e9,
            .macs_per_s_one_thread = 5e8,
            .levels = {{"L2", 1 << 20, 1e9}, {"memory", 0, 1e8}}};
  }

  Profile Make(kernels::Peaks peaks = MakePeaks()) const {
    return Profile({.threads = 2, .height = 8, .width = 8, .repetitions = 3}, plan_,
                   std::move(peaks),
                   {{.start_ms = 0, .ms = 1.0, .step_ms = {0.5, 0.2, 0.1}},
                    {.start_ms = 2, .ms = 9.0, .step_ms = {0.6, 8.0, 0.1}},
                    {.start_ms = 12, .ms = 1.1, .step_ms = {0.4, 0.3, 0.2}}});
  }

  runtime::Plan plan_ = MakePlan();
  model::Model model_ = [] {
    model::Model model;
    model.spec.name = "net<i>";
    return model;
  }();
  Host host_ = {
      .cpu = "CPU \"x\" <1>", .cores = 2, .threads = 2, .affinity = "0-1", .governor = ""};
};

TEST_F(ProfileTest, TakesMediansSoThatOneSlowRunDoesNotMatter) {
  const Profile profile = Make();
  EXPECT_DOUBLE_EQ(profile.run_ms(), 1.1);
  ASSERT_EQ(profile.steps().size(), 3u);
  EXPECT_DOUBLE_EQ(profile.steps()[0].ms, 0.5);
  EXPECT_DOUBLE_EQ(profile.steps()[1].ms, 0.3);
  EXPECT_DOUBLE_EQ(profile.steps()[1].min_ms, 0.2);
}

TEST_F(ProfileTest, TellsWhatIsOutsideTheStepsFromWhatIsUneven) {
  const Profile profile = Make();
  EXPECT_NEAR(profile.outside_ms(), 0.2, 1e-12);  // of 0.2, 0.3 and 0.2
  EXPECT_NEAR(profile.uneven_ms(), 1.1 - (0.5 + 0.3 + 0.1) - 0.2, 1e-12);
}

TEST_F(ProfileTest, BoundsAStepByItsLongerLimit) {
  const Profile profile = Make();
  const ProfiledStep& step = profile.steps()[1];
  constexpr double kMacs = 16 * 16 * 16, kMap = 16 * 16 * 4, kWeights = (256 + 16) * 4;
  EXPECT_DOUBLE_EQ(step.roofline.compute_s, kMacs / 1e9);
  EXPECT_DOUBLE_EQ(step.roofline.memory_s, (kWeights + 2 * kMap) / 1e9);
  EXPECT_STREQ(BoundOf(step.roofline), "compute");
  EXPECT_DOUBLE_EQ(step.gmacs_per_s(), kMacs / 0.3e6);
  EXPECT_DOUBLE_EQ(step.gb_per_s(), (kWeights + 2 * kMap) / 0.3e6);
}

TEST_F(ProfileTest, ReadsWeightsFromWhereAWholeRunFitsAndActivationsFromNearer) {
  kernels::Peaks peaks = MakePeaks();
  peaks.levels[0].bytes = 4096;  // holds the maps of the second step, not all of a run
  const Profile profile = Make(peaks);
  EXPECT_DOUBLE_EQ(profile.steps()[1].roofline.memory_s, 272 * 4 / 1e8 + 2 * 16 * 16 * 4 / 1e9);
  EXPECT_STREQ(BoundOf(profile.steps()[1].roofline), "memory");
}

TEST_F(ProfileTest, SumsKindsTheSlowestFirst) {
  const Profile profile = Make();
  ASSERT_EQ(profile.kinds().size(), 2u);
  EXPECT_EQ(profile.kinds()[0].kind, runtime::StepKind::kStem);
  const ProfiledKind& pointwise = profile.kinds()[1];
  EXPECT_EQ(pointwise.steps, 2);
  EXPECT_DOUBLE_EQ(pointwise.ms, 0.4);
  EXPECT_EQ(pointwise.macs, 2 * 16 * 16 * 16);
  EXPECT_DOUBLE_EQ(pointwise.limit_ms, 2 * 16 * 16 * 16 / 1e6);
}

TEST_F(ProfileTest, SaysInTextWhichStatisticItShows) {
  const std::string text = ProfileText(Make(), model_, host_, Style(nullptr));
  EXPECT_THAT(text, HasSubstr("1.100 ms, the median of 3"));
  EXPECT_THAT(text, HasSubstr("conv 1x1 16->16 + relu"));
  EXPECT_THAT(text, HasSubstr("1.0 GMAC/s (one thread 0.5), reading L2 1 GB/s, memory 0 GB/s"));
  EXPECT_THAT(text, HasSubstr("outside the steps"));
  EXPECT_THAT(StepTable(Make()).Csv(), HasSubstr("conv 1x1 16->16 + relu,"));
}

TEST_F(ProfileTest, GivesEveryFigureInJson) {
  const Json json = ProfileJson(Make(), host_, Json::Object{{"tool", "mnv4"}}, {"a warning"});
  EXPECT_EQ(*json.Find("settings")->Find("statistic"), Json("median"));
  EXPECT_EQ(*json.Find("run")->Find("ms"), Json(1.1));
  EXPECT_EQ(*json.Find("warnings"), Json(Json::Array{"a warning"}));
  EXPECT_EQ(json.Find("peaks")->Find("reading")->As<Json::Array>()->size(), 2u);
  const auto& steps = *json.Find("steps")->As<Json::Array>();
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(*steps[0].Find("kind"), Json("stem"));
  EXPECT_EQ(*steps[1].Find("fused"), Json(Json::Array{"relu"}));
  EXPECT_EQ(*steps[1].Find("macs"), Json(16 * 16 * 16));
  EXPECT_EQ(*steps[1].Find("bound"), Json("compute"));
  EXPECT_EQ(json.Find("kinds")->As<Json::Array>()->size(), 2u);
}

// What Perfetto asks of the format: an array of events, each with a phase, process and thread;
// complete events with a start and a length, that nest and do not overlap.
TEST_F(ProfileTest, WritesATraceWhoseEventsNest) {
  const Json trace = ParseJson(ToString(TraceJson(Make(), "net")), "trace");
  const auto* events = trace.Find("traceEvents")->As<Json::Array>();
  ASSERT_NE(events, nullptr);
  const auto number = [](const Json& event, const char* key) {
    const Json* value = event.Find(key);
    EXPECT_NE(value, nullptr) << key;
    return value == nullptr ? -1 : *value->As<double>();
  };
  std::vector<std::string> names;
  double run_begin = 0, run_end = 0, last_end = -1;
  for (const Json& event : *events) {
    for (const char* key : {"name", "ph", "pid", "tid"}) ASSERT_NE(event.Find(key), nullptr) << key;
    if (*event.Find("ph") == Json("M")) continue;
    ASSERT_EQ(*event.Find("ph"), Json("X"));
    const double begin = number(event, "ts"), end = begin + number(event, "dur");
    names.push_back(*event.Find("name")->As<std::string>());
    if (*event.Find("cat") == Json("run")) {
      EXPECT_GE(begin, last_end);
      run_begin = begin;
      run_end = end;
    } else {
      EXPECT_GE(begin, run_begin);
      EXPECT_LE(end, run_end + 1e-6);
      EXPECT_GE(begin, last_end - 1e-6);
      last_end = end;
    }
  }
  EXPECT_THAT(names, ElementsAre("run 1", "<b>&", "<b>&", "<b>&", "run 2", "<b>&", "<b>&", "<b>&",
                                 "run 3", "<b>&", "<b>&", "<b>&"));
  EXPECT_NEAR(last_end, (12 + 1.1) * 1e3, 1e-6);  // microseconds
}

TEST_F(ProfileTest, EscapesNamesInThePage) {
  const std::string page = ProfilePage(Make(), model_, host_, {"<warned>"});
  EXPECT_THAT(page, HasSubstr("net&lt;i&gt;"));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;&amp;"));
  EXPECT_THAT(page, HasSubstr("CPU &quot;x&quot; &lt;1&gt;"));
  EXPECT_THAT(page, HasSubstr("&lt;warned&gt;"));
  for (const char* raw : {"<b>&", "net<i>", "<warned>", "<1>"}) {
    EXPECT_THAT(page, Not(HasSubstr(raw)));
  }
}

TEST_F(ProfileTest, PutsThePageInOrderOfTimeAndOfRunning) {
  const std::string page = ProfilePage(Make(), model_, host_, {});
  // 0.5, 0.3 and 0.1 ms: both orders agree; the bar of the slowest is whole.
  for (const char* row : {"--t:0;--o:0", "--t:1;--o:1", "--t:2;--o:2"}) {
    EXPECT_THAT(page, HasSubstr(row));
  }
  EXPECT_THAT(page, HasSubstr("class=\"bar\" style=\"width:100.00%"));
  EXPECT_THAT(page, HasSubstr("class=\"bar\" style=\"width:60.00%"));
  for (const char* fetched : {"http:", "https:", "src=", "@import"}) {
    EXPECT_THAT(page, Not(HasSubstr(fetched)));
  }
}

}  // namespace
}  // namespace mnv4::cli
