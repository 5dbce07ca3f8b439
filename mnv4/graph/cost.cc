// What each operator costs: multiply-adds and learnable elements.

#include "mnv4/graph/graph.h"

namespace mnv4 {
namespace {

struct CostRule {
  const Graph& graph;
  const Node& node;

  const Shape& InputShape(size_t i) const { return graph.at(node.inputs[i]).type.shape; }

  // Elements of the inputs first..last that are parameters.
  int64_t Parameters(size_t first, size_t last) const {
    int64_t sum = 0;
    for (size_t i = first; i <= last && i < node.inputs.size(); ++i) {
      const Node& input = graph.at(node.inputs[i]);
      if (std::holds_alternative<Parameter>(input.op)) sum += NumElements(input.type.shape);
    }
    return sum;
  }

  // The result's elements, each a sum over all but the first dimension of the weights.
  int64_t Products() const {
    return NumElements(node.type.shape) * (NumElements(InputShape(1)) / InputShape(1)[0]);
  }

  Cost operator()(const Input&) const { return {}; }
  Cost operator()(const Parameter&) const { return {}; }  // counted where it is read
  Cost operator()(const Conv2d&) const {
    return {.macs = Products(), .parameters = Parameters(1, 3)};
  }
  Cost operator()(const BatchNorm&) const { return {.parameters = Parameters(1, 2)}; }
  Cost operator()(const ChannelScale&) const { return {.parameters = Parameters(1, 2)}; }
  Cost operator()(const Activate&) const { return {}; }
  Cost operator()(const Add&) const { return {}; }
  Cost operator()(const Multiply&) const { return {}; }
  Cost operator()(const Pool2d& op) const {
    return {.macs = op.kind == PoolKind::kBlur ? 9 * NumElements(node.type.shape) : 0};
  }
  Cost operator()(const Linear&) const {
    return {.macs = Products(), .parameters = Parameters(1, 2)};
  }
  Cost operator()(const Attention&) const {
    const int64_t keys = InputShape(1)[1] * InputShape(1)[2];
    return {.attention_macs = 2 * keys * NumElements(node.type.shape)};
  }
};

}  // namespace

Cost CostOf(const Graph& graph, NodeId id) {
  return std::visit(CostRule{graph, graph.at(id)}, graph.at(id).op);
}

}  // namespace mnv4
