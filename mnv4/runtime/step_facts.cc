#include "mnv4/runtime/step_facts.h"

#include <fmt/format.h>

#include "mnv4/base/check.h"

namespace mnv4::runtime {
namespace {

using kernels::ConvProblem;
using kernels::Desc;

int64_t Elements(const Desc& desc) { return int64_t{desc.n} * desc.h * desc.w * desc.c; }

const char* PrecisionOf(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "fp32";
    case DType::kF16:
      return "fp16";
    case DType::kBF16:
      return "bf16";
    case DType::kI8:
    case DType::kU8:
      return "int8";
    default:
      return Name(dtype);
  }
}

template <class Buffer>
int64_t SizeOfBuffer(const std::shared_ptr<const Buffer>& buffer) {
  return buffer == nullptr ? 0 : static_cast<int64_t>(buffer->size());
}

// " s2", " s2x1" or nothing for steps of one.
std::string StepsText(const char* letter, Size2 steps) {
  if (steps == Size2{1, 1}) return "";
  if (steps.h == steps.w) return fmt::format(" {}{}", letter, steps.h);
  return fmt::format(" {}{}x{}", letter, steps.h, steps.w);
}

StepKind KindOf(const ConvProblem& p, bool reads_picture) {
  if (reads_picture) return StepKind::kStem;
  if (p.depthwise()) return StepKind::kDepthwise;
  if (p.groups > 1) return StepKind::kGrouped;
  if (p.kernel != Size2{1, 1}) return StepKind::kDense;
  return p.x.h == 1 && p.x.w == 1 ? StepKind::kLinear : StepKind::kPointwise;
}

std::string WhatOf(const ConvProblem& p, StepKind kind) {
  if (kind == StepKind::kLinear) return fmt::format("linear {}->{}", p.x.c, p.y.c);
  const std::string size = fmt::format("{}x{}{}{}", p.kernel.h, p.kernel.w,
                                       StepsText("s", p.stride), StepsText("d", p.dilation));
  if (p.depthwise()) return fmt::format("depthwise {} {}", size, p.x.c);
  const std::string groups = p.groups > 1 ? fmt::format(" g{}", p.groups) : "";
  return fmt::format("conv {}{} {}->{}", size, groups, p.x.c, p.y.c);
}

DType MultipliedBy(const kernels::ConvKernel& kernel, const ConvProblem& p) {
  switch (kernel.needs) {
    case Isa::kAmx:
    case Isa::kBf16:  // depthwise kernels widen what they read; the stem narrows it
      return p.depthwise() ? DType::kF32 : DType::kBF16;
    case Isa::kFp16:
    case Isa::kNeonFp16:
      return DType::kF16;
    default:
      return DType::kF32;
  }
}

// An overload for each kind of step: the compiler names one that is missing. FactsOf fills in what
// is the same for all: the kernel, the output, and the bytes, which follow from the slots.
struct FactsRule {
  const Plan& plan;

  StepFacts operator()(const ConvStep& step) const {
    const ConvProblem& p = step.problem;
    StepFacts facts;
    facts.kind = KindOf(p, step.x == plan.SlotOf("input"));
    facts.what = WhatOf(p, facts.kind);
    facts.precision = PrecisionOf(MultipliedBy(*step.kernel, p));
    facts.macs = Elements(p.y) * p.kernel.h * p.kernel.w * (p.x.c / p.groups);
    facts.products = step.kernel->products * static_cast<double>(facts.macs);
    facts.weight_bytes = SizeOfBuffer(step.packed);
    facts.inputs = {step.x};
    if (p.activation != Activation::kNone) facts.fused.push_back(Name(p.activation));
    if (p.has_residual) {
      facts.fused.push_back("add");
      facts.inputs.push_back(step.residual);
    }
    return facts;
  }

  StepFacts operator()(const AttentionStep& step) const {
    const kernels::AttentionProblem& p = step.problem;
    StepFacts facts;
    facts.kind = StepKind::kAttention;
    facts.what = fmt::format("attention {} heads", p.heads);
    facts.precision = PrecisionOf(p.q.dtype);
    facts.macs = 2 * Elements(p.y) * p.k.h * p.k.w;
    facts.products = static_cast<double>(facts.macs);
    facts.inputs = {step.q, step.k, step.v};
    return facts;
  }

  StepFacts operator()(const PoolStep& step) const {
    const kernels::PoolProblem& p = step.problem;
    StepFacts facts;
    facts.kind = StepKind::kPool;
    facts.what =
        p.global ? fmt::format("global average {}x{}", p.x.h, p.x.w)
                 : fmt::format("average {}x{}{}", p.kernel.h, p.kernel.w, StepsText("s", p.stride));
    facts.precision = PrecisionOf(DType::kF32);
    facts.inputs = {step.x};
    return facts;
  }

  StepFacts operator()(const PointwiseStep& step) const {
    const kernels::PointwiseProblem& p = step.problem;
    std::vector<std::string> parts;
    if (step.scale_bias != nullptr) parts.push_back("scale");
    if (p.has_gate) parts.push_back("multiply");
    if (p.has_b) parts.push_back("add");
    if (p.activation != Activation::kNone) parts.push_back(Name(p.activation));
    StepFacts facts;
    facts.kind = StepKind::kElementwise;
    facts.what = fmt::format("{}", fmt::join(parts, " "));
    facts.precision = PrecisionOf(DType::kF32);
    facts.weight_bytes = SizeOfBuffer(step.scale_bias);
    facts.inputs = {step.a};
    if (p.has_b) facts.inputs.push_back(step.b);
    if (p.has_gate) facts.inputs.push_back(step.gate);
    return facts;
  }
};

}  // namespace

const char* Name(StepKind kind) {
  switch (kind) {
    case StepKind::kStem:
      return "stem";
    case StepKind::kDense:
      return "dense";
    case StepKind::kPointwise:
      return "1x1";
    case StepKind::kDepthwise:
      return "depthwise";
    case StepKind::kGrouped:
      return "grouped";
    case StepKind::kLinear:
      return "linear";
    case StepKind::kAttention:
      return "attention";
    case StepKind::kPool:
      return "pool";
    case StepKind::kElementwise:
      return "elementwise";
  }
  return "";
}

StepFacts FactsOf(const Plan& plan, const Step& step) {
  StepFacts facts = std::visit(FactsRule{plan}, step.run);
  facts.kernel = std::visit([](const auto& run) { return run.kernel->name; }, step.run);
  facts.output = std::visit([](const auto& run) { return run.y; }, step.run);
  const auto bytes_of = [&](int slot) {
    MNV4_CHECK(slot >= 0);
    return static_cast<int64_t>(plan.slots()[static_cast<size_t>(slot)].desc.bytes());
  };
  for (const int slot : facts.inputs) facts.read_bytes += bytes_of(slot);
  facts.written_bytes = bytes_of(facts.output);
  return facts;
}

}  // namespace mnv4::runtime
