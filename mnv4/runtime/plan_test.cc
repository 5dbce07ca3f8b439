#include "mnv4/runtime/plan.h"

#include <gtest/gtest.h>

#include <cmath>

#include "mnv4/base/error.h"
#include "mnv4/graph/bind.h"
#include "mnv4/graph/builder.h"
#include "mnv4/graph/interpret.h"
#include "mnv4/runtime/engine.h"
#include "mnv4/runtime/session.h"

namespace mnv4::runtime {
namespace {

Graph WithHashWeights(Builder& builder) {
  Graph graph = builder.Finish();
  const TensorMap weights = HashWeights(graph);
  return Bind(std::move(graph), weights);
}

NodeId Conv(Builder& builder, NodeId x, const std::string& name, int out, Conv2d conv) {
  const Builder::Scope scope(builder, name);
  const int64_t in = builder.TypeOf(x).shape[3];
  const NodeId weight =
      builder.Param("weight", {out, in / conv.groups, conv.kernel.h, conv.kernel.w});
  return builder.Add(conv, {x, weight});
}

// stem -> 3x3 (needs a halo) -> a; a + 1x1(relu(dw(a))): a residual block.
Graph SmallNetwork(int n = 1, int h = 17, int w = 23) {
  Builder builder("small", {n, h, w, 3});
  const Padding one = {1, 1, 1, 1};
  const Conv2d down = {.kernel = {3, 3}, .stride = {2, 2}, .pad = one, .activation = {}};
  NodeId x = Conv(builder, builder.input(), "stem", 24, down);
  x = builder.Add(Activate{Activation::kRelu}, {x});
  const NodeId a = Conv(builder, x, "down", 40, down);
  Conv2d depthwise = {.kernel = {5, 5}, .pad = {2, 2, 2, 2}, .groups = 40};
  NodeId y = Conv(builder, a, "dw", 40, depthwise);
  y = builder.Add(Activate{Activation::kRelu}, {y});
  y = Conv(builder, y, "project", 40, {});
  y = builder.Add(Add{}, {y, a});
  builder.SetOutput("C2", y);
  y = builder.Add(Pool2d{}, {y});
  builder.SetOutput("logits", y);
  return WithHashWeights(builder);
}

std::vector<float> RunOnce(const Graph& graph, const PlanOptions& options, int threads,
                           const std::string& output) {
  PackedWeights packed;
  ThreadPool pool(threads);
  Session session(std::make_shared<Plan>(graph, options, packed), pool);
  const Shape& shape = session.plan().input_shape();
  const std::vector<float> pixels = HashInput(shape);
  std::vector<float> result;
  // Twice: what the first run leaves in the arena must not matter.
  for (int round = 0; round < 2; ++round) {
    const auto row = static_cast<size_t>(shape[2] * shape[3]);
    size_t next = 0;
    for (int image = 0; image < shape[0]; ++image) {
      const Session::Input input = session.input(image);
      for (int64_t y = 0; y < shape[1]; ++y, next += row) {
        std::copy_n(pixels.data() + next, row, input.data + y * input.row_stride);
      }
    }
    session.Run();
    result.resize(session.OutputSize(output));
    session.CopyOutput(output, result);
  }
  return result;
}

TEST(Plan, JoinsAResidualToTheConvolutionBeforeIt) {
  PackedWeights packed;
  const Plan plan(SmallNetwork(), {}, packed);
  std::vector<std::string> scopes;
  bool residual = false;
  for (const Step& step : plan.steps()) {
    scopes.push_back(step.scope);
    const auto* conv = std::get_if<ConvStep>(&step.run);
    if (conv != nullptr && step.scope == "project") residual = conv->residual >= 0;
    EXPECT_FALSE(std::holds_alternative<PointwiseStep>(step.run)) << step.scope;
  }
  EXPECT_TRUE(residual);
  EXPECT_EQ(plan.steps().size(), 5u);  // stem, down, dw, project, pool
}

TEST(Plan, KeepsFeaturesThatAreAskedFor) {
  const PlanOptions options = {.features = {"C2"}};
  for (const int threads : {1, 2, 3}) {
    const auto with = RunOnce(SmallNetwork(2), options, threads, "C2");
    const auto reference =
        RunOnce(SmallNetwork(2), {.reference = true, .features = {"C2"}}, 1, "C2");
    ASSERT_EQ(with.size(), 2u * 40 * 5 * 6);
    for (size_t i = 0; i < with.size(); ++i) ASSERT_NEAR(with[i], reference[i], 1e-4) << i;
  }
}

TEST(Plan, AgreesWithTheInterpreter) {
  const Graph graph = SmallNetwork();
  const auto logits = RunOnce(graph, {}, 1, "logits");
  const auto expected = Interpret(graph, HashInput(graph.nodes[0].type.shape)).at("logits");
  ASSERT_EQ(logits.size(), expected.data.size());
  for (size_t i = 0; i < logits.size(); ++i) EXPECT_NEAR(logits[i], expected.data[i], 1e-4);
}

// stem -> depthwise -> squeeze-and-excite of 40 channels -> 1x1.
Graph Excited(int n) {
  Builder builder("excited", {n, 17, 23, 3});
  const Padding one = {1, 1, 1, 1};
  NodeId x = Conv(builder, builder.input(), "stem", 40,
                  {.kernel = {3, 3}, .stride = {2, 2}, .pad = one, .activation = {}});
  x = Conv(builder, x, "dw", 40, {.kernel = {3, 3}, .pad = one, .groups = 40});
  x = builder.Add(Activate{Activation::kHardSwish}, {x});
  NodeId gate = Conv(builder, builder.Add(Pool2d{}, {x}), "reduce", 16, {});
  gate = Conv(builder, builder.Add(Activate{Activation::kRelu}, {gate}), "expand", 40, {});
  gate = builder.Add(Activate{Activation::kHardSigmoid}, {gate});
  builder.SetOutput("logits", Conv(builder, builder.Add(Multiply{}, {x, gate}), "project", 8, {}));
  return WithHashWeights(builder);
}

TEST(Plan, GatesEachImageOfABatchOnFastKernels) {
  const auto expected = RunOnce(Excited(3), {.reference = true}, 1, "logits");
  for (const int threads : {1, 2, 3}) {
    const auto logits = RunOnce(Excited(3), {}, threads, "logits");
    ASSERT_EQ(logits.size(), expected.size());
    for (size_t i = 0; i < logits.size(); ++i) ASSERT_NEAR(logits[i], expected[i], 1e-5) << i;
  }
  for (const Precision precision : {Precision::kF32, Precision::kBf16}) {
    const bool offered =
        precision == Precision::kF32 || ParsePrecision("auto", HostIsa()) == precision;
    if (!offered) continue;
    PackedWeights packed;
    const Plan plan(Excited(1), {.precision = precision}, packed);
    for (const Step& step : plan.steps()) {
      const std::string kernel =
          std::visit([](const auto& run) { return run.kernel->name; }, step.run);
      EXPECT_FALSE(kernel.ends_with("-ref")) << step.scope << " " << kernel;
      const bool gated = step.scope.empty() && std::holds_alternative<PointwiseStep>(step.run);
      const bool bf16 = precision == Precision::kBf16;
      if (!gated && step.scope != "dw") continue;
      EXPECT_EQ(kernel.ends_with("-bf16"), bf16) << step.scope << " " << kernel;
    }
  }
}

TEST(Plan, RefusesUnknownFeatures) {
  PackedWeights packed;
  EXPECT_THROW(Plan(SmallNetwork(), {.features = {"C9"}}, packed), Error);
  const Plan plan(SmallNetwork(), {}, packed);
  EXPECT_THROW(plan.SlotOf("C2"), Error);
}

TEST(Engine, SharesPackedWeightsAndPlans) {
  Engine engine([](int n, int h, int w) { return SmallNetwork(n, h, w); });
  const auto first = engine.PlanFor(1, 17, 23);
  EXPECT_EQ(engine.PlanFor(1, 17, 23), first);
  const auto other = engine.PlanFor(1, 33, 33);
  const auto packed_of = [](const Plan& plan) {
    return std::get<ConvStep>(plan.steps().front().run).packed;
  };
  EXPECT_EQ(packed_of(*first), packed_of(*other));
}

}  // namespace
}  // namespace mnv4::runtime
