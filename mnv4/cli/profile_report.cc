#include "mnv4/cli/profile_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "mnv4/base/check.h"
#include "mnv4/cli/statistics.h"

namespace mnv4::cli {
namespace {

// When a step could be done at the soonest. Its activations were written just before, so they come
// from the nearest cache that holds them; until its weights are read again a whole run goes by, so
// they come from the nearest that holds all of a run.
Roofline RooflineOf(const runtime::StepFacts& facts, const runtime::Plan& plan,
                    const kernels::Peaks& peaks) {
  const auto activations = static_cast<size_t>(facts.read_bytes + facts.written_bytes);
  const size_t run = plan.packed_bytes() + plan.arena_bytes();
  return {.compute_s = facts.products / peaks.MacsPerSecond(facts.precision),
          .memory_s = static_cast<double>(facts.weight_bytes) / peaks.LevelOf(run).bytes_per_s +
                      static_cast<double>(activations) / peaks.LevelOf(activations).bytes_per_s};
}

std::vector<ProfiledKind> KindsOf(const std::vector<ProfiledStep>& steps) {
  std::vector<ProfiledKind> kinds;
  for (const ProfiledStep& step : steps) {
    auto kind = std::ranges::find(kinds, step.facts.kind, &ProfiledKind::kind);
    if (kind == kinds.end()) kind = kinds.insert(kind, {.kind = step.facts.kind});
    ++kind->steps;
    kind->macs += step.facts.macs;
    kind->bytes += step.facts.bytes();
    kind->ms += step.ms;
    kind->limit_ms += step.roofline.limit_s() * 1e3;
  }
  std::ranges::stable_sort(kinds, std::greater<>(), &ProfiledKind::ms);
  return kinds;
}

std::string Ms(double ms) { return fmt::format("{:.4f}", ms); }
std::string Rate(double per_s) { return fmt::format("{:.1f}", per_s); }
std::string Percent(double part, double of) {
  return of > 0 ? fmt::format("{:.1f}", 100 * part / of) : "";
}

Table KindTable(const Profile& profile) {
  Table table({"kind", ">steps", ">ms", ">%", ">GMAC/s", ">GB/s", ">roofline %"});
  for (const ProfiledKind& kind : profile.kinds()) {
    table.Add(
        {Name(kind.kind), fmt::format("{}", kind.steps), Ms(kind.ms),
         Percent(kind.ms, profile.run_ms()), Rate(static_cast<double>(kind.macs) / 1e6 / kind.ms),
         Rate(static_cast<double>(kind.bytes) / 1e6 / kind.ms), Percent(kind.limit_ms, kind.ms)});
  }
  table.Add({"outside the steps", "", Ms(profile.outside_ms()),
             Percent(profile.outside_ms(), profile.run_ms()), "", "", ""});
  table.Add({"uneven runs", "", Ms(profile.uneven_ms()),
             Percent(profile.uneven_ms(), profile.run_ms()), "", "", ""});
  table.Add({"run", fmt::format("{}", profile.steps().size()), Ms(profile.run_ms()), "100.0",
             Rate(static_cast<double>(profile.macs()) / 1e6 / profile.run_ms()),
             Rate(static_cast<double>(profile.bytes()) / 1e6 / profile.run_ms()),
             Percent(profile.limit_ms(), profile.run_ms())});
  return table;
}

Json PeaksJson(const kernels::Peaks& peaks) {
  Json::Array levels;
  for (const kernels::MemoryLevel& level : peaks.levels) {
    levels.push_back(Json::Object{{"name", level.name},
                                  {"bytes", level.bytes == 0 ? Json() : Json(level.bytes)},
                                  {"gb_per_s", level.bytes_per_s / 1e9}});
  }
  return Json::Object{
      {"threads", peaks.threads},
      {"gmacs_per_s", peaks.macs_per_s / 1e9},
      {"gmacs_per_s_one_thread", peaks.macs_per_s_one_thread / 1e9},
      {"bf16_gmacs_per_s", peaks.bf16_macs_per_s == 0 ? Json() : Json(peaks.bf16_macs_per_s / 1e9)},
      {"fp16_gmacs_per_s", peaks.fp16_macs_per_s == 0 ? Json() : Json(peaks.fp16_macs_per_s / 1e9)},
      {"reading", std::move(levels)}};
}

Json StepJson(const ProfiledStep& step, double run_ms) {
  const runtime::StepFacts& facts = step.facts;
  return Json::Object{{"layer", step.layer},
                      {"what", facts.what},
                      {"kind", Name(facts.kind)},
                      {"fused", Json::Array(facts.fused.begin(), facts.fused.end())},
                      {"kernel", facts.kernel},
                      {"precision", facts.precision},
                      {"ms", step.ms},
                      {"min_ms", step.min_ms},
                      {"share", step.ms / run_ms},
                      {"macs", facts.macs},
                      {"products", facts.products},
                      {"weight_bytes", facts.weight_bytes},
                      {"read_bytes", facts.read_bytes},
                      {"written_bytes", facts.written_bytes},
                      {"gmacs_per_s", step.gmacs_per_s()},
                      {"gb_per_s", step.gb_per_s()},
                      {"limit_ms", step.roofline.limit_s() * 1e3},
                      {"roofline", step.roofline.Share(step.ms / 1e3)},
                      {"bound", BoundOf(step.roofline)}};
}

}  // namespace

Profile::Profile(const ProfileSettings& settings, const runtime::Plan& plan, kernels::Peaks peaks,
                 std::vector<ProfiledRun> runs)
    : settings_(settings), peaks_(std::move(peaks)), runs_(std::move(runs)) {
  MNV4_CHECK(!runs_.empty());
  std::vector<double> samples(runs_.size());
  for (size_t i = 0; i < plan.steps().size(); ++i) {
    std::ranges::transform(runs_, samples.begin(),
                           [i](const ProfiledRun& run) { return run.step_ms[i]; });
    const Summary summary = Summarize(samples);
    const runtime::Step& step = plan.steps()[i];
    const runtime::StepFacts facts = FactsOf(plan, step);
    steps_.push_back({.layer = step.scope,
                      .facts = facts,
                      .roofline = RooflineOf(facts, plan, peaks_),
                      .ms = summary.median,
                      .min_ms = summary.min});
    steps_ms_ += summary.median;
    limit_ms_ += steps_.back().roofline.limit_s() * 1e3;
    macs_ += facts.macs;
    bytes_ += facts.bytes();
  }
  std::ranges::transform(runs_, samples.begin(), &ProfiledRun::ms);
  run_ms_ = Summarize(samples).median;
  std::ranges::transform(runs_, samples.begin(), [](const ProfiledRun& run) {
    return std::accumulate(run.step_ms.begin(), run.step_ms.end(), run.ms, std::minus<>());
  });
  outside_ms_ = Summarize(samples).median;
  kinds_ = KindsOf(steps_);
}

const char* BoundOf(const Roofline& roofline) {
  return roofline.compute_bound() ? "compute" : "memory";
}

std::string WhatText(const runtime::StepFacts& facts) {
  std::string text = facts.what;
  for (const std::string& each : facts.fused) text += " + " + each;
  return text;
}

std::string PeaksText(const kernels::Peaks& peaks) {
  std::string text = fmt::format("{:.1f} GMAC/s", peaks.macs_per_s / 1e9);
  if (peaks.threads > 1) {
    text += fmt::format(" (one thread {:.1f})", peaks.macs_per_s_one_thread / 1e9);
  }
  if (peaks.bf16_macs_per_s > 0) {
    text += fmt::format(", bf16 {:.1f}", peaks.bf16_macs_per_s / 1e9);
  }
  if (peaks.fp16_macs_per_s > 0) {
    text += fmt::format(", fp16 {:.1f}", peaks.fp16_macs_per_s / 1e9);
  }
  text += ", reading";
  const char* separator = " ";
  for (const kernels::MemoryLevel& level : peaks.levels) {
    text += fmt::format("{}{} {:.0f} GB/s", separator, level.name, level.bytes_per_s / 1e9);
    separator = ", ";
  }
  return text;
}

Table StepTable(const Profile& profile) {
  Table table({"layer", "what", "kernel", "precision", ">ms", ">%", ">GMAC/s", ">GB/s",
               ">roofline %", "bound"});
  for (const ProfiledStep& step : profile.steps()) {
    table.Add({step.layer, WhatText(step.facts), step.facts.kernel, step.facts.precision,
               Ms(step.ms), Percent(step.ms, profile.run_ms()), Rate(step.gmacs_per_s()),
               Rate(step.gb_per_s()), Percent(step.roofline.limit_s() * 1e3, step.ms),
               BoundOf(step.roofline)});
  }
  return table;
}

std::string ProfileText(const Profile& profile, const model::Model& model, const Host& host,
                        const Style& style) {
  const ProfileSettings& s = profile.settings();
  return fmt::format(
      "{}{}, {}, {} x {}, batch {}, {} thread{}, on {} ({})\n"
      "run: {:.3f} ms, the median of {} (as are all times), {:.1f} GMAC/s\n"
      "machine: {}\n\n{}\n{}",
      model.spec.name, model.random_weights ? " (random weights)" : "", PrecisionText(s.plan),
      s.height, s.width, s.batch_size, s.threads, s.threads == 1 ? "" : "s", host.cpu,
      ToString(s.plan.isa), profile.run_ms(), profile.runs().size(),
      static_cast<double>(profile.macs()) / 1e6 / profile.run_ms(), PeaksText(profile.peaks()),
      StepTable(profile).Text(style), KindTable(profile).Text(style));
}

Json ProfileJson(const Profile& profile, const Host& host, Json header,
                 const std::vector<std::string>& warnings) {
  const ProfileSettings& s = profile.settings();
  const double run_ms = profile.run_ms();
  Json::Array steps, kinds;
  for (const ProfiledStep& step : profile.steps()) steps.push_back(StepJson(step, run_ms));
  for (const ProfiledKind& kind : profile.kinds()) {
    kinds.push_back(Json::Object{{"kind", Name(kind.kind)},
                                 {"steps", kind.steps},
                                 {"ms", kind.ms},
                                 {"share", kind.ms / run_ms},
                                 {"macs", kind.macs},
                                 {"bytes", kind.bytes},
                                 {"limit_ms", kind.limit_ms},
                                 {"roofline", kind.limit_ms / kind.ms}});
  }
  Json json = std::move(header);
  json.Add("settings", Json::Object{{"threads", s.threads},
                                    {"batch_size", s.batch_size},
                                    {"img_size", s.height},
                                    {"isa", ToString(s.plan.isa)},
                                    {"affinity", host.affinity},
                                    {"warmup", s.warmup},
                                    {"repetitions", s.repetitions},
                                    {"statistic", "median"}});
  json.Add("peaks", PeaksJson(profile.peaks()));
  json.Add("run", Json::Object{{"ms", run_ms},
                               {"macs", profile.macs()},
                               {"gmacs_per_s", static_cast<double>(profile.macs()) / 1e6 / run_ms},
                               {"limit_ms", profile.limit_ms()},
                               {"roofline", profile.limit_ms() / run_ms},
                               {"outside_steps_ms", profile.outside_ms()},
                               {"uneven_runs_ms", profile.uneven_ms()}});
  json.Add("kinds", std::move(kinds));
  json.Add("steps", std::move(steps));
  json.Add("warnings", Json::Array(warnings.begin(), warnings.end()));
  return json;
}

}  // namespace mnv4::cli
