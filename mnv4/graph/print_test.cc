#include <gtest/gtest.h>

#include "mnv4/graph/builder.h"

namespace mnv4 {
namespace {

TEST(Print, ShowsOneLinePerNodeAndParametersWhereTheyAreRead) {
  Builder b("tiny", {1, 8, 8, 3});
  NodeId y = b.Add(Conv2d{.kernel = {3, 3}, .stride = {2, 2}, .pad = {0, 0, 1, 1}},
                   {b.input(), b.Param("stem.weight", {4, 3, 3, 3})});
  y = b.Add(Activate{Activation::kGelu}, {y});
  const NodeId k = b.Add(Conv2d{}, {y, b.Param("k", {2, 4, 1, 1})});
  const NodeId v = b.Add(Conv2d{.activation = Activation::kRelu}, {y, b.Param("v", {2, 4, 1, 1})});
  y = b.Add(Attention{.heads = 2, .scale = 0.5}, {y, k, v});
  b.SetOutput("y", b.Add(Pool2d{}, {y}));
  EXPECT_EQ(ToString(b.Finish()),
            "graph tiny\n"
            "%0 [1, 8, 8, 3] = input()\n"
            "%2 [1, 4, 4, 4] = conv2d(%0, stem.weight) k=3x3 s=2x2 pad=0,0,1,1\n"
            "%3 [1, 4, 4, 4] = activate(%2) act=gelu\n"
            "%5 [1, 4, 4, 2] = conv2d(%3, k) k=1x1\n"
            "%7 [1, 4, 4, 2] = conv2d(%3, v) k=1x1 act=relu\n"
            "%8 [1, 4, 4, 4] = attention(%3, %5, %7) heads=2 kv_heads=1 scale=0.5\n"
            "%9 [1, 1, 1, 4] = pool2d(%8) kind=global_average\n"
            "y = %9\n");
}

}  // namespace
}  // namespace mnv4
