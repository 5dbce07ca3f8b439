#include <algorithm>

#include "mnv4/graph/passes/passes.h"
#include "mnv4/graph/passes/rewrite.h"

namespace mnv4 {
namespace {

bool IsUnpaddedPointwise(const Op& op) {
  const auto* conv = std::get_if<Conv2d>(&op);
  return conv != nullptr && conv->kernel == Size2{1, 1} && conv->pad == Padding{} &&
         conv->groups == 1;
}

// The unpadded 1x1 convolutions that read `id`, if it is no output.
std::vector<NodeId> PointwiseReaders(const Graph& graph, NodeId id) {
  std::vector<NodeId> readers;
  for (const auto& output : graph.outputs) {
    if (output.second == id) return {};
  }
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (std::find(node.inputs.begin(), node.inputs.end(), id) == node.inputs.end()) continue;
    if (IsUnpaddedPointwise(node.op)) readers.push_back(NodeId(i));
  }
  return readers;
}

// W (scale * x + bias) = (W * scale) x + W bias, then the convolution's own scale and bias.
void FoldInto(Graph& graph, NodeId conv_id, const std::vector<float>& scale,
              const std::vector<float>& bias) {
  const Node conv = graph.at(conv_id);
  const size_t c_in = scale.size();
  const auto c_out = static_cast<size_t>(conv.type.shape[3]);
  std::vector<float> weights = FloatsOf(graph, conv, 1, 0, 0);
  std::vector<float> conv_bias = FloatsOf(graph, conv, 2, c_out, 0);
  const std::vector<float> conv_scale = FloatsOf(graph, conv, 3, c_out, 1);
  for (size_t o = 0; o < c_out; ++o) {
    double sum = 0;
    for (size_t c = 0; c < c_in; ++c) {
      const double w = weights[o * c_in + c];
      sum += w * bias[c];
      weights[o * c_in + c] = static_cast<float>(w * scale[c]);
    }
    conv_bias[o] = static_cast<float>(conv_bias[o] + conv_scale[o] * sum);
  }
  std::vector<NodeId> inputs = conv.inputs;
  inputs[1] = SetParameter(graph, conv.scope + ".folded_weight",
                           graph.at(conv.inputs[1]).type.shape, std::move(weights));
  inputs.resize(std::max(inputs.size(), size_t{3}));
  inputs[2] =
      SetParameter(graph, conv.scope + ".folded_bias", {conv.type.shape[3]}, std::move(conv_bias));
  graph.nodes[Index(conv_id)].inputs = std::move(inputs);
}

}  // namespace

Graph FoldScaleForward(Graph graph) {
  const size_t count = graph.nodes.size();
  for (size_t i = 0; i < count; ++i) {
    const Node node = graph.nodes[i];
    if (!std::holds_alternative<ChannelScale>(node.op)) continue;
    const std::vector<NodeId> readers = PointwiseReaders(graph, NodeId(i));
    if (readers.empty()) continue;
    const auto channels = static_cast<size_t>(node.type.shape[3]);
    const std::vector<float> scale = FloatsOf(graph, node, 1, channels, 1);
    const std::vector<float> bias = FloatsOf(graph, node, 2, channels, 0);
    for (const NodeId reader : readers) {
      FoldInto(graph, reader, scale, bias);
      graph.nodes[Index(reader)].inputs[0] = node.inputs[0];
    }
  }
  return Tidy(std::move(graph));
}

}  // namespace mnv4
