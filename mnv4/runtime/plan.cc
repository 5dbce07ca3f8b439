#include "mnv4/runtime/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "mnv4/base/caches.h"
#include "mnv4/base/error.h"
#include "mnv4/graph/passes/passes.h"
#include "mnv4/runtime/arena.h"
#include "mnv4/runtime/lowering.h"

namespace mnv4::runtime {
namespace {

// Keeps "logits" (or what stands for it in a network without a classifier) and the features asked
// for.
Graph KeepOutputs(Graph graph, const std::vector<std::string>& features) {
  std::map<std::string, NodeId> kept;
  const std::string main = graph.outputs.contains("logits") ? "logits" : "pre_logits";
  for (const std::string& name : features) {
    const auto found = graph.outputs.find(name);
    if (found == graph.outputs.end()) {
      std::string known;
      for (const auto& output : graph.outputs) known += " " + output.first;
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("feature '{}': this network has{}", name, known));
    }
    kept.insert(*found);
  }
  if (const auto found = graph.outputs.find(main); found != graph.outputs.end()) {
    kept.insert({"logits", found->second});
  }
  graph.outputs = std::move(kept);
  return graph;
}

size_t ScratchOf(const Step& step) {
  if (const auto* conv = std::get_if<ConvStep>(&step.run)) {
    return conv->kernel->scratch_bytes(conv->problem);
  }
  if (const auto* attention = std::get_if<AttentionStep>(&step.run)) {
    return attention->kernel->scratch_bytes(attention->problem);
  }
  return 0;
}

bool HasArithmetic(Precision precision, IsaSet isa) {
  switch (precision) {
    case Precision::kF32:
      return true;
    case Precision::kBf16:
      return isa.Has(Isa::kBf16) && (!isa.Has(Isa::kAmx) || MayUseTiles());
    case Precision::kF16:
      return isa.Has(Isa::kFp16) || isa.Has(Isa::kNeonFp16);
  }
  return false;
}

// bf16 on tiles is the fastest; else both of 16 bits run at twice the rate of float32, and bf16
// cannot overflow.
Precision FastestOf(IsaSet isa) {
  for (const Precision precision : {Precision::kBf16, Precision::kF16}) {
    if (HasArithmetic(precision, isa)) return precision;
  }
  return Precision::kF32;
}

}  // namespace

const char* Name(Precision precision) {
  switch (precision) {
    case Precision::kF32:
      return "fp32";
    case Precision::kBf16:
      return "bf16";
    case Precision::kF16:
      return "fp16";
  }
  return "";
}

IsaSet UsableIsa(const PlanOptions& options) {
  IsaSet isa = options.isa;
  const bool has = HasArithmetic(options.precision, isa);
  if (options.precision != Precision::kBf16 || !has) {
    isa = isa.Without(Isa::kBf16).Without(Isa::kAmx);
  }
  if (options.precision != Precision::kF16) {
    isa = isa.Without(Isa::kFp16).Without(Isa::kNeonFp16);
  }
  return isa;
}

DType StoredType(const PlanOptions& options) {
  if (HasArithmetic(options.precision, options.isa)) return DType::kF32;
  if (kernels::StoredConvKernels(UsableIsa(options)).empty()) return DType::kF32;
  return options.precision == Precision::kBf16 ? DType::kBF16 : DType::kF16;
}

std::string PrecisionText(const PlanOptions& options) {
  if (HasArithmetic(options.precision, options.isa)) return Name(options.precision);
  if (StoredType(options) == DType::kF32) return Name(Precision::kF32);
  return fmt::format("{} weights, fp32 arithmetic", Name(options.precision));
}

Precision ParsePrecision(std::string_view name, IsaSet isa) {
  if (name == "auto") return FastestOf(isa);
  for (const Precision precision : {Precision::kF32, Precision::kBf16, Precision::kF16}) {
    if (name == Name(precision)) return precision;
  }
  if (name == "int8") {
    throw Error(ErrorCode::kUnsupported,
                "precision int8: this version computes in fp32, bf16 and fp16");
  }
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("precision '{}': expected fp32, bf16, fp16 or auto", name));
}

namespace {

// Layers of a single pixel, those after pooling, use every weight once, as fast as it comes. Where
// the weights of a network leave the caches between two runs, that is as fast as memory gives them,
// while the layers before hardly need it: beside each line of their own weights they fetch one of
// those (AMD Zen 5: 0.6 of the time of these layers, 0.99 of Conv-M's).
void FetchSinglePixelsEarly(std::vector<Step>& steps) {
  constexpr size_t kCacheShare = 2;  // of the last cache: others use it too
  size_t bytes = 0;
  for (const Step& step : steps) {
    if (const auto* conv = std::get_if<ConvStep>(&step.run)) bytes += conv->packed->size();
  }
  if (bytes <= MachineCaches().back().bytes / kCacheShare) return;

  std::vector<kernels::LaterWeights> ahead;  // what nobody fetches yet, the last layer's first
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    auto* conv = std::get_if<ConvStep>(&step->run);
    if (conv == nullptr) continue;
    const kernels::ConvProblem& p = conv->problem;
    if (p.single_pixel()) {
      ahead.push_back({.bytes = {conv->packed->data(), conv->packed->size()}, .to = 1});
    } else if (!ahead.empty() && p.groups == 1) {
      kernels::LaterWeights& later = ahead.front();
      const double part =
          static_cast<double>(conv->packed->size()) / static_cast<double>(later.bytes.size());
      conv->later = {later.bytes, std::max(0.0, later.to - part), later.to};
      later.to = conv->later.from;
      if (later.to == 0) ahead.erase(ahead.begin());
    }
  }
}

}  // namespace

Plan::Plan(Graph graph, const PlanOptions& options, PackedWeights& packed, ThreadPool* pool) {
  graph = OptimizeForInference(KeepOutputs(std::move(graph), options.features));
  input_shape_ = graph.nodes.front().type.shape;

  if (!options.packed_folder.empty()) {
    const auto network = [&] {
      return PackedNetwork(graph.weights, UsableIsa(options), Name(options.precision), pool);
    };
    packed.Open(options.packed_folder, network, pool);
  }
  LoweredGraph lowered = LowerToSteps(graph, options, packed);
  try {
    packed.Save();
  } catch (const Error& error) {
    if (options.on_unwritten) options.on_unwritten(error);
  }
  steps_ = std::move(lowered.steps);
  slots_ = std::move(lowered.slots);
  named_slots_ = std::move(lowered.named_slots);
  kept_float32_ = std::move(lowered.kept_float32);

  for (const Step& step : steps_) {
    scratch_bytes_ = std::max(scratch_bytes_, ScratchOf(step));
    if (const auto* conv = std::get_if<ConvStep>(&step.run)) {
      conv->kernel->units(conv->problem, 1);  // what kernels ask of the machine, they ask now
    }
  }
  FetchSinglePixelsEarly(steps_);
  arena_bytes_ = PlanArena(slots_);
}

int Plan::SlotOf(const std::string& name) const {
  const auto found = named_slots_.find(name);
  if (found == named_slots_.end()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("output '{}' is not in this plan; ask for it as a feature", name));
  }
  return found->second;
}

size_t Plan::packed_bytes() const {
  std::set<const PackedWeight*> counted;
  size_t bytes = 0;
  for (const Step& step : steps_) {
    const auto* conv = std::get_if<ConvStep>(&step.run);
    if (conv != nullptr && counted.insert(conv->packed.get()).second) bytes += conv->packed->size();
  }
  return bytes;
}

}  // namespace mnv4::runtime
