#include "mnv4/runtime/lowering.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>

#include "mnv4/base/check.h"
#include "mnv4/base/error.h"
#include "mnv4/kernels/winograd.h"
#include "mnv4/runtime/conv_source.h"
#include "mnv4/runtime/fp16_range.h"

namespace mnv4::runtime {
namespace {

using kernels::ConvKernel;
using kernels::ConvProblem;
using kernels::Desc;
using kernels::Layout;

class Lowering {
 public:
  Lowering(const Graph& graph, const PlanOptions& options, PackedWeights& packed)
      : graph_(graph),
        options_(options),
        isa_(UsableIsa(options)),
        conv_table_(ConvTable(options, isa_)),
        packed_(packed),
        residual_of_(graph.nodes.size()),
        fused_into_(graph.nodes.size()),
        slot_of_(graph.nodes.size(), -1) {}

  LoweredGraph Run() {
    FuseResiduals();
    MakeSlots();
    ChooseLayouts();
    EmitSteps();
    return std::move(out_);
  }

 private:
  // Walk 1 -------------------------------------------------------------------------------------

  void FuseResiduals() {
    const std::vector<int> uses = CountUses(graph_);
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (!std::holds_alternative<Add>(graph_.nodes[i].op)) continue;
      NodeId later = graph_.nodes[i].inputs[0];
      NodeId earlier = graph_.nodes[i].inputs[1];
      if (later < earlier) std::swap(later, earlier);
      // The convolution must run after the other operand, and nobody else may want its own result.
      const auto* conv = std::get_if<Conv2d>(&graph_.at(later).op);
      if (conv == nullptr || conv->activation != Activation::kNone || uses[Index(later)] != 1 ||
          later == earlier) {
        continue;
      }
      residual_of_[Index(later)] = earlier;
      fused_into_[Index(later)] = NodeId{static_cast<int32_t>(i)};
    }
  }

  void MakeSlots() {
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      if (std::holds_alternative<Parameter>(node.op) || fused_into_[i].has_value()) continue;
      const Shape& shape = node.type.shape;
      MNV4_CHECK(shape.size() == 4);
      Slot slot;
      slot.desc.layout = i == 0 ? Layout::kNhwc : Layout::kC16;
      slot.desc.n = static_cast<int>(shape[0]);
      slot.desc.h = static_cast<int>(shape[1]);
      slot.desc.w = static_cast<int>(shape[2]);
      slot.desc.c = static_cast<int>(shape[3]);
      slot_of_[i] = static_cast<int>(out_.slots.size());
      out_.slots.push_back(slot);
    }
    // A fused convolution writes what its Add would have written.
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (fused_into_[i].has_value()) slot_of_[i] = slot_of_[Index(*fused_into_[i])];
    }
  }

  int SlotOf(NodeId id) const { return slot_of_[Index(id)]; }
  Desc& DescOf(NodeId id) { return out_.slots[static_cast<size_t>(SlotOf(id))].desc; }

  // Walk 2 -------------------------------------------------------------------------------------

  void ChooseLayouts() {
    layout_settled_.assign(out_.slots.size(), false);
    type_settled_.assign(out_.slots.size(), false);
    halo_settled_.assign(out_.slots.size(), false);
    layout_settled_[0] = type_settled_[0] = true;  // the picture
    for (size_t i = 0; i < graph_.nodes.size(); ++i) SettleC16(NodeId{static_cast<int32_t>(i)});
    SettleTypes();
    for (size_t i = graph_.nodes.size(); i-- > 0;) {
      const NodeId id{static_cast<int32_t>(i)};
      if (std::holds_alternative<Multiply>(graph_.at(id).op)) {
        const std::vector<NodeId>& inputs = graph_.at(id).inputs;
        SettleType(inputs[1], DType::kF32);
        SettleType(inputs[0], DescOf(id).dtype);  // so that a depthwise convolution may write it
      }
      const std::optional<ConvSource> source = ConvSourceOf(id);
      if (source.has_value()) AskForInput(id, *source);
    }
  }

  void SettleType(NodeId id, DType dtype) {
    const auto slot = static_cast<size_t>(SlotOf(id));
    if (!type_settled_[slot]) out_.slots[slot].desc.dtype = dtype;
    type_settled_[slot] = true;
  }

  // What operators that are no convolutions can only read or write as C16.
  void SettleC16(NodeId id) {
    const Op& op = graph_.at(id).op;
    const bool attention = std::holds_alternative<Attention>(op);
    const bool pool = std::holds_alternative<Pool2d>(op) && !ConvSourceOf(id).has_value();
    for (const NodeId input : graph_.at(id).inputs) {
      if (!attention && !pool) break;
      layout_settled_[static_cast<size_t>(SlotOf(input))] = true;
    }
    const bool glue = std::holds_alternative<Activate>(op) ||
                      std::holds_alternative<ChannelScale>(op) || IsAddOfItsOwn(id);
    if (pool || glue) layout_settled_[static_cast<size_t>(SlotOf(id))] = true;
  }

  // Settles as float32, which slots are from the start, what must be so: both sides of a
  // convolution and inputs of attention whose fp16 sums might overflow, or whose kernel reads
  // nothing else. Inputs of attention have one type, and so have both sides of a depthwise kernel:
  // if one is settled, all are.
  void SettleTypes() {
    const bool has_fp16 = isa_.Has(Isa::kFp16) || isa_.Has(Isa::kNeonFp16);
    const bool computes_fp16 = has_fp16 && !options_.reference;
    std::vector<std::vector<NodeId>> alike;
    std::vector<NodeId> read_as_fp16;
    for (size_t i = 1; i < graph_.nodes.size(); ++i) {
      const NodeId id{static_cast<int32_t>(i)};
      const std::vector<NodeId>& inputs = graph_.at(id).inputs;
      if (const auto* attention = std::get_if<Attention>(&graph_.at(id).op)) {
        if (AttentionType(id) == DType::kF32) {
          for (const NodeId input : inputs) SettleType(input, DType::kF32);
        } else if (ScoresMayPassFp16(DescOf(inputs[0]).c / attention->heads, attention->scale)) {
          Keep(id, inputs);
        } else {
          alike.push_back(inputs);
          read_as_fp16.insert(read_as_fp16.end(), inputs.begin(), inputs.end());
        }
      }
      const std::optional<ConvSource> source = ConvSourceOf(id);
      if (!source.has_value()) continue;
      const std::vector<NodeId> sides = {inputs[0], id};
      if (WithDescs(source->problem, id).depthwise()) alike.push_back(sides);
      if (computes_fp16 && MayOverflow(*source, id)) Keep(id, sides);
    }
    const auto is_settled = [&](NodeId id) {
      return type_settled_[static_cast<size_t>(SlotOf(id))];
    };
    for (bool changed = true; changed;) {
      changed = false;
      for (const std::vector<NodeId>& tensors : alike) {
        const auto settled = std::ranges::count_if(tensors, is_settled);
        if (settled == 0 || settled == std::ssize(tensors)) continue;
        for (const NodeId tensor : tensors) SettleType(tensor, DType::kF32);
        changed = true;
      }
    }
    for (const NodeId input : read_as_fp16) SettleType(input, DType::kF16);
  }

  void Keep(NodeId id, const std::vector<NodeId>& tensors) {
    for (const NodeId tensor : tensors) SettleType(tensor, DType::kF32);
    out_.kept_float32.push_back(graph_.at(id).scope);
  }

  bool MayOverflow(const ConvSource& source, NodeId id) {
    const bool quads = WithDescs(source.problem, id).in_squares(2);
    std::vector<float> copy;
    return MayPassFp16(WeightsOf(graph_, source, copy), FloatsIfAny(source.scale),
                       FloatsIfAny(source.bias), static_cast<size_t>(graph_.at(id).type.shape[3]),
                       quads ? kernels::kQuadGrowth : 1);
  }

  // What the first row that takes this attention would like to read.
  DType AttentionType(NodeId id) {
    if (options_.reference) return DType::kF32;
    for (const kernels::AttentionKernel& kernel : kernels::AttentionKernels(isa_)) {
      kernels::AttentionProblem problem = ProblemOf(id);
      problem.q.dtype = problem.k.dtype = problem.v.dtype = kernel.x_type;
      if (kernel.accepts(problem)) return kernel.x_type;
    }
    return DType::kF32;
  }

  void AskForInput(NodeId id, const ConvSource& source) {
    const auto x = static_cast<size_t>(SlotOf(graph_.at(id).inputs[0]));
    Desc& desc = out_.slots[x].desc;
    for (const ConvKernel* row : conv_table_) {
      const ConvKernel& kernel = *row;
      if (IsReference(kernel)) return;  // takes what it gets
      if (layout_settled_[x] && kernel.x != desc.layout) continue;
      if (type_settled_[x] && kernel.x_type != desc.dtype) continue;
      if (kernel.wants_halo && halo_settled_[x] && desc.halo != source.problem.pad) continue;
      ConvProblem problem = WithDescs(source.problem, id);
      problem.x.layout = kernel.x;
      problem.x.dtype = kernel.x_type;
      if (kernel.wants_halo) problem.x.halo = source.problem.pad;
      if (!kernel.accepts(problem)) continue;
      const bool lines = kernel.x == Layout::kLine64 && !layout_settled_[x];
      if (lines && !CanWriteLines(graph_.at(id).inputs[0])) continue;
      desc = problem.x;
      layout_settled_[x] = type_settled_[x] = true;
      halo_settled_[x] = halo_settled_[x] || kernel.wants_halo;
      return;
    }
  }

  // Whether the writer of a tensor has a kernel that writes lines. One that reads lines itself
  // wants them from its own writer, and from nobody who also serves a depthwise convolution.
  bool CanWriteLines(NodeId id) {
    const Op& op = graph_.at(id).op;
    if (std::holds_alternative<Attention>(op) || std::holds_alternative<Multiply>(op)) return true;
    if (std::holds_alternative<Add>(op) && !IsAddOfItsOwn(id)) {
      const auto conv = std::ranges::find(fused_into_, std::optional(id)) - fused_into_.begin();
      return CanWriteLines(NodeId{static_cast<int32_t>(conv)});
    }
    const std::optional<ConvSource> source = ConvSourceOf(id);
    if (!source.has_value()) return false;
    const NodeId input = graph_.at(id).inputs[0];
    const auto x = static_cast<size_t>(SlotOf(input));
    ConvProblem problem = WithDescs(source->problem, id);
    problem.y.layout = Layout::kLine64;
    problem.y.dtype = DType::kBF16;
    for (const ConvKernel* kernel : conv_table_) {
      if (IsReference(*kernel)) return false;
      if (layout_settled_[x] && kernel->x != out_.slots[x].desc.layout) continue;
      if (type_settled_[x] && kernel->x_type != out_.slots[x].desc.dtype) continue;
      problem.x.layout = kernel->x;
      problem.x.dtype = kernel->x_type;
      problem.x.halo = kernel->wants_halo ? problem.pad : out_.slots[x].desc.halo;
      if (!kernel->accepts(problem)) continue;
      return kernel->x != Layout::kLine64 || (CanWriteLines(input) && !FeedsDepthwise(input));
    }
    return false;
  }

  bool FeedsDepthwise(NodeId id) {
    for (size_t i = 1; i < graph_.nodes.size(); ++i) {
      const NodeId reader{static_cast<int32_t>(i)};
      const std::optional<ConvSource> source = ConvSourceOf(reader);
      if (source.has_value() && graph_.nodes[i].inputs[0] == id &&
          WithDescs(source->problem, reader).depthwise()) {
        return true;
      }
    }
    return false;
  }

  // Walk 3 -------------------------------------------------------------------------------------

  void EmitSteps() {
    out_.slots[0].first_step = -1;
    for (size_t i = 1; i < graph_.nodes.size(); ++i) {
      const NodeId id{static_cast<int32_t>(i)};
      if (std::holds_alternative<Parameter>(graph_.at(id).op)) continue;
      EmitStep(id);
    }
    const int end = static_cast<int>(out_.steps.size());
    for (const auto& [name, id] : graph_.outputs) {
      out_.named_slots[name] = SlotOf(id);
      out_.slots[static_cast<size_t>(SlotOf(id))].last_step = end;
    }
    out_.named_slots["input"] = 0;
  }

  void EmitStep(NodeId id) {
    const Op& op = graph_.at(id).op;
    if (const std::optional<ConvSource> source = ConvSourceOf(id)) {
      EmitConv(id, *source);
    } else if (std::holds_alternative<Attention>(op)) {
      EmitAttention(id);
    } else if (std::holds_alternative<Pool2d>(op)) {
      EmitPool(id);
    } else if (std::holds_alternative<Add>(op)) {
      if (IsAddOfItsOwn(id)) EmitPointwise(id, graph_.at(id).inputs[1], Activation::kNone);
    } else if (const auto* activate = std::get_if<Activate>(&op)) {
      EmitPointwise(id, std::nullopt, activate->activation);
    } else if (std::holds_alternative<ChannelScale>(op) || std::holds_alternative<Multiply>(op)) {
      EmitPointwise(id, std::nullopt, Activation::kNone);
    } else {
      throw Unsupported(id);
    }
  }

  void EmitConv(NodeId id, const ConvSource& source) {
    ConvStep step;
    step.problem = WithDescs(source.problem, id);
    step.kernel = KernelFor(step.problem, true);
    if (step.kernel != nullptr && step.kernel->stored == DType::kF16 && !FitsFp16(source, id)) {
      step.kernel = KernelFor(step.problem, false);
      out_.kept_float32.push_back(graph_.at(id).scope);
    }
    if (step.kernel == nullptr) throw Unsupported(id);
    step.packed = packed_.GetOrPack(
        {source.weight, step.kernel->name}, step.kernel->packed_bytes(step.problem),
        [&](void* packed) { Pack(*step.kernel, step.problem, source, packed); });
    step.x = Read(graph_.at(id).inputs[0]);
    if (const auto residual = residual_of_[Index(id)]) step.residual = Read(*residual);
    step.y = Write(id);
    Append(id, std::move(step));
  }

  const ConvKernel* KernelFor(const ConvProblem& problem, bool may_be_stored) const {
    for (const ConvKernel* kernel : conv_table_) {
      if (kernel->stored != DType::kF32 && !may_be_stored) continue;
      const bool fits = kernel->x == problem.x.layout && kernel->x_type == problem.x.dtype &&
                        (!kernel->wants_halo || problem.x.halo == problem.pad);
      if ((fits || IsReference(*kernel)) && kernel->accepts(problem)) return kernel;
    }
    return nullptr;
  }

  bool FitsFp16(const ConvSource& source, NodeId id) const {
    std::vector<float> copy;
    return FitFp16(WeightsOf(graph_, source, copy), FloatsIfAny(source.scale),
                   static_cast<size_t>(graph_.at(id).type.shape[3]));
  }

  void Pack(const ConvKernel& kernel, const ConvProblem& problem, const ConvSource& source,
            void* packed) const {
    std::vector<float> copy;
    const std::span<const float> weights = WeightsOf(graph_, source, copy);
    kernel.pack(problem, weights.data(), FloatsIfAny(source.scale), FloatsIfAny(source.bias),
                packed);
  }

  void EmitAttention(NodeId id) {
    const std::vector<NodeId>& inputs = graph_.at(id).inputs;
    AttentionStep step;
    step.problem = ProblemOf(id);
    step.kernel = FirstThatAccepts(kernels::AttentionKernels(isa_), step.problem, id);
    step.q = Read(inputs[0]);
    step.k = Read(inputs[1]);
    step.v = Read(inputs[2]);
    step.y = Write(id);
    Append(id, std::move(step));
  }

  void EmitPool(NodeId id) {
    const auto& op = std::get<Pool2d>(graph_.at(id).op);
    const NodeId x = graph_.at(id).inputs[0];
    PoolStep step;
    step.problem = {.x = DescOf(x),
                    .y = DescOf(id),
                    .global = op.kind == PoolKind::kGlobalAverage,
                    .kernel = op.kernel,
                    .stride = op.stride};
    step.kernel = FirstThatAccepts(kernels::PoolKernels(isa_), step.problem, id);
    step.x = Read(x);
    step.y = Write(id);
    Append(id, std::move(step));
  }

  void EmitPointwise(NodeId id, std::optional<NodeId> b, Activation activation) {
    const std::vector<NodeId>& inputs = graph_.at(id).inputs;
    PointwiseStep step;
    step.problem = {.a = DescOf(inputs[0]),
                    .y = DescOf(id),
                    .has_b = b.has_value(),
                    .b = b.has_value() ? DescOf(*b) : Desc{},
                    .activation = activation};
    if (std::holds_alternative<Multiply>(graph_.at(id).op)) {
      step.problem.has_gate = true;
      step.problem.gate = DescOf(inputs[1]);
      step.gate = Read(inputs[1]);
    }
    step.kernel = FirstThatAccepts(kernels::PointwiseKernels(isa_), step.problem, id);
    if (std::holds_alternative<ChannelScale>(graph_.at(id).op)) {
      const size_t lanes = static_cast<size_t>(step.problem.y.blocks()) * kernels::kBlock;
      auto buffer = std::make_shared<AlignedBuffer>(2 * lanes * sizeof(float));
      std::ranges::copy(Floats(inputs[1]), buffer->as<float>());
      if (inputs.size() > 2) std::ranges::copy(Floats(inputs[2]), buffer->as<float>() + lanes);
      step.scale_bias = std::move(buffer);
    }
    step.a = Read(inputs[0]);
    if (b.has_value()) step.b = Read(*b);
    step.y = Write(id);
    Append(id, std::move(step));
  }

  // Helpers ------------------------------------------------------------------------------------

  std::optional<ConvSource> ConvSourceOf(NodeId id) const {
    return runtime::ConvSourceOf(graph_, id);
  }

  kernels::AttentionProblem ProblemOf(NodeId id) {
    const auto& op = std::get<Attention>(graph_.at(id).op);
    const std::vector<NodeId>& inputs = graph_.at(id).inputs;
    return {.q = DescOf(inputs[0]),
            .k = DescOf(inputs[1]),
            .v = DescOf(inputs[2]),
            .y = DescOf(id),
            .heads = op.heads,
            .kv_heads = op.kv_heads,
            .scale = static_cast<float>(op.scale)};
  }

  ConvProblem WithDescs(ConvProblem problem, NodeId id) {
    problem.x = DescOf(graph_.at(id).inputs[0]);
    problem.y = DescOf(id);
    if (const auto residual = residual_of_[Index(id)]) {
      problem.has_residual = true;
      problem.residual = DescOf(*residual);
    }
    return problem;
  }

  // An Add that no convolution has taken over.
  bool IsAddOfItsOwn(NodeId id) const {
    return std::holds_alternative<Add>(graph_.at(id).op) &&
           std::ranges::find(fused_into_, std::optional(id)) == fused_into_.end();
  }

  static std::vector<const ConvKernel*> ConvTable(const PlanOptions& options, IsaSet isa) {
    std::vector<const ConvKernel*> table;
    if (options.reference) return {&kernels::ConvKernels(isa).back()};
    for (const ConvKernel& kernel : options.first_kernels) table.push_back(&kernel);
    for (const ConvKernel& kernel : kernels::StoredConvKernels(isa)) {
      if (kernel.stored == StoredType(options)) table.push_back(&kernel);
    }
    for (const ConvKernel& kernel : kernels::ConvKernels(isa)) table.push_back(&kernel);
    return table;
  }
  bool IsReference(const ConvKernel& kernel) const { return &kernel == conv_table_.back(); }

  template <class Kernel, class Problem>
  const Kernel* FirstThatAccepts(std::span<const Kernel> table, const Problem& problem,
                                 NodeId id) const {
    if (options_.reference) table = table.last(1);
    for (const Kernel& kernel : table) {
      if (kernel.accepts(problem)) return &kernel;
    }
    throw Unsupported(id);
  }

  std::vector<float> Floats(NodeId id) const {
    return ToFloats(graph_.weights.at(std::get<Parameter>(graph_.at(id).op).name));
  }

  std::vector<float> FloatsIfAny(std::optional<NodeId> id) const {
    return id.has_value() ? Floats(*id) : std::vector<float>();
  }

  int Read(NodeId id) {
    const int slot = SlotOf(id);
    out_.slots[static_cast<size_t>(slot)].last_step = static_cast<int>(out_.steps.size());
    return slot;
  }
  int Write(NodeId id) {
    const int slot = SlotOf(id);
    Slot& written = out_.slots[static_cast<size_t>(slot)];
    written.first_step = written.last_step = static_cast<int>(out_.steps.size());
    return slot;
  }
  template <class Run>
  void Append(NodeId id, Run run) {
    out_.steps.push_back({graph_.at(id).scope, std::move(run)});
  }
  Error Unsupported(NodeId id) const {
    return Error(ErrorCode::kUnsupported,
                 fmt::format("{}: no kernel runs this operator", graph_.at(id).scope));
  }

  const Graph& graph_;
  const PlanOptions& options_;
  const IsaSet isa_;  // what the precision may use
  const std::vector<const ConvKernel*> conv_table_;
  PackedWeights& packed_;
  std::vector<std::optional<NodeId>> residual_of_;  // by convolution: what is added to it
  std::vector<std::optional<NodeId>> fused_into_;   // by convolution: the Add it stands for
  std::vector<int> slot_of_;                        // by node; -1: parameters
  std::vector<bool> layout_settled_, type_settled_, halo_settled_;  // by slot
  LoweredGraph out_;
};

}  // namespace

LoweredGraph LowerToSteps(const Graph& graph, const PlanOptions& options, PackedWeights& packed) {
  return Lowering(graph, options, packed).Run();
}

}  // namespace mnv4::runtime
