#pragma once
/// What the parity tests share: networks filled by hash, run at every instruction set.

#include <algorithm>
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

}  // namespace mnv4
