#pragma once
/// Joins a graph and the tensors of a file.

#include <cstdint>
#include <string_view>

#include "mnv4/graph/graph.h"

namespace mnv4 {

/// `graph` with `weights` filled from `file`, sharing its bytes.
/// Throws Error(kInvalidFile) that lists missing, mis-shaped and extra tensors by name, at most ten
/// and a count. `num_batches_tracked` may be there or not; integer tensors elsewhere are refused.
Graph Bind(Graph graph, const TensorMap& file);

/// A deterministic fill for tests and for networks without weights: each tensor's values depend
/// only on its name, its shape and the index, so that other programs can make the same ones.
/// Rules: docs/hash-weights.md.
TensorMap HashWeights(const Graph& graph);
/// The picture that goes with them, in the order n h w c: element (y, x, c) of every image is
/// 2 u("input", (c * height + y) * width + x) - 1. `shape` is n h w c.
std::vector<float> HashInput(const Shape& shape);
/// The generator below both: u(name, index) in [0, 1).
double HashUniform(std::string_view name, uint64_t index);

}  // namespace mnv4
