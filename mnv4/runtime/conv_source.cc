#include "mnv4/runtime/conv_source.h"

namespace mnv4::runtime {

std::optional<ConvSource> ConvSourceOf(const Graph& graph, NodeId id) {
  const Node& node = graph.at(id);
  ConvSource source;
  kernels::ConvProblem& problem = source.problem;
  const auto parameter = [&](size_t input) {
    return std::get<Parameter>(graph.at(node.inputs[input]).op).name;
  };
  if (const auto* conv = std::get_if<Conv2d>(&node.op)) {
    problem.kernel = conv->kernel;
    problem.stride = conv->stride;
    problem.dilation = conv->dilation;
    problem.pad = conv->pad;
    problem.groups = conv->groups;
    problem.activation = conv->activation;
    source.weight = parameter(1);
    if (node.inputs.size() > 2) source.bias = node.inputs[2];
    if (node.inputs.size() > 3) source.scale = node.inputs[3];
    return source;
  }
  if (const auto* linear = std::get_if<Linear>(&node.op)) {
    problem.activation = linear->activation;
    source.weight = parameter(1);
    source.bias = node.inputs[2];
    return source;
  }
  const auto* pool = std::get_if<Pool2d>(&node.op);
  if (pool != nullptr && pool->kind == PoolKind::kBlur) {
    problem.kernel = pool->kernel;
    problem.stride = pool->stride;
    problem.pad = pool->pad;
    problem.groups = static_cast<int>(node.type.shape[3]);
    source.weight = node.scope + ".blur";
    return source;
  }
  return std::nullopt;
}

std::span<const float> WeightsOf(const Graph& graph, const ConvSource& source,
                                 std::vector<float>& copy) {
  constexpr float kBinomial[3] = {0.25f, 0.5f, 0.25f};
  const auto found = graph.weights.find(source.weight);
  if (found == graph.weights.end()) {  // the blur filter
    for (int c = 0; c < source.problem.groups; ++c) {
      for (const float row : kBinomial) {
        for (const float column : kBinomial) copy.push_back(row * column);
      }
    }
    return copy;
  }
  const Tensor& tensor = found->second;
  const void* values = tensor.bytes.data();
  const bool aligned = reinterpret_cast<uintptr_t>(values) % alignof(float) == 0;
  if (tensor.type.dtype == DType::kF32 && aligned) {
    return {static_cast<const float*>(values), tensor.bytes.size() / sizeof(float)};
  }
  copy = ToFloats(tensor);
  return copy;
}

}  // namespace mnv4::runtime
