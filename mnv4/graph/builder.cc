#include "mnv4/graph/builder.h"

#include <utility>

#include "mnv4/base/check.h"

namespace mnv4 {

Builder::Builder(std::string name, Shape input) {
  graph_.name = std::move(name);
  graph_.nodes.push_back({Input{}, {}, {DType::kF32, std::move(input)}, "input"});
}

NodeId Builder::Add(Op op, std::vector<NodeId> inputs) {
  std::vector<TensorType> types;
  for (const NodeId id : inputs) types.push_back(TypeOf(id));
  TensorType type = InferType(op, types, scope_);
  graph_.nodes.push_back({std::move(op), std::move(inputs), std::move(type), scope_});
  return NodeId(graph_.nodes.size() - 1);
}

NodeId Builder::Param(std::string_view name, Shape shape) {
  std::string full_name = scope_.empty() ? std::string(name) : scope_ + "." + std::string(name);
  const auto [entry, is_new] = parameters_.try_emplace(full_name, NodeId(graph_.nodes.size()));
  if (is_new) {
    graph_.nodes.push_back(
        {Parameter{std::move(full_name)}, {}, {DType::kF32, std::move(shape)}, scope_});
  } else {
    MNV4_CHECK(TypeOf(entry->second).shape == shape);
  }
  return entry->second;
}

Builder::Scope::Scope(Builder& builder, std::string_view name)
    : builder_(builder), outer_length_(builder.scope_.size()) {
  if (outer_length_ > 0) builder_.scope_ += '.';
  builder_.scope_ += name;
}

Builder::Scope::~Scope() { builder_.scope_.resize(outer_length_); }

Graph Builder::Finish() {
  Verify(graph_);
  parameters_.clear();
  return std::exchange(graph_, {});
}

}  // namespace mnv4
