#pragma once
/// What passes share. A pass changes nodes in place, appends parameters at the end and leaves what
/// it replaced unread; Tidy then makes a proper graph of it.

#include <string>
#include <vector>

#include "mnv4/graph/graph.h"

namespace mnv4 {

/// Every reader of `from`, outputs included, reads `to`; `from` itself reads nothing any more.
void ReplaceUses(Graph& graph, NodeId from, NodeId to);

/// The parameter `name` with these values: a new node at the end, or the one there was, rebound.
/// A new node moves the others in memory: keep copies of nodes across this call, not references.
NodeId SetParameter(Graph& graph, const std::string& name, Shape shape, std::vector<float> values);

/// Input `i` of `node` as floats; `size` times `otherwise` if the node has no such input.
std::vector<float> FloatsOf(const Graph& graph, const Node& node, size_t i, size_t size,
                            float otherwise);

/// The nodes and weights that the outputs need, each appended node just before its first reader.
Graph Tidy(Graph graph);

}  // namespace mnv4
