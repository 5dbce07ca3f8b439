#include "mnv4/graph/graph.h"

#include <cstdio>
#include <cstdlib>
#include <set>

#include "mnv4/base/check.h"
#include "mnv4/base/error.h"

namespace mnv4 {
namespace {

[[noreturn]] void Broken(const Graph& graph, size_t index, const std::string& what) {
  std::fprintf(stderr, "internal error: graph %s, node %%%zu: %s\n", graph.name.c_str(), index,
               what.c_str());
  std::abort();
}

bool IsLeaf(const Op& op) {
  return std::holds_alternative<Input>(op) || std::holds_alternative<Parameter>(op);
}

void VerifyNode(const Graph& graph, size_t index) {
  const Node& node = graph.nodes[index];
  std::vector<TensorType> types;
  for (const NodeId id : node.inputs) {
    if (Index(id) >= index) Broken(graph, index, "reads a node that does not come before it");
    types.push_back(graph.at(id).type);
  }
  if (std::holds_alternative<Input>(node.op) != (index == 0)) {
    Broken(graph, index, "node 0 is the input, and no other is");
  }
  if (IsLeaf(node.op)) {
    if (!node.inputs.empty()) Broken(graph, index, "a leaf with inputs");
    return;
  }
  try {
    const TensorType type = InferType(node.op, types, node.scope);
    if (node.type != type) {
      Broken(graph, index, "has " + ToString(node.type.shape) + ", not " + ToString(type.shape));
    }
  } catch (const Error& error) {
    Broken(graph, index, error.what());
  }
}

}  // namespace

std::vector<int> CountUses(const Graph& graph) {
  std::vector<int> uses(graph.nodes.size(), 0);
  for (const Node& node : graph.nodes) {
    for (const NodeId id : node.inputs) ++uses[Index(id)];
  }
  for (const auto& output : graph.outputs) ++uses[Index(output.second)];
  return uses;
}

const Tensor& WeightOf(const Graph& graph, NodeId id) {
  const auto* parameter = std::get_if<Parameter>(&graph.at(id).op);
  MNV4_CHECK(parameter != nullptr);
  const auto found = graph.weights.find(parameter->name);
  MNV4_CHECK(found != graph.weights.end());
  return found->second;
}

void Verify(const Graph& graph) {
  if (graph.nodes.empty()) Broken(graph, 0, "there is none");
  std::set<std::string> names;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    VerifyNode(graph, i);
    const auto* parameter = std::get_if<Parameter>(&graph.nodes[i].op);
    if (parameter == nullptr) continue;
    if (!names.insert(parameter->name).second) Broken(graph, i, "a second " + parameter->name);
    if (graph.weights.empty()) continue;
    const auto weight = graph.weights.find(parameter->name);
    if (weight == graph.weights.end()) Broken(graph, i, parameter->name + " is not bound");
    if (weight->second.type.shape != graph.nodes[i].type.shape) {
      Broken(graph, i, parameter->name + " is bound to another shape");
    }
  }
  for (const auto& [name, id] : graph.outputs) {
    if (Index(id) >= graph.nodes.size())
      Broken(graph, Index(id), "output " + name + " is not there");
  }
}

}  // namespace mnv4
