#include <cmath>

#include "mnv4/graph/passes/passes.h"
#include "mnv4/graph/passes/rewrite.h"

namespace mnv4 {

Graph BatchNormToScale(Graph graph) {
  const size_t count = graph.nodes.size();
  for (size_t i = 0; i < count; ++i) {
    const Node norm = graph.nodes[i];
    const auto* op = std::get_if<BatchNorm>(&norm.op);
    if (op == nullptr) continue;
    std::vector<float> scale = ToFloats(WeightOf(graph, norm.inputs[1]));
    std::vector<float> bias = ToFloats(WeightOf(graph, norm.inputs[2]));
    const std::vector<float> mean = ToFloats(WeightOf(graph, norm.inputs[3]));
    const std::vector<float> var = ToFloats(WeightOf(graph, norm.inputs[4]));
    for (size_t c = 0; c < scale.size(); ++c) {
      const double s = scale[c] / std::sqrt(var[c] + op->eps);
      scale[c] = static_cast<float>(s);
      bias[c] = static_cast<float>(bias[c] - mean[c] * s);
    }
    const Shape shape = {static_cast<int64_t>(scale.size())};
    const NodeId new_scale =
        SetParameter(graph, norm.scope + ".folded_scale", shape, std::move(scale));
    const NodeId new_bias =
        SetParameter(graph, norm.scope + ".folded_bias", shape, std::move(bias));
    graph.nodes[i].op = ChannelScale{};
    graph.nodes[i].inputs = {norm.inputs[0], new_scale, new_bias};
  }
  return Tidy(std::move(graph));
}

}  // namespace mnv4
