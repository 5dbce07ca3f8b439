#include "mnv4/train/network.h"

#include <ATen/ATen.h>
#include <torch/autograd.h>

#include <algorithm>
#include <functional>
#include <variant>

#include "mnv4/arch/arch.h"
#include "mnv4/base/check.h"
#include "mnv4/graph/bind.h"

namespace mnv4::train {
namespace {

using torch::Tensor;  // of this file; the project's own appears in TensorMaps only

// "blocks.2.1" of "blocks.2.1.dw_mid.bn"; "" outside the blocks.
std::string BlockOf(const std::string& scope) {
  if (!scope.starts_with("blocks.")) return "";
  const size_t stage_end = scope.find('.', 7);
  if (stage_end == std::string::npos) return "";
  return scope.substr(0, scope.find('.', stage_end + 1));
}

Tensor Apply(Activation activation, Tensor x, bool in_place) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return in_place ? at::relu_(x) : at::relu(x);
    case Activation::kRelu6:
      return at::hardtanh(x, 0, 6);
    case Activation::kGelu:
      return at::gelu(x);
    case Activation::kHardSwish:
      return at::hardswish(x);
    case Activation::kHardSigmoid:
      return at::hardsigmoid(x);
  }
  MNV4_CHECK(!"unknown activation");
}

// [n, heads * d, h, w] -> [n, heads, h * w, d]
Tensor Tokens(const Tensor& x, int64_t heads) {
  const int64_t d = x.size(1) / heads;
  return x.reshape({x.size(0), heads, d, x.size(2) * x.size(3)}).transpose(2, 3);
}

Tensor Attend(const Attention& op, const Tensor& q, const Tensor& k, const Tensor& v) {
  const Tensor scores =
      at::matmul(Tokens(q, op.heads) * op.scale, Tokens(k, op.kv_heads).transpose(2, 3));
  const Tensor mixed = at::matmul(at::softmax(scores, -1), Tokens(v, op.kv_heads));
  return mixed.transpose(2, 3).reshape(q.sizes());
}

// A part of the network, of its input and of whether it is computed again.
using Segment = std::function<Tensor(const Tensor& x, bool again)>;
struct SegmentHolder : torch::CustomClassHolder {
  explicit SegmentHolder(Segment function) : segment(std::move(function)) {}
  Segment segment;
};

// Keeps a segment's input only and computes its activations again in the backward pass
// (Chen et al. 2016, "Training deep nets with sublinear memory cost").
class Recompute : public torch::autograd::Function<Recompute> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x,
                        c10::intrusive_ptr<SegmentHolder> holder) {
    context->save_for_backward({x});
    context->saved_data["segment"] = c10::IValue::make_capsule(holder);
    return holder->segment(x, /*again=*/false);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto holder = c10::static_intrusive_pointer_cast<SegmentHolder>(
        context->saved_data["segment"].toCapsule());
    const Tensor x = context->get_saved_variables()[0].detach().requires_grad_(true);
    {
      const torch::AutoGradMode grad(true);
      torch::autograd::backward({holder->segment(x, /*again=*/true)}, {gradients[0]});
    }
    return {x.grad(), Tensor()};
  }
};

bool IsStatistic(const std::string& name) {
  return name.ends_with(".running_mean") || name.ends_with(".running_var");
}

}  // namespace

struct Network::Plan {
  Graph graph;
  std::vector<int> uses;        // by node
  std::vector<int> last_use;    // by node: the node after which its result is not needed
  std::vector<Tensor> tensors;  // by node: of Parameter nodes
  /// The nodes of a block: [begin, end), whose only input from outside is `input`.
  struct Block {
    std::string scope;
    size_t begin, end, input;
  };
  std::vector<Block> blocks;
};

// One forward pass. `draw` is null in evaluation.
struct Network::Pass {
  const Network& network;
  const Plan& plan;
  const Draw* draw;
  std::vector<Tensor> results = {};
  bool again = false;  // recomputing: statistics have been updated already

  bool Regularise() const { return draw != nullptr && draw->regularise; }
  const Tensor& In(const Node& node, size_t i) const {
    const size_t id = Index(node.inputs[i]);
    return plan.tensors[id].defined() ? plan.tensors[id] : results[id];
  }

  Tensor operator()(const Input&, const Node&) const { return results[0]; }
  Tensor operator()(const Parameter&, const Node&) const { return {}; }

  Tensor operator()(const Conv2d& op, const Node& node) const {
    Tensor x = In(node, 0);
    const Padding& pad = op.pad;
    const bool even = pad.top == pad.bottom && pad.left == pad.right;
    if (!even) x = at::constant_pad_nd(x, {pad.left, pad.right, pad.top, pad.bottom});
    const Tensor bias = node.inputs.size() > 2 ? In(node, 2) : Tensor();
    return at::conv2d(x, In(node, 1), bias, {op.stride.h, op.stride.w},
                      even ? at::IntArrayRef({pad.top, pad.left}) : at::IntArrayRef({0, 0}),
                      {op.dilation.h, op.dilation.w}, op.groups);
  }

  Tensor operator()(const BatchNorm& op, const Node& node) const {
    const bool frozen = network.NormIsFrozen(node.scope);
    const bool batch_statistics = draw != nullptr && !frozen;
    const double momentum = again ? 0 : network.regularisation_.bn_momentum;
    return at::batch_norm(In(node, 0), In(node, 1), In(node, 2), In(node, 3), In(node, 4),
                          batch_statistics, momentum, op.eps, /*cudnn_enabled=*/true);
  }

  Tensor operator()(const ChannelScale&, const Node& node) const {
    Tensor y = In(node, 0) * In(node, 1).view({1, -1, 1, 1});
    return node.inputs.size() > 2 ? y + In(node, 2).view({1, -1, 1, 1}) : y;
  }

  Tensor operator()(const Activate& op, const Node& node) const {
    // Nothing before an activation keeps its result for the backward pass (a norm keeps its input).
    return Apply(op.activation, In(node, 0), plan.uses[Index(node.inputs[0])] == 1);
  }

  // {branch, shortcut}
  Tensor operator()(const Add&, const Node& node) const {
    Tensor branch = In(node, 0);
    const auto rate = network.drop_path_.find(BlockOf(node.scope));
    if (Regularise() && rate != network.drop_path_.end() && rate->second > 0) {
      const auto block = std::distance(network.drop_path_.begin(), rate);
      branch =
          branch * DropPathMask(*draw, block, rate->second, branch.size(0)).to(branch.options());
    }
    // In place where nobody else asks for the branch: what made it does not keep it.
    return plan.uses[Index(node.inputs[0])] == 1 ? branch.add_(In(node, 1)) : branch + In(node, 1);
  }

  Tensor operator()(const Multiply&, const Node& node) const { return In(node, 0) * In(node, 1); }

  Tensor operator()(const Pool2d& op, const Node& node) const {
    const Tensor& x = In(node, 0);
    switch (op.kind) {
      case PoolKind::kGlobalAverage:
        return x.mean({2, 3}, /*keepdim=*/true);
      case PoolKind::kAverage:
        return at::avg_pool2d(x, {op.kernel.h, op.kernel.w}, {op.stride.h, op.stride.w});
      case PoolKind::kBlur: {
        const Tensor line = torch::tensor({0.25, 0.5, 0.25}, x.options());
        const Tensor kernel = at::outer(line, line).expand({x.size(1), 1, 3, 3}).contiguous();
        return at::conv2d(x, kernel, {}, {op.stride.h, op.stride.w}, {op.pad.top, op.pad.left}, 1,
                          x.size(1));
      }
    }
    MNV4_CHECK(!"unknown pool");
  }

  Tensor operator()(const Linear& op, const Node& node) const {
    Tensor x = In(node, 0).flatten(1);
    const double dropout = network.regularisation_.dropout;
    if (Regularise() && dropout > 0) {
      x = x * DropoutMask(*draw, dropout, x.size(0), x.size(1)).to(x.options());
    }
    const Tensor y = at::linear(x, In(node, 1), In(node, 2));
    return Apply(op.activation, y, true).view({y.size(0), y.size(1), 1, 1});
  }

  Tensor operator()(const Attention& op, const Node& node) const {
    return Attend(op, In(node, 0), In(node, 1), In(node, 2));
  }

  // Computes nodes [begin, end); results nobody will ask for again are let go.
  void RunNodes(size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const Node& node = plan.graph.nodes[i];
      if (plan.tensors[i].defined()) continue;
      results[i] = std::visit([&](const auto& op) { return (*this)(op, node); }, node.op);
      for (const NodeId id : node.inputs) {
        if (plan.last_use[Index(id)] == static_cast<int>(i)) results[Index(id)].reset();
      }
    }
  }

  void RunBlock(const Plan::Block& block) {
    const Segment segment = [network = &network, plan = &plan, draw = *draw, &block](
                                const Tensor& x, bool again) {
      Pass pass{*network, *plan, &draw, std::vector<Tensor>(plan->graph.nodes.size()), again};
      pass.results[block.input] = x;
      pass.RunNodes(block.begin, block.end);
      return pass.results[block.end - 1];
    };
    results[block.end - 1] =
        Recompute::apply(results[block.input], c10::make_intrusive<SegmentHolder>(segment));
    if (plan.last_use[block.input] < static_cast<int>(block.end)) results[block.input].reset();
  }

  void RunAll(const Tensor& pictures) {
    results.assign(plan.graph.nodes.size(), {});
    results[0] = pictures;
    size_t next = 1;
    if (draw != nullptr && network.checkpoint_) {
      for (const Plan::Block& block : plan.blocks) {
        RunNodes(next, block.begin);
        RunBlock(block);
        next = block.end;
      }
    }
    RunNodes(next, plan.graph.nodes.size());
  }
};

Network::Network(NetworkSpec spec, const Regularisation& regularisation)
    : spec_(std::move(spec)), regularisation_(regularisation) {
  const Graph graph = Lower(spec_, 1, 64, 64);
  for (const Node& node : graph.nodes) {
    const auto* parameter = std::get_if<Parameter>(&node.op);
    if (parameter == nullptr) continue;
    Tensor tensor = torch::zeros(node.type.shape, torch::kFloat);
    if (tensor.dim() == 4) tensor = tensor.contiguous(at::MemoryFormat::ChannelsLast);
    const bool statistic = IsStatistic(parameter->name);
    tensor.set_requires_grad(!statistic);
    (statistic ? statistics_ : parameters_).emplace(parameter->name, tensor);
  }
  SetDropPath(graph);
}

// Which blocks have a residual and which attention is read from the graph.
void Network::SetDropPath(const Graph& graph) {
  std::map<std::string, bool> attention;
  for (const Node& node : graph.nodes) {
    const std::string block = BlockOf(node.scope);
    if (block.empty()) continue;
    if (std::holds_alternative<Attention>(node.op)) attention[block] = true;
    if (std::holds_alternative<Add>(node.op)) drop_path_[block] = 0;
  }
  int blocks = 0;
  for (const auto& stage : spec_.stages) blocks += static_cast<int>(stage.size());
  int index = 0;  // of the block, from 0
  for (size_t stage = 0; stage < spec_.stages.size(); ++stage) {
    for (size_t i = 0; i < spec_.stages[stage].size(); ++i, ++index) {
      const auto found =
          drop_path_.find("blocks." + std::to_string(stage) + "." + std::to_string(i));
      if (found == drop_path_.end()) continue;
      const double peak = regularisation_.drop_path;
      switch (regularisation_.drop_path_schedule) {
        case DropPathSchedule::kGarden:  // the stem comes before, pooling and head after
          found->second = attention[found->first] ? peak : peak * (index + 2) / (blocks + 3);
          break;
        case DropPathSchedule::kFlat:
          found->second = peak;
          break;
        case DropPathSchedule::kTimm:
          found->second = peak * index / blocks;
          break;
      }
    }
  }
}

bool Network::NormIsFrozen(const std::string& scope) const {
  return std::any_of(frozen_norms_.begin(), frozen_norms_.end(), [&](const std::string& frozen) {
    return frozen.empty() || scope == frozen || scope.starts_with(frozen + ".");
  });
}

const Network::Plan& Network::PlanFor(int64_t height, int64_t width) {
  auto& plan = plans_[{height, width}];
  if (plan) return *plan;
  auto made = std::make_shared<Plan>();
  made->graph = Lower(spec_, 1, static_cast<int>(height), static_cast<int>(width));
  const std::vector<Node>& nodes = made->graph.nodes;
  made->uses = CountUses(made->graph);
  made->last_use.assign(nodes.size(), 0);
  made->tensors.resize(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    for (const NodeId id : nodes[i].inputs) made->last_use[Index(id)] = static_cast<int>(i);
    const auto* parameter = std::get_if<Parameter>(&nodes[i].op);
    if (parameter == nullptr) continue;
    const TensorDict& from = IsStatistic(parameter->name) ? statistics_ : parameters_;
    made->tensors[i] = from.at(parameter->name);
  }
  for (const auto& [name, id] : made->graph.outputs) {
    made->last_use[Index(id)] = static_cast<int>(nodes.size());
  }
  // Parameters stand before their first user and have no scope of a block: they end no block.
  for (size_t i = 1; i < nodes.size(); ++i) {
    if (made->tensors[i].defined()) continue;
    const std::string scope = BlockOf(nodes[i].scope);
    if (scope.empty()) continue;
    if (made->blocks.empty() || made->blocks.back().scope != scope) {
      made->blocks.push_back({scope, i, i, Index(nodes[i].inputs[0])});
    }
    made->blocks.back().end = i + 1;
  }
  plan = made;
  return *plan;
}

Tensor Network::Run(const Tensor& pictures, const Draw* draw) {
  MNV4_CHECK(pictures.dim() == 4 && pictures.size(1) == spec_.in_chans);
  const Plan& plan = PlanFor(pictures.size(2), pictures.size(3));
  Pass pass{*this, plan, draw};
  pass.RunAll(pictures);
  return pass.results[Index(plan.graph.outputs.at("logits"))].flatten(1);
}

Tensor Network::Train(const Tensor& pictures, const Draw& draw) { return Run(pictures, &draw); }

Tensor Network::Evaluate(const Tensor& pictures) {
  const torch::NoGradGuard no_grad;
  return Run(pictures, nullptr);
}

std::map<std::string, Tensor> Network::Features(const Tensor& pictures,
                                                const std::vector<std::string>& outputs) {
  const torch::NoGradGuard no_grad;
  const Plan& plan = PlanFor(pictures.size(2), pictures.size(3));
  Pass pass{*this, plan, nullptr};
  pass.RunAll(pictures);
  std::map<std::string, Tensor> features;
  for (const std::string& name : outputs) {
    features[name] = pass.results[Index(plan.graph.outputs.at(name))];
  }
  return features;
}

void Network::To(torch::Device device, torch::Dtype dtype) {
  const torch::NoGradGuard no_grad;
  plans_.clear();
  for (TensorDict* tensors : {&parameters_, &statistics_}) {
    for (auto& [name, tensor] : *tensors) {
      const bool trained = tensor.requires_grad();
      tensor = tensor.detach().to(device, dtype).set_requires_grad(trained);
    }
  }
}

TensorMap Network::Weights() const {
  TensorMap weights = ToTensorMap(parameters_);
  weights.merge(ToTensorMap(statistics_));
  return weights;
}

void Network::Load(const TensorMap& weights) {
  const Graph graph = Bind(Lower(spec_, 1, 64, 64), weights);
  for (const TensorDict* tensors : {&parameters_, &statistics_}) {
    for (const auto& [name, tensor] : *tensors) Assign(graph.weights.at(name), tensor);
  }
}

}  // namespace mnv4::train
