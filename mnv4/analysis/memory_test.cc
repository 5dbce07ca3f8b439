#include <gtest/gtest.h>

#include "mnv4/analysis/layers.h"
#include "mnv4/base/error.h"
#include "mnv4/graph/builder.h"

namespace mnv4 {
namespace {

// 1x1 convolution to `out` channels.
NodeId Pointwise(Builder& b, NodeId x, const char* name, int64_t out) {
  return b.Add(Conv2d{}, {x, b.Param(name, {out, b.TypeOf(x).shape[3], 1, 1})});
}

constexpr int64_t kPixelBytes = 4 * 4 * 4;  // of one channel of a 4x4 map

TEST(PeakActivationBytes, CountsWhatIsAliveTogether) {
  Builder b("chain", {1, 4, 4, 3});
  NodeId y = Pointwise(b, b.input(), "a", 8);
  y = b.Add(Activate{}, {y});  // over its input
  y = Pointwise(b, y, "b", 16);
  b.SetOutput("logits", Pointwise(b, y, "c", 2));
  EXPECT_EQ(PeakActivationBytes(b.Finish()), (8 + 16) * kPixelBytes);
}

TEST(PeakActivationBytes, KeepsAResidualUntilItIsAdded) {
  Builder b("residual", {1, 4, 4, 8});
  NodeId y = Pointwise(b, b.input(), "expand", 32);
  y = Pointwise(b, y, "project", 8);
  b.SetOutput("logits", b.Add(Add{}, {y, b.input()}));
  EXPECT_EQ(PeakActivationBytes(b.Finish()), (8 + 32 + 8) * kPixelBytes);
}

TEST(PeakActivationBytes, CannotWriteOverWhatIsReadLater) {
  Builder b("twice", {1, 4, 4, 8});
  const NodeId relu = b.Add(Activate{}, {b.input()});  // the input is read again
  b.SetOutput("logits", b.Add(Add{}, {relu, b.input()}));
  EXPECT_EQ(PeakActivationBytes(b.Finish()), 2 * 8 * kPixelBytes);
}

TEST(PeakActivationBytes, DoesNotWriteAMapOverItsGate) {
  Builder b("gate", {1, 4, 4, 8});
  const NodeId gate = b.Add(Pool2d{}, {b.input()});
  b.SetOutput("logits", b.Add(Add{}, {b.Add(Multiply{}, {b.input(), gate}), b.input()}));
  EXPECT_EQ(PeakActivationBytes(b.Finish()), 2 * 8 * kPixelBytes + 8 * 4);
}

TEST(PeakActivationBytes, FreesOutputsThatAreNotTheOneKept) {
  Builder b("features", {1, 4, 4, 1});
  NodeId y = Pointwise(b, b.input(), "a", 8);
  b.SetOutput("C1", y);
  y = Pointwise(b, y, "b", 1);
  b.SetOutput("logits", Pointwise(b, y, "c", 12));
  const Graph graph = b.Finish();
  EXPECT_EQ(PeakActivationBytes(graph), 13 * kPixelBytes);
  EXPECT_EQ(PeakActivationBytes(graph, "C1"), (8 + 1 + 12) * kPixelBytes);
  EXPECT_THROW(PeakActivationBytes(graph, "C2"), Error);
}

}  // namespace
}  // namespace mnv4
