#pragma once
/// Which operators the kernels know as a convolution.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mnv4/graph/graph.h"
#include "mnv4/kernels/kernel.h"

namespace mnv4::runtime {

/// Conv2d, Linear and the fixed blur filter are all one to the kernels.
struct ConvSource {
  kernels::ConvProblem problem;  ///< but for the descs
  std::string weight;            ///< parameter, or what the packed weights are filed under
  std::optional<NodeId> bias, scale;
};

/// nullopt if `id` is none of them.
std::optional<ConvSource> ConvSourceOf(const Graph& graph, NodeId id);

/// Its weights, OIHW: where they lie, or in `copy` if they need a conversion.
std::span<const float> WeightsOf(const Graph& graph, const ConvSource& source,
                                 std::vector<float>& copy);

}  // namespace mnv4::runtime
