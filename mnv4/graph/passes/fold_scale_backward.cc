#include "mnv4/graph/passes/passes.h"
#include "mnv4/graph/passes/rewrite.h"

namespace mnv4 {

// scale' * (scale * conv(x) + bias) + bias' = (scale' * scale) * conv(x) + (scale' * bias + bias')
Graph FoldScaleBackward(Graph graph) {
  const size_t count = graph.nodes.size();
  std::vector<int> uses = CountUses(graph);
  for (size_t i = 0; i < count; ++i) {
    const Node after = graph.nodes[i];
    if (!std::holds_alternative<ChannelScale>(after.op)) continue;
    const NodeId conv_id = after.inputs[0];
    const Node conv = graph.at(conv_id);
    const auto* op = std::get_if<Conv2d>(&conv.op);
    if (op == nullptr || op->activation != Activation::kNone) continue;
    if (uses[Index(conv_id)] != 1) continue;

    const auto c_out = static_cast<size_t>(conv.type.shape[3]);
    std::vector<float> bias = FloatsOf(graph, conv, 2, c_out, 0);
    std::vector<float> scale = FloatsOf(graph, conv, 3, c_out, 1);
    const std::vector<float> after_scale = FloatsOf(graph, after, 1, c_out, 1);
    const std::vector<float> after_bias = FloatsOf(graph, after, 2, c_out, 0);
    for (size_t c = 0; c < c_out; ++c) {
      const double factor = after_scale[c];
      scale[c] = static_cast<float>(factor * scale[c]);
      bias[c] = static_cast<float>(factor * bias[c] + after_bias[c]);
    }
    const Shape shape = {conv.type.shape[3]};
    const NodeId new_bias =
        SetParameter(graph, conv.scope + ".folded_bias", shape, std::move(bias));
    const NodeId new_scale =
        SetParameter(graph, conv.scope + ".folded_scale", shape, std::move(scale));
    graph.nodes[Index(conv_id)].inputs = {conv.inputs[0], conv.inputs[1], new_bias, new_scale};
    ReplaceUses(graph, NodeId(i), conv_id);
    uses[Index(conv_id)] = uses[i];
  }
  return Tidy(std::move(graph));
}

}  // namespace mnv4
