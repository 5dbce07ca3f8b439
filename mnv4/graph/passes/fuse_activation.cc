#include "mnv4/graph/passes/passes.h"
#include "mnv4/graph/passes/rewrite.h"

namespace mnv4 {
namespace {

// Where an operator keeps the activation that follows it; null if it has no place for one.
Activation* ActivationOf(Op& op) {
  if (auto* conv = std::get_if<Conv2d>(&op)) return &conv->activation;
  if (auto* linear = std::get_if<Linear>(&op)) return &linear->activation;
  return nullptr;
}

}  // namespace

Graph FuseActivation(Graph graph) {
  std::vector<int> uses = CountUses(graph);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto* activate = std::get_if<Activate>(&graph.nodes[i].op);
    if (activate == nullptr) continue;
    const NodeId producer = graph.nodes[i].inputs[0];
    Activation* place = ActivationOf(graph.nodes[Index(producer)].op);
    if (place == nullptr || *place != Activation::kNone) continue;
    if (uses[Index(producer)] != 1) continue;
    *place = activate->activation;
    ReplaceUses(graph, NodeId(i), producer);
    uses[Index(producer)] = uses[i];
  }
  return Tidy(std::move(graph));
}

}  // namespace mnv4
