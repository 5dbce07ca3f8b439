#include "mnv4/graph/passes/rewrite.h"

#include <algorithm>

namespace mnv4 {
namespace {

constexpr NodeId kUnplaced{-1};

// Which nodes some output depends on. The input is always one.
std::vector<bool> Needed(const Graph& graph) {
  std::vector<bool> needed(graph.nodes.size(), false);
  std::vector<NodeId> open = {NodeId{0}};
  for (const auto& output : graph.outputs) open.push_back(output.second);
  while (!open.empty()) {
    const NodeId id = open.back();
    open.pop_back();
    if (needed[Index(id)]) continue;
    needed[Index(id)] = true;
    for (const NodeId input : graph.at(id).inputs) open.push_back(input);
  }
  return needed;
}

}  // namespace

void ReplaceUses(Graph& graph, NodeId from, NodeId to) {
  for (Node& node : graph.nodes) std::replace(node.inputs.begin(), node.inputs.end(), from, to);
  for (auto& output : graph.outputs) {
    if (output.second == from) output.second = to;
  }
  graph.nodes[Index(from)].inputs.clear();
}

NodeId SetParameter(Graph& graph, const std::string& name, Shape shape, std::vector<float> values) {
  Node node{Parameter{name}, {}, {DType::kF32, shape}, name.substr(0, name.rfind('.'))};
  const bool is_new =
      graph.weights.insert_or_assign(name, MakeTensor(std::move(shape), std::move(values))).second;
  if (is_new) {
    graph.nodes.push_back(std::move(node));
    return NodeId(graph.nodes.size() - 1);
  }
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                  [&](const Node& other) { return other.op == node.op; });
  return NodeId(found - graph.nodes.begin());
}

std::vector<float> FloatsOf(const Graph& graph, const Node& node, size_t i, size_t size,
                            float otherwise) {
  if (i >= node.inputs.size()) return std::vector<float>(size, otherwise);
  return ToFloats(WeightOf(graph, node.inputs[i]));
}

Graph Tidy(Graph graph) {
  std::vector<NodeId> new_id(graph.nodes.size(), kUnplaced);
  std::vector<Node> nodes;
  TensorMap weights;
  const auto place = [&](auto& self, NodeId id) -> void {  // after its inputs
    if (new_id[Index(id)] != kUnplaced) return;
    Node& node = graph.nodes[Index(id)];
    for (NodeId& input : node.inputs) {
      self(self, input);
      input = new_id[Index(input)];
    }
    if (const auto* parameter = std::get_if<Parameter>(&node.op)) {
      auto weight = graph.weights.extract(parameter->name);
      if (!weight.empty()) weights.insert(std::move(weight));
    }
    new_id[Index(id)] = NodeId(nodes.size());
    nodes.push_back(std::move(node));
  };

  const std::vector<bool> needed = Needed(graph);
  for (size_t i = 0; i < needed.size(); ++i) {
    if (needed[i]) place(place, NodeId(i));
  }
  for (auto& output : graph.outputs) output.second = new_id[Index(output.second)];
  graph.nodes = std::move(nodes);
  graph.weights = std::move(weights);
  return graph;
}

}  // namespace mnv4
