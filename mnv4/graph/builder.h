#pragma once
/// Writes a graph node by node; types are inferred as it goes, scopes make the parameter names.

#include <initializer_list>
#include <string>
#include <string_view>

#include "mnv4/graph/graph.h"

namespace mnv4 {

class Builder {
 public:
  /// Starts with the Input node. Shape n h w c.
  Builder(std::string name, Shape input);

  NodeId input() const { return NodeId{0}; }
  const TensorType& TypeOf(NodeId id) const { return graph_.at(id).type; }

  /// Adds a node at the current scope. Throws as InferType does.
  NodeId Add(Op op, std::vector<NodeId> inputs);
  /// The parameter `<scope>.<name>`; asking twice gives the same node.
  NodeId Param(std::string_view name, Shape shape);

  void SetOutput(const std::string& name, NodeId id) { graph_.outputs[name] = id; }

  /// While alive, adds ".name" to the scope: `Builder::Scope in(builder, "blocks.2.0");`
  class Scope {
   public:
    Scope(Builder& builder, std::string_view name);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Builder& builder_;
    size_t outer_length_;
  };

  /// The verified graph; the builder is empty afterwards.
  Graph Finish();

 private:
  Graph graph_;
  std::string scope_;
  std::map<std::string, NodeId> parameters_;
};

}  // namespace mnv4
