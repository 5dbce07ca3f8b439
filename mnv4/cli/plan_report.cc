#include "mnv4/cli/plan_report.h"

#include <fmt/format.h>

#include <vector>

#include "mnv4/runtime/step_facts.h"

namespace mnv4::cli {
namespace {

using kernels::Layout;

const runtime::Slot& SlotAt(const runtime::Plan& plan, int slot) {
  return plan.slots()[static_cast<size_t>(slot)];
}

const char* Name(Layout layout) {
  switch (layout) {
    case Layout::kNhwc:
      return "NHWC";
    case Layout::kC16:
      return "C16";
    case Layout::kLine64:
      return "Line64";
  }
  return "";
}

double Megabytes(size_t bytes) { return static_cast<double>(bytes) / 1e6; }

Json SlotJson(const runtime::Slot& slot) {
  const kernels::Desc& desc = slot.desc;
  return Json::Object{
      {"shape", Json::Array{desc.n, desc.h, desc.w, desc.c}},
      {"dtype", Name(desc.dtype)},
      {"layout", Name(desc.layout)},
      {"halo", Json::Array{desc.halo.top, desc.halo.left, desc.halo.bottom, desc.halo.right}},
      {"bytes", desc.bytes()},
      {"arena_offset", slot.offset},
      {"from_step", slot.first_step}};
}

// The layers that are not computed as the precision says; nothing if there are none.
std::string KeptText(const runtime::Plan& plan) {
  if (plan.kept_float32().empty()) return "";
  return fmt::format("in fp32      {}: their weights or sums might pass 65504, where fp16 ends\n",
                     fmt::join(plan.kept_float32(), ", "));
}

}  // namespace

std::string LayoutText(const kernels::Desc& desc) {
  const Padding& halo = desc.halo;
  if (desc.dense()) return Name(desc.layout);
  if (halo == Padding{halo.top, halo.top, halo.top, halo.top}) {
    return fmt::format("{}+{}", Name(desc.layout), halo.top);
  }
  return fmt::format("{}+{}/{}/{}/{}", Name(desc.layout), halo.top, halo.left, halo.bottom,
                     halo.right);
}

std::string PlanText(const runtime::Plan& plan, const runtime::PlanOptions& options,
                     const Style& style) {
  Table table({">step", "layer", "what", "fused", "kernel", "reads", "writes", "h w c",
               ">packed kB", ">arena at"});
  for (size_t i = 0; i < plan.steps().size(); ++i) {
    const runtime::Step& step = plan.steps()[i];
    const runtime::StepFacts facts = FactsOf(plan, step);
    std::vector<std::string> reads;
    for (const int slot : facts.inputs) reads.push_back(LayoutText(SlotAt(plan, slot).desc));
    const runtime::Slot& output = SlotAt(plan, facts.output);
    table.Add({fmt::format("{}", i), step.scope, facts.what,
               fmt::format("{}", fmt::join(facts.fused, ", ")), facts.kernel,
               fmt::format("{}", fmt::join(reads, ", ")), LayoutText(output.desc),
               fmt::format("{} {} {}", output.desc.h, output.desc.w, output.desc.c),
               fmt::format("{:.1f}", static_cast<double>(facts.weight_bytes) / 1e3),
               fmt::format("{}", output.offset)});
  }
  return fmt::format(
      "plan         {} steps, {} on {}: {:.2f} MB of packed weights, {:.2f} MB arena, {:.2f} MB "
      "scratch a thread\n{}\n{}",
      plan.steps().size(), PrecisionText(options), ToString(options.isa),
      Megabytes(plan.packed_bytes()), Megabytes(plan.arena_bytes()),
      Megabytes(plan.scratch_bytes()), KeptText(plan), table.Text(style));
}

Json PlanJson(const runtime::Plan& plan, const runtime::PlanOptions& options) {
  Json::Array steps;
  for (const runtime::Step& step : plan.steps()) {
    const runtime::StepFacts facts = FactsOf(plan, step);
    Json::Array inputs;
    for (const int slot : facts.inputs) inputs.push_back(SlotJson(SlotAt(plan, slot)));
    steps.push_back(Json::Object{{"layer", step.scope},
                                 {"what", facts.what},
                                 {"kind", Name(facts.kind)},
                                 {"fused", Json::Array(facts.fused.begin(), facts.fused.end())},
                                 {"kernel", facts.kernel},
                                 {"precision", facts.precision},
                                 {"macs", facts.macs},
                                 {"packed_bytes", facts.weight_bytes},
                                 {"inputs", std::move(inputs)},
                                 {"output", SlotJson(SlotAt(plan, facts.output))}});
  }
  return Json::Object{
      {"isa", ToString(options.isa)},
      {"precision", PrecisionText(options)},
      {"kept_in_fp32", Json::Array(plan.kept_float32().begin(), plan.kept_float32().end())},
      {"packed_bytes", plan.packed_bytes()},
      {"arena_bytes", plan.arena_bytes()},
      {"scratch_bytes_per_thread", plan.scratch_bytes()},
      {"steps", std::move(steps)}};
}

}  // namespace mnv4::cli
