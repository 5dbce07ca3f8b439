#pragma once
/// What the parity tests share: networks filled by hash, run at every instruction set.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "mnv4/base/isa.h"
#include "mnv4/graph/bind.h"
#include "mnv4/graph/graph.h"
#include "mnv4/kernels/testing.h"
#include "mnv4/runtime/session.h"

namespace mnv4 {

/// From the least to all this machine has in float32.
inline std::vector<IsaSet> MachineIsas() {
  std::vector<IsaSet> sets = kernels::MachineIsas();
  std::erase_if(sets, [](IsaSet isa) { return isa.Has(Isa::kBf16) || kernels::HasFp16(isa); });
  return sets;
}

inline Graph BindHashWeights(Graph graph) {
  const TensorMap weights = HashWeights(graph);
  return Bind(std::move(graph), weights);
}

/// The hash fill with layer scales ten times smaller, between the fill's and those training starts
/// from. As they are, Hybrid-L's residual stream grows to 1400 at 384 pixels and its attention
/// scores with the square: by float64 timm's own float32 is then wrong by 0.082 in a logit, more
/// than the bound (docs/numerics.md). The golden cases keep the fill as it is.
inline Graph BindWellConditioned(Graph graph) {
  TensorMap weights = HashWeights(graph);
  for (auto& [name, tensor] : weights) {
    if (!name.ends_with("gamma")) continue;
    std::vector<float> values = ToFloats(tensor);
    for (float& value : values) value *= 0.1f;
    tensor = MakeTensor(tensor.type.shape, std::move(values));
  }
  return Bind(std::move(graph), weights);
}

/// The logits for the hash-filled picture (graph/bind.h).
inline std::vector<float> RunOnHashInput(const Graph& graph, const runtime::PlanOptions& options,
                                         int threads) {
  runtime::PackedWeights packed;
  ThreadPool pool(threads);
  runtime::Session session(std::make_shared<runtime::Plan>(graph, options, packed), pool);
  const Shape& shape = session.plan().input_shape();
  const std::vector<float> pixels = HashInput(shape);
  const auto row = static_cast<size_t>(shape[2] * shape[3]);
  size_t next = 0;
  for (int image = 0; image < shape[0]; ++image) {
    const runtime::Session::Input input = session.input(image);
    for (int64_t y = 0; y < shape[1]; ++y, next += row) {
      std::copy_n(pixels.data() + next, row, input.data + y * input.row_stride);
    }
  }
  session.Run();
  std::vector<float> logits(session.OutputSize("logits"));
  session.CopyOutput("logits", logits);
  return logits;
}

/// `options` within `bound` of float32's largest logit, in the same direction, and with the same
/// bits on any number of threads.
inline void ExpectCloseToFloat32(const Graph& graph, const runtime::PlanOptions& options,
                                 double bound) {
  const std::vector<float> expected = RunOnHashInput(graph, {}, 1);
  const std::vector<float> one = RunOnHashInput(graph, options, 1);
  double largest = 1, dot = 0, squares_one = 0, squares_expected = 0, worst = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::fabs(static_cast<double>(expected[i])));
    dot += static_cast<double>(one[i]) * expected[i];
    squares_one += static_cast<double>(one[i]) * one[i];
    squares_expected += static_cast<double>(expected[i]) * expected[i];
    worst = std::max(worst, std::fabs(static_cast<double>(one[i]) - expected[i]));
  }
  const double cosine = dot / std::sqrt(squares_one * squares_expected);
  testing::Test::RecordProperty("worst", fmt::format("{:.2g}", worst / largest));
  testing::Test::RecordProperty("cosine", fmt::format("{:.6f}", cosine));
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(one[i], expected[i], bound * largest);
  EXPECT_GT(cosine, 0.999);
  EXPECT_TRUE(one != expected);  // EXPECT_NE would print a thousand logits
  for (const int threads : {1, 2, 3}) {
    EXPECT_TRUE(RunOnHashInput(graph, options, threads) == one) << threads << " threads";
  }
}

}  // namespace mnv4
