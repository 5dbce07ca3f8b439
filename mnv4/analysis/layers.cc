#include "mnv4/analysis/layers.h"

namespace mnv4 {
namespace {

int64_t BytesOf(const TensorType& type) {
  return NumElements(type.shape) * static_cast<int64_t>(SizeOf(type.dtype));
}

}  // namespace

std::vector<Layer> LayersOf(const Graph& graph) {
  std::vector<Layer> layers;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.inputs.empty()) continue;
    Layer layer{.id = NodeId(i),
                .name = node.scope,
                .op = Name(node.op),
                .output = node.type.shape,
                .cost = CostOf(graph, NodeId(i)),
                .activation_bytes = BytesOf(node.type)};
    for (const NodeId id : node.inputs) {
      const Node& input = graph.at(id);
      if (!std::holds_alternative<Parameter>(input.op)) {
        layer.activation_bytes += BytesOf(input.type);
      } else {
        const bool bound = !graph.weights.empty();
        layer.weight_bytes += BytesOf(bound ? WeightOf(graph, id).type : input.type);
      }
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

Totals TotalsOf(const std::vector<Layer>& layers) {
  Totals totals;
  for (const Layer& layer : layers) {
    totals.cost.macs += layer.cost.macs;
    totals.cost.attention_macs += layer.cost.attention_macs;
    totals.cost.parameters += layer.cost.parameters;
    totals.weight_bytes += layer.weight_bytes;
    totals.activation_bytes += layer.activation_bytes;
  }
  return totals;
}

}  // namespace mnv4
