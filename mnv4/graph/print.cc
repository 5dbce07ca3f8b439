// The text form of operators and graphs, for people and for tests that compare graphs.

#include <fmt/format.h>

#include "mnv4/graph/graph.h"

namespace mnv4 {
namespace {

std::string Text(const char* name, Size2 size) {
  return fmt::format(" {}={}x{}", name, size.h, size.w);
}

std::string Text(const Padding& pad) {
  if (pad == Padding{}) return "";
  return fmt::format(" pad={},{},{},{}", pad.top, pad.left, pad.bottom, pad.right);
}

std::string Text(Activation activation) {
  return activation == Activation::kNone ? "" : fmt::format(" act={}", Name(activation));
}

struct NameRule {
  const char* operator()(const Input&) const { return "input"; }
  const char* operator()(const Parameter&) const { return "parameter"; }
  const char* operator()(const Conv2d&) const { return "conv2d"; }
  const char* operator()(const BatchNorm&) const { return "batch_norm"; }
  const char* operator()(const ChannelScale&) const { return "channel_scale"; }
  const char* operator()(const Activate&) const { return "activate"; }
  const char* operator()(const Add&) const { return "add"; }
  const char* operator()(const Multiply&) const { return "multiply"; }
  const char* operator()(const Pool2d&) const { return "pool2d"; }
  const char* operator()(const Linear&) const { return "linear"; }
  const char* operator()(const Attention&) const { return "attention"; }
};

// What follows the inputs: " k=3x3 s=2x2". What is 1, zero or none is left out.
struct AttributeRule {
  std::string operator()(const Input&) const { return ""; }
  std::string operator()(const Parameter&) const { return ""; }
  std::string operator()(const Conv2d& op) const {
    std::string text = Text("k", op.kernel);
    if (op.stride != Size2{}) text += Text("s", op.stride);
    if (op.dilation != Size2{}) text += Text("d", op.dilation);
    text += Text(op.pad);
    if (op.groups != 1) text += fmt::format(" groups={}", op.groups);
    return text + Text(op.activation);
  }
  std::string operator()(const BatchNorm& op) const { return fmt::format(" eps={}", op.eps); }
  std::string operator()(const ChannelScale&) const { return ""; }
  std::string operator()(const Activate& op) const { return Text(op.activation); }
  std::string operator()(const Add&) const { return ""; }
  std::string operator()(const Multiply&) const { return ""; }
  std::string operator()(const Pool2d& op) const {
    if (op.kind == PoolKind::kGlobalAverage) return " kind=global_average";
    const char* kind = op.kind == PoolKind::kBlur ? "blur" : "average";
    return fmt::format(" kind={}", kind) + Text("k", op.kernel) + Text("s", op.stride) +
           Text(op.pad);
  }
  std::string operator()(const Linear& op) const { return Text(op.activation); }
  std::string operator()(const Attention& op) const {
    return fmt::format(" heads={} kv_heads={} scale={}", op.heads, op.kv_heads, op.scale);
  }
};

}  // namespace

const char* Name(const Op& op) { return std::visit(NameRule{}, op); }

std::string ToString(const Graph& graph) {
  std::string text = fmt::format("graph {}\n", graph.name);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (std::holds_alternative<Parameter>(node.op)) continue;
    text += fmt::format("%{} {} = {}(", i, ToString(node.type.shape), Name(node.op));
    const char* separator = "";
    for (const NodeId id : node.inputs) {
      const auto* parameter = std::get_if<Parameter>(&graph.at(id).op);
      text += separator + (parameter ? parameter->name : fmt::format("%{}", Index(id)));
      separator = ", ";
    }
    text += ")" + std::visit(AttributeRule{}, node.op) + "\n";
  }
  for (const auto& [name, id] : graph.outputs) text += fmt::format("{} = %{}\n", name, Index(id));
  return text;
}

}  // namespace mnv4
