// Specs to graphs. Scopes carry timm's module names, so parameters get timm's names.

#include <algorithm>
#include <cmath>
#include <optional>

#include "mnv4/arch/arch.h"
#include "mnv4/base/error.h"
#include "mnv4/graph/builder.h"

namespace mnv4 {
namespace {

// A text with larger numbers is a mistake or an attack, and should not exhaust the memory.
constexpr int64_t kMaxParameters = int64_t{1} << 30;

// What a block does to the map's resolution: its stride, or the dilation that replaces strides.
struct Sampling {
  int stride = 1;
  int dilation = 1;
};

// Convolution, batch norm, activation and, after a stride of 2, the network's low-pass.
struct ConvNorm {
  const char *conv = "conv", *norm = "bn";  // timm's names of the two modules
  int kernel = 1;
  int64_t out = 0;
  Sampling at = {};
  bool depthwise = false;  // `out` is then that of the input
  bool activate = true;
  std::optional<Activation> activation = {};  // if not the network's
  bool low_pass = true;
};

// Pixels before and after one side of a map.
std::pair<int, int> PadOf(PadMode mode, int64_t side, int kernel, Sampling at) {
  const int reach = at.dilation * (kernel - 1);
  if (mode == PadMode::kSymmetric) {
    const int pad = (at.stride - 1 + reach) / 2;
    return {pad, pad};
  }
  const int64_t out = (side + at.stride - 1) / at.stride;
  const auto total =
      static_cast<int>(std::max<int64_t>((out - 1) * at.stride + reach + 1 - side, 0));
  return {total / 2, total - total / 2};
}

class Lowering {
 public:
  Lowering(const NetworkSpec& spec, int n, int h, int w)
      : spec_(spec), builder_(spec.name, {n, h, w, spec.in_chans}) {}

  Graph Run();

 private:
  int64_t Channels(NodeId x) const { return builder_.TypeOf(x).shape[3]; }

  NodeId Conv(NodeId x, const char* name, int kernel, int64_t out, Sampling at, bool depthwise);
  // 1x1, no norm after it.
  NodeId Project(NodeId x, const char* name, int64_t out, bool bias = false);
  NodeId Norm(NodeId x, const char* name, Activation after);
  NodeId AddConvNorm(NodeId x, const ConvNorm& layer);
  NodeId LowPassed(NodeId x);
  NodeId LayerScaled(NodeId x);
  NodeId SqueezeExcited(NodeId x, double squeeze);
  NodeId Residual(NodeId x, NodeId shortcut, int stride);

  NodeId Block(const ConvSpec& block, NodeId x, Sampling at);
  NodeId Block(const FusedIbSpec& block, NodeId x, Sampling at);
  NodeId Block(const UibSpec& block, NodeId x, Sampling at);
  NodeId Block(const MqaSpec& block, NodeId x, Sampling at);
  NodeId Block(const SeparableSpec& block, NodeId x, Sampling at);
  NodeId Block(const InvertedResidualSpec& block, NodeId x, Sampling at);
  NodeId KeysOrValues(const MqaSpec& block, NodeId x, const char* which, int dilation);

  NodeId Stage(size_t index, NodeId x);
  void AddFeature(NodeId x) { builder_.SetOutput("C" + std::to_string(++features_), x); }
  void Head(NodeId x);

  const NetworkSpec& spec_;
  Builder builder_;
  Sampling reached_ = {.stride = 2};  // by the stem and the blocks so far
  int features_ = 0;
};

NodeId Lowering::Conv(NodeId x, const char* name, int kernel, int64_t out, Sampling at,
                      bool depthwise) {
  const Builder::Scope scope(builder_, name);
  const Shape& in = builder_.TypeOf(x).shape;
  const auto [top, bottom] = PadOf(spec_.pad, in[1], kernel, at);
  const auto [left, right] = PadOf(spec_.pad, in[2], kernel, at);
  const int64_t c_in = in[3];
  const Conv2d conv{.kernel = {kernel, kernel},
                    .stride = {at.stride, at.stride},
                    .dilation = {at.dilation, at.dilation},
                    .pad = {.top = top, .left = left, .bottom = bottom, .right = right},
                    .groups = depthwise ? static_cast<int>(c_in) : 1};
  return builder_.Add(conv,
                      {x, builder_.Param("weight", {out, c_in / conv.groups, kernel, kernel})});
}

NodeId Lowering::Project(NodeId x, const char* name, int64_t out, bool bias) {
  const Builder::Scope scope(builder_, name);
  std::vector<NodeId> inputs = {x, builder_.Param("weight", {out, Channels(x), 1, 1})};
  if (bias) inputs.push_back(builder_.Param("bias", {out}));
  return builder_.Add(Conv2d{}, std::move(inputs));
}

NodeId Lowering::Norm(NodeId x, const char* name, Activation after) {
  const Builder::Scope scope(builder_, name);
  std::vector<NodeId> inputs = {x};
  for (const char* parameter : {"weight", "bias", "running_mean", "running_var"}) {
    inputs.push_back(builder_.Param(parameter, {Channels(x)}));
  }
  const NodeId y = builder_.Add(BatchNorm{spec_.bn_eps}, std::move(inputs));
  return after == Activation::kNone ? y : builder_.Add(Activate{after}, {y});
}

NodeId Lowering::LowPassed(NodeId x) {
  const Builder::Scope scope(builder_, "aa");
  if (spec_.low_pass == LowPass::kAverage) {
    return builder_.Add(Pool2d{.kind = PoolKind::kAverage, .kernel = {2, 2}, .stride = {2, 2}},
                        {x});
  }
  return builder_.Add(Pool2d{.kind = PoolKind::kBlur,
                             .kernel = {3, 3},
                             .stride = {2, 2},
                             .pad = {.top = 1, .left = 1, .bottom = 1, .right = 1}},
                      {x});
}

NodeId Lowering::AddConvNorm(NodeId x, const ConvNorm& layer) {
  const bool low_pass = layer.low_pass && layer.at.stride > 1 && spec_.low_pass != LowPass::kNone;
  Sampling at = layer.at;
  if (low_pass) at.stride = 1;
  x = Conv(x, layer.conv, layer.kernel, layer.depthwise ? Channels(x) : layer.out, at,
           layer.depthwise);
  x = Norm(x, layer.norm,
           layer.activate ? layer.activation.value_or(spec_.activation) : Activation::kNone);
  return low_pass ? LowPassed(x) : x;
}

NodeId Lowering::LayerScaled(NodeId x) {
  if (!spec_.layer_scale) return x;
  const Builder::Scope scope(builder_, "layer_scale");
  return builder_.Add(ChannelScale{}, {x, builder_.Param("gamma", {Channels(x)})});
}

NodeId Lowering::Residual(NodeId x, NodeId shortcut, int stride) {
  if (stride != 1 || Channels(x) != Channels(shortcut)) return x;
  return builder_.Add(Add{}, {x, shortcut});
}

NodeId Lowering::Block(const ConvSpec& block, NodeId x, Sampling at) {
  return AddConvNorm(
      x, {.conv = "conv", .norm = "bn1", .kernel = block.kernel, .out = block.out, .at = at});
}

NodeId Lowering::Block(const FusedIbSpec& block, NodeId x, Sampling at) {
  const int expanded = RoundChannels(static_cast<double>(Channels(x)) * block.expand);
  NodeId y = AddConvNorm(
      x, {.conv = "conv_exp", .norm = "bn1", .kernel = block.kernel, .out = expanded, .at = at});
  y = AddConvNorm(y, {.conv = "conv_pwl", .norm = "bn2", .out = block.out, .activate = false});
  return Residual(y, x, at.stride);
}

NodeId Lowering::Block(const UibSpec& block, NodeId x, Sampling at) {
  const int expanded = RoundChannels(static_cast<double>(Channels(x)) * block.expand);
  NodeId y = x;
  const auto layer = [&](const char* name, const ConvNorm& conv_norm) {
    const Builder::Scope scope(builder_, name);
    y = AddConvNorm(y, conv_norm);
  };
  if (block.dw_start > 0) {
    layer("dw_start", {.kernel = block.dw_start,
                       .at = {block.dw_mid > 0 ? 1 : at.stride, at.dilation},
                       .depthwise = true,
                       .activate = false});
  }
  layer("pw_exp", {.out = expanded});
  if (block.dw_mid > 0) {
    layer("dw_mid", {.kernel = block.dw_mid, .at = at, .depthwise = true});
  }
  layer("pw_proj", {.out = block.out, .activate = false});
  return Residual(LayerScaled(y), x, at.stride);
}

NodeId Lowering::KeysOrValues(const MqaSpec& block, NodeId x, const char* which, int dilation) {
  const Builder::Scope scope(builder_, which);
  if (block.kv_stride > 1) {
    x = AddConvNorm(x, {.conv = "down_conv",
                        .norm = "norm",
                        .kernel = 3,
                        .at = {block.kv_stride, dilation},
                        .depthwise = true,
                        .activate = false,
                        .low_pass = false});
  }
  return Project(x, "proj", int64_t{block.key_dim} * (block.multi_head ? block.heads : 1));
}

NodeId Lowering::Block(const MqaSpec& block, NodeId x, Sampling at) {
  NodeId y = Norm(x, "norm", Activation::kNone);
  {
    const Builder::Scope scope(builder_, "attn");
    const NodeId q = Project(y, "query.proj", int64_t{block.heads} * block.key_dim);
    const NodeId k = KeysOrValues(block, y, "key", at.dilation);
    const NodeId v = KeysOrValues(block, y, "value", at.dilation);
    const Attention attention{.heads = block.heads,
                              .kv_heads = block.multi_head ? block.heads : 1,
                              .scale = 1 / std::sqrt(static_cast<double>(block.key_dim))};
    y = Project(builder_.Add(attention, {q, k, v}), "output.proj", Channels(x));
  }
  return Residual(LayerScaled(y), x, at.stride);
}

// The squeezed channels are rectified and the gate is a hard sigmoid, whatever the network has.
NodeId Lowering::SqueezeExcited(NodeId x, double squeeze) {
  if (squeeze == 0) return x;
  const Builder::Scope scope(builder_, "se");
  const int64_t channels = Channels(x);
  NodeId gate = builder_.Add(Pool2d{.kind = PoolKind::kGlobalAverage}, {x});
  gate = Project(gate, "conv_reduce", RoundChannels(static_cast<double>(channels) * squeeze), true);
  gate = builder_.Add(Activate{Activation::kRelu}, {gate});
  gate = Project(gate, "conv_expand", channels, true);
  gate = builder_.Add(Activate{Activation::kHardSigmoid}, {gate});
  return builder_.Add(Multiply{}, {x, gate});
}

NodeId Lowering::Block(const SeparableSpec& block, NodeId x, Sampling at) {
  NodeId y = AddConvNorm(x, {.conv = "conv_dw",
                             .norm = "bn1",
                             .kernel = block.kernel,
                             .at = at,
                             .depthwise = true,
                             .activation = block.activation});
  y = AddConvNorm(SqueezeExcited(y, block.squeeze), {.conv = "conv_pw",
                                                     .norm = "bn2",
                                                     .out = block.out,
                                                     .activate = block.activate,
                                                     .activation = block.activation});
  return block.activate ? y : Residual(y, x, at.stride);
}

NodeId Lowering::Block(const InvertedResidualSpec& block, NodeId x, Sampling at) {
  const int expanded = RoundChannels(static_cast<double>(Channels(x)) * block.expand);
  NodeId y = AddConvNorm(
      x, {.conv = "conv_pw", .norm = "bn1", .out = expanded, .activation = block.activation});
  y = AddConvNorm(y, {.conv = "conv_dw",
                      .norm = "bn2",
                      .kernel = block.kernel,
                      .at = at,
                      .depthwise = true,
                      .activation = block.activation});
  y = AddConvNorm(SqueezeExcited(y, block.squeeze),
                  {.conv = "conv_pwl", .norm = "bn3", .out = block.out, .activate = false});
  return Residual(y, x, at.stride);
}

// As in timm, the first block of a dilated stage takes the dilation before it: its own stride is
// what the next blocks' dilation makes up for.
NodeId Lowering::Stage(size_t index, NodeId x) {
  const Builder::Scope scope(builder_, "blocks." + std::to_string(index));
  const std::vector<BlockSpec>& blocks = spec_.stages[index];
  for (size_t i = 0; i < blocks.size(); ++i) {
    const Builder::Scope block_scope(builder_, std::to_string(i));
    Sampling at{.stride = StrideOf(blocks[i]), .dilation = reached_.dilation};
    if (reached_.stride * at.stride > spec_.output_stride) {
      reached_.dilation *= at.stride;
      at.stride = 1;
    }
    reached_.stride *= at.stride;
    x = std::visit([&](const auto& block) { return Block(block, x, at); }, blocks[i]);
  }
  return x;
}

void Lowering::Head(NodeId x) {
  const bool after_pooling = spec_.head > 0 && !HasConvBeforePooling(spec_);
  if (HasConvBeforePooling(spec_)) {
    x = AddConvNorm(x, {.conv = "conv_head", .norm = "bn2", .out = spec_.head});
  }
  {
    const Builder::Scope scope(builder_, "global_pool");
    x = builder_.Add(Pool2d{.kind = PoolKind::kGlobalAverage}, {x});
  }
  if (after_pooling && spec_.family == Family::kV3) {
    x = builder_.Add(Activate{spec_.activation}, {Project(x, "conv_head", spec_.head, true)});
  } else if (after_pooling) {
    x = AddConvNorm(x, {.conv = "conv_head", .norm = "norm_head", .out = spec_.head});
  }
  builder_.SetOutput("pre_logits", x);
  if (spec_.num_classes > 0) {
    const Builder::Scope scope(builder_, "classifier");
    const NodeId weights = builder_.Param("weight", {spec_.num_classes, Channels(x)});
    x = builder_.Add(Linear{}, {x, weights, builder_.Param("bias", {spec_.num_classes})});
  }
  builder_.SetOutput("logits", x);
}

Graph Lowering::Run() {
  NodeId x = AddConvNorm(builder_.input(), {.conv = "conv_stem",
                                            .norm = "bn1",
                                            .kernel = 3,
                                            .out = spec_.stem,
                                            .at = {.stride = 2},
                                            .low_pass = false});
  // A feature is the last map before the next halving.
  for (size_t i = 0; i < spec_.stages.size(); ++i) {
    if (StrideOf(spec_.stages[i].front()) > 1) AddFeature(x);
    x = Stage(i, x);
    builder_.SetOutput("blocks." + std::to_string(i), x);
  }
  AddFeature(x);
  Head(x);
  return builder_.Finish();
}

}  // namespace

Graph Lower(const NetworkSpec& spec, int n, int h, int w) {
  CheckSpec(spec);
  if (n < 1 || h < 1 || w < 1) {
    throw Error(ErrorCode::kInvalidArgument, "the input is " + std::to_string(n) + " pictures of " +
                                                 std::to_string(h) + "x" + std::to_string(w) +
                                                 ", wanted at least 1 of each");
  }
  Graph graph = Lowering(spec, n, h, w).Run();
  int64_t parameters = 0;
  for (const Node& node : graph.nodes) {
    if (std::holds_alternative<Parameter>(node.op)) parameters += NumElements(node.type.shape);
  }
  if (parameters > kMaxParameters) {
    throw Error(ErrorCode::kInvalidArgument, spec.name + " has " + std::to_string(parameters) +
                                                 " parameters, wanted at most " +
                                                 std::to_string(kMaxParameters));
  }
  return graph;
}

}  // namespace mnv4
