#include "mnv4/runtime/step_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mnv4/graph/bind.h"
#include "mnv4/graph/builder.h"

namespace mnv4::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

NodeId Conv(Builder& b, NodeId x, const char* name, int64_t out, Conv2d conv) {
  const Builder::Scope scope(b, name);
  const int64_t in = b.TypeOf(x).shape[3];
  return b.Add(conv, {x, b.Param("weight", {out, in / conv.groups, conv.kernel.h, conv.kernel.w})});
}

// A step of every kind, two pictures of 8 x 12.
Graph EveryKind() {
  Builder b("every", {2, 8, 12, 3});
  const Padding one = {1, 1, 1, 1};
  NodeId x = Conv(b, b.input(), "stem", 24, {.kernel = {3, 3}, .stride = {2, 2}, .pad = one});
  x = b.Add(Activate{Activation::kRelu}, {x});
  const NodeId a =
      Conv(b, x, "dense", 32, {.kernel = {3, 3}, .dilation = {2, 2}, .pad = {2, 2, 2, 2}});
  NodeId y = Conv(b, a, "grouped", 32, {.kernel = {3, 3}, .pad = one, .groups = 2});
  y = Conv(b, y, "dw", 32, {.kernel = {5, 5}, .pad = {2, 2, 2, 2}, .groups = 32});
  y = b.Add(Activate{Activation::kGelu}, {y});
  y = Conv(b, y, "project", 32, {});
  y = b.Add(Add{}, {y, a});
  const NodeId k =
      Conv(b, y, "k", 16, {.kernel = {3, 3}, .stride = {2, 2}, .pad = one, .groups = 1});
  {
    const Builder::Scope scope(b, "attention");
    y = b.Add(Attention{.heads = 2, .kv_heads = 1, .scale = 1}, {y, k, k});
  }
  {
    const Builder::Scope scope(b, "sum");
    y = b.Add(Add{}, {y, y});
  }
  {
    const Builder::Scope scope(b, "gate");
    y = b.Add(Multiply{}, {y, b.Add(Pool2d{}, {y})});
  }
  {
    const Builder::Scope scope(b, "pool");
    y = b.Add(Pool2d{}, {y});
  }
  b.SetOutput("logits", Conv(b, y, "head", 10, {}));
  Graph graph = b.Finish();
  const TensorMap weights = HashWeights(graph);
  return Bind(std::move(graph), weights);
}

class StepFactsTest : public testing::Test {
 protected:
  StepFacts Of(const std::string& scope) const {
    for (const Step& step : plan_.steps()) {
      if (step.scope == scope) return FactsOf(plan_, step);
    }
    ADD_FAILURE() << "no step " << scope;
    return {};
  }

  PackedWeights packed_;
  Plan plan_{EveryKind(), {.reference = true}, packed_};
};

TEST_F(StepFactsTest, SayInWordsWhatAStepDoes) {
  EXPECT_EQ(Of("stem").what, "conv 3x3 s2 3->24");
  EXPECT_EQ(Of("dense").what, "conv 3x3 d2 24->32");
  EXPECT_EQ(Of("grouped").what, "conv 3x3 g2 32->32");
  EXPECT_EQ(Of("dw").what, "depthwise 5x5 32");
  EXPECT_EQ(Of("project").what, "conv 1x1 32->32");
  EXPECT_EQ(Of("attention").what, "attention 2 heads");
  EXPECT_EQ(Of("sum").what, "add");
  EXPECT_EQ(FactsOf(plan_, plan_.steps()[9]).what, "multiply");
  EXPECT_EQ(Of("pool").what, "global average 4x6");
  EXPECT_EQ(Of("head").what, "linear 32->10");
}

TEST_F(StepFactsTest, TellTheKindsApart) {
  std::vector<std::string> kinds;
  for (const Step& step : plan_.steps()) kinds.push_back(Name(FactsOf(plan_, step).kind));
  EXPECT_THAT(kinds,
              ElementsAre("stem", "dense", "grouped", "depthwise", "1x1", "dense", "attention",
                          "elementwise", "pool", "elementwise", "pool", "linear"));
}

TEST_F(StepFactsTest, NameWhatWasFused) {
  EXPECT_THAT(Of("stem").fused, ElementsAre("relu"));
  EXPECT_THAT(Of("dw").fused, ElementsAre("gelu"));
  EXPECT_THAT(Of("project").fused, ElementsAre("add"));
  EXPECT_THAT(Of("head").fused, IsEmpty());
}

TEST_F(StepFactsTest, CountMultiplyAddsOfTheBatch) {
  EXPECT_EQ(Of("stem").macs, 2 * 4 * 6 * 24 * 27);
  EXPECT_EQ(Of("grouped").macs, 2 * 4 * 6 * 32 * 9 * 16);
  EXPECT_EQ(Of("dw").macs, 2 * 4 * 6 * 32 * 25);
  EXPECT_EQ(Of("attention").macs, 2 * (2 * 4 * 6 * 32) * (2 * 3));
  EXPECT_EQ(Of("attention").products, Of("attention").macs);
  EXPECT_EQ(Of("pool").macs, 0);
  EXPECT_EQ(Of("head").macs, 2 * 32 * 10);
}

TEST_F(StepFactsTest, CountBytesAsTheyLieInMemory) {
  constexpr int64_t kPixels = 2 * 4 * 6;
  const StepFacts stem = Of("stem");
  EXPECT_EQ(stem.read_bytes, 2 * 8 * 12 * 3 * 4);
  EXPECT_EQ(stem.written_bytes, kPixels * 32 * 4);   // 24 channels are two blocks of 16
  EXPECT_EQ(stem.weight_bytes, (24 * 27 + 24) * 4);  // the reference's: weights, bias
  const StepFacts project = Of("project");
  EXPECT_EQ(project.read_bytes, 2 * kPixels * 32 * 4);  // its input and the residual
  EXPECT_EQ(project.bytes(), project.weight_bytes + project.read_bytes + project.written_bytes);
  const StepFacts gate = FactsOf(plan_, plan_.steps()[9]);
  EXPECT_EQ(gate.read_bytes, kPixels * 32 * 4 + 2 * 32 * 4);
  EXPECT_EQ(Of("attention").read_bytes, kPixels * 32 * 4 + 2 * (2 * 2 * 3) * 16 * 4);
}

TEST_F(StepFactsTest, PointAtTheSlotsOfThePlan) {
  const StepFacts project = Of("project"), dw = Of("dw"), dense = Of("dense");
  EXPECT_THAT(project.inputs, ElementsAre(dw.output, dense.output));
  EXPECT_EQ(Of("head").output, plan_.SlotOf("logits"));
}

TEST(StepFacts, NameKernelAndPrecision) {
  PackedWeights packed;
  const Plan plan(EveryKind(), {}, packed);
  for (const Step& step : plan.steps()) {
    const StepFacts facts = FactsOf(plan, step);
    EXPECT_STREQ(facts.precision, "fp32");
    EXPECT_STRNE(facts.kernel, "");
  }
  EXPECT_THAT(FactsOf(plan, plan.steps()[4]).kernel, HasSubstr("pointwise"));  // project
}

}  // namespace
}  // namespace mnv4::runtime
