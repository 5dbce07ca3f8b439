#pragma once
/// The network as data: operators as plain structs, one result per node, ids instead of pointers.
/// Data flows arch -> graph -> {analysis, runtime, export}; nothing here knows MobileNetV4.
///
/// Activations are n h w c. Weights keep the layout of their file (OIHW, [out, in], [c]).

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "mnv4/base/tensor.h"
#include "mnv4/base/types.h"

namespace mnv4 {

enum class NodeId : int32_t {};
inline size_t Index(NodeId id) { return static_cast<size_t>(id); }

/// The picture, normalised: [n, h, w, c]. Always node 0.
struct Input {
  bool operator==(const Input&) const = default;
};

/// A trained tensor, by its name in timm's state_dict ("blocks.2.0.dw_mid.conv.weight").
struct Parameter {
  std::string name;
  bool operator==(const Parameter&) const = default;
};

/// 2-D convolution (cross-correlation).
///   x [n, h, w, c_in], weights [c_out, c_in / groups, k.h, k.w]
///   -> y [n, h', w', c_out],
///      h' = (h + pad.top + pad.bottom - dilation.h * (k.h - 1) - 1) / stride.h + 1
/// Inputs: {x, weights}, {x, weights, bias} or {x, weights, bias, scale}; then
///   y = activation(scale[c_out] * conv(x, weights) + bias[c_out]).
struct Conv2d {
  Size2 kernel = {}, stride = {}, dilation = {};
  Padding pad = {};
  int groups = 1;
  Activation activation = Activation::kNone;  ///< set by passes/fuse_activation.cc
  bool operator==(const Conv2d&) const = default;
};

/// Inference form: y = (x - mean) / sqrt(var + eps) * weight + bias, per channel.
/// Inputs: {x, weight, bias, running_mean, running_var}.
struct BatchNorm {
  double eps = 1e-5;
  bool operator==(const BatchNorm&) const = default;
};

/// y = scale[c] * x (+ bias[c]). Inputs: {x, scale} or {x, scale, bias}. Layer scale is one.
struct ChannelScale {
  bool operator==(const ChannelScale&) const = default;
};

struct Activate {
  Activation activation = Activation::kRelu;
  bool operator==(const Activate&) const = default;
};

/// y = a + b, equal shapes. Inputs: {a, b}.
struct Add {
  bool operator==(const Add&) const = default;
};

/// y = x * gate, the gate of a channel on all pixels of an image. Inputs: {x [n, h, w, c],
/// gate [n, 1, 1, c]}. The end of squeeze-and-excite.
struct Multiply {
  bool operator==(const Multiply&) const = default;
};

enum class PoolKind : uint8_t {
  kGlobalAverage,  ///< [n, h, w, c] -> [n, 1, 1, c]; kernel, stride and pad are not used
  kAverage,        ///< mean of each window, no padding counted, odd rest dropped
  kBlur,           ///< [1,2,1] x [1,2,1] / 16 with a pixel of zeros around: timm's `blur` low-pass
};

struct Pool2d {
  PoolKind kind = PoolKind::kGlobalAverage;
  Size2 kernel = {}, stride = {};
  Padding pad = {};
  bool operator==(const Pool2d&) const = default;
};

/// y [n, h, w, out] = activation(x [n, h, w, in] . weights [out, in]^T + bias [out]).
/// Inputs: {x, weights, bias}.
struct Linear {
  Activation activation = Activation::kNone;
  bool operator==(const Linear&) const = default;
};

/// softmax(scale * Q K^T) V per head, tokens = pixels. Inputs: {q, k, v}:
///   q [n, h, w, heads * d], k and v [n, h', w', kv_heads * d] -> y [n, h, w, heads * d],
///   head-major.
/// kv_heads 1 is multi-query attention (MQA), kv_heads = heads the classic multi-head form (MHSA).
struct Attention {
  int heads = 1;
  int kv_heads = 1;
  double scale = 1;
  bool operator==(const Attention&) const = default;
};

/// Shape rule (shape.cc), cost (cost.cc), text form (print.cc) and meaning (interpret.cc) of an
/// operator are overloads on its struct: after adding one here the compiler lists what it lacks.
using Op = std::variant<Input, Parameter, Conv2d, BatchNorm, ChannelScale, Activate, Add, Multiply,
                        Pool2d, Linear, Attention>;

/// "conv2d", "batch_norm", ...
const char* Name(const Op& op);

struct Node {
  Op op;
  std::vector<NodeId> inputs;
  TensorType type;    ///< of the result
  std::string scope;  ///< timm's module it came from: "blocks.2.0.dw_mid.conv"
};

/// Nodes are in an order in which they can run: inputs come before their users.
/// Graph is a value; a pass takes one and returns another.
struct Graph {
  std::string name;
  std::vector<Node> nodes;
  std::map<std::string, NodeId> outputs;  ///< "logits", "pre_logits", "C1".."C5", ...
  TensorMap weights;                      ///< by Parameter name; empty until Bind (bind.h)

  const Node& at(NodeId id) const { return nodes[Index(id)]; }
};

/// How many nodes read each node's result; an output counts as one more reader.
std::vector<int> CountUses(const Graph& graph);

/// The tensor of a Parameter node. Aborts if `id` is another node or the graph is not bound.
const Tensor& WeightOf(const Graph& graph, NodeId id);

/// Shape rule of one operator other than Input and Parameter, whose types are given. Throws
/// Error(kInvalidArgument) that names the scope, what the inputs have and what was wanted.
TensorType InferType(const Op& op, const std::vector<TensorType>& inputs, const std::string& scope);

/// What one operator costs, batch included. A MAC is a multiply-add of a convolution, linear layer
/// or matrix product; multiplying the zeros of padding counts as work. All else costs none.
struct Cost {
  int64_t macs = 0;            ///< convolutions, linear layers, and blur as a depthwise convolution
  int64_t attention_macs = 0;  ///< the two products of attention
  int64_t parameters = 0;      ///< learnable elements; running statistics are not learned
  bool operator==(const Cost&) const = default;
};
Cost CostOf(const Graph& graph, NodeId id);

/// Aborts, naming the node, if ids, order, arity, types or the bound weights' shapes do not fit.
/// Every pass is verified after it ran.
void Verify(const Graph& graph);

/// One line per node, parameters by name where they are read:
///   %12 [1, 28, 28, 192] = conv2d(%9, blocks.2.0.pw_exp.conv.weight) k=1x1
std::string ToString(const Graph& graph);

}  // namespace mnv4
