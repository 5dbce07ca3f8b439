#include "mnv4/cli/plan_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mnv4/graph/bind.h"
#include "mnv4/graph/builder.h"

namespace mnv4::cli {
namespace {

using testing::HasSubstr;

TEST(PlanReport, ShowsTheHaloBehindTheLayout) {
  kernels::Desc desc = {.n = 1, .h = 4, .w = 4, .c = 16, .halo = {}};
  EXPECT_EQ(LayoutText(desc), "C16");
  desc.halo = {2, 2, 2, 2};
  EXPECT_EQ(LayoutText(desc), "C16+2");
  desc.halo = {0, 0, 1, 1};
  EXPECT_EQ(LayoutText(desc), "C16+0/0/1/1");
  desc.layout = kernels::Layout::kNhwc;
  desc.halo = {};
  EXPECT_EQ(LayoutText(desc), "NHWC");
}

// stem -> 1x1 + its own input.
runtime::Plan SmallPlan() {
  Builder b("small", {1, 8, 8, 3});
  NodeId x, y;
  {
    const Builder::Scope scope(b, "stem");
    const Conv2d conv = {.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}};
    x = b.Add(conv, {b.input(), b.Param("weight", {16, 3, 3, 3})});
  }
  {
    const Builder::Scope scope(b, "project");
    y = b.Add(Conv2d{}, {x, b.Param("weight", {16, 16, 1, 1})});
  }
  b.SetOutput("logits", b.Add(Add{}, {y, x}));
  Graph graph = b.Finish();
  const TensorMap weights = HashWeights(graph);
  runtime::PackedWeights packed;
  return runtime::Plan(Bind(std::move(graph), weights), {.reference = true, .features = {}},
                       packed);
}

TEST(PlanReport, HasARowForEveryStep) {
  const std::string text = PlanText(SmallPlan(), {}, Style(nullptr));
  EXPECT_THAT(text, HasSubstr("2 steps"));
  EXPECT_THAT(text, HasSubstr("conv 3x3 s2 3->16"));
  EXPECT_THAT(text, HasSubstr("conv 1x1 16->16"));
  EXPECT_THAT(text, HasSubstr("4 4 16"));
}

TEST(PlanReport, TellsInJsonWhatEachStepReads) {
  const Json plan = PlanJson(SmallPlan(), {});
  const auto& steps = *plan.Find("steps")->As<Json::Array>();
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(*steps[1].Find("layer"), Json("project"));
  EXPECT_EQ(*steps[1].Find("fused"), Json(Json::Array{"add"}));
  const auto& inputs = *steps[1].Find("inputs")->As<Json::Array>();
  ASSERT_EQ(inputs.size(), 2u);  // the residual is the second
  EXPECT_EQ(*inputs[1].Find("from_step"), Json(0));
  EXPECT_EQ(*steps[0].Find("inputs")->As<Json::Array>()->front().Find("from_step"), Json(-1));
  EXPECT_EQ(*steps[1].Find("output")->Find("shape"), Json(Json::Array{1, 4, 4, 16}));
  EXPECT_EQ(*steps[1].Find("packed_bytes"), Json((16 * 16 + 16) * 4));
}

}  // namespace
}  // namespace mnv4::cli
