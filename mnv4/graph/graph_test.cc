#include "mnv4/graph/graph.h"

#include <gtest/gtest.h>

#include "mnv4/graph/bind.h"
#include "mnv4/graph/builder.h"

namespace mnv4 {
namespace {

// x -> 1x1 convolution -> relu -> + x.
Graph Residual() {
  Builder b("residual", {1, 2, 2, 4});
  const NodeId conv = b.Add(Conv2d{}, {b.input(), b.Param("w", {4, 4, 1, 1})});
  b.SetOutput("y", b.Add(Add{}, {b.Add(Activate{}, {conv}), b.input()}));
  return b.Finish();
}

TEST(CountUses, CountsReadersAndOutputs) {
  EXPECT_EQ(CountUses(Residual()), (std::vector<int>{2, 1, 1, 1, 1}));
}

TEST(Verify, AcceptsWhatTheBuilderMakes) {
  Verify(Residual());
  Verify(Bind(Residual(), HashWeights(Residual())));
}

TEST(VerifyDeathTest, FindsANodeBeforeItsInput) {
  Graph graph = Residual();
  graph.nodes[2].inputs[0] = NodeId{3};
  EXPECT_DEATH(Verify(graph), "node %2: reads a node that does not come before it");
}

TEST(VerifyDeathTest, FindsAWrongType) {
  Graph graph = Residual();
  graph.nodes[2].type.shape = {1, 2, 2, 5};
  EXPECT_DEATH(Verify(graph), "node %2: has \\[1, 2, 2, 5\\], not \\[1, 2, 2, 4\\]");
}

TEST(VerifyDeathTest, FindsInputsThatDoNotFit) {
  Graph graph = Residual();
  graph.nodes[1].type.shape = {4, 3, 1, 1};
  EXPECT_DEATH(Verify(graph), "weights \\[4, 3, 1, 1\\], expected \\[4, 4, 1, 1\\]");
}

TEST(VerifyDeathTest, FindsASecondParameterOfOneName) {
  Graph graph = Residual();
  graph.nodes.push_back(graph.nodes[1]);
  EXPECT_DEATH(Verify(graph), "node %5: a second w");
}

TEST(VerifyDeathTest, FindsWeightsOfAnotherShape) {
  Graph graph = Residual();
  graph.weights.emplace("w", MakeTensor({4, 4}, std::vector<float>(16)));
  EXPECT_DEATH(Verify(graph), "w is bound to another shape");
}

TEST(VerifyDeathTest, FindsAnOutputThatIsNotThere) {
  Graph graph = Residual();
  graph.outputs["z"] = NodeId{9};
  EXPECT_DEATH(Verify(graph), "output z is not there");
}

}  // namespace
}  // namespace mnv4
