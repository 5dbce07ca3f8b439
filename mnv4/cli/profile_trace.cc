#include "mnv4/cli/profile_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace mnv4::cli {
namespace {

int64_t Nanoseconds(double ms) { return std::llround(ms * 1e6); }

Json Metadata(const char* what, const std::string& name) {
  return Json::Object{
      {"name", what}, {"ph", "M"}, {"pid", 1}, {"tid", 1}, {"args", Json::Object{{"name", name}}}};
}

// The format counts in microseconds. Whole nanoseconds, so that a step ends where the next begins:
// viewers drop what overlaps.
Json Complete(const std::string& name, const char* category, int64_t start_ns, int64_t ns,
              Json arguments) {
  return Json::Object{{"name", name},
                      {"cat", category},
                      {"ph", "X"},
                      {"ts", static_cast<double>(start_ns) / 1e3},
                      {"dur", static_cast<double>(ns) / 1e3},
                      {"pid", 1},
                      {"tid", 1},
                      {"args", std::move(arguments)}};
}

Json ArgumentsOf(const ProfiledStep& step) {
  return Json::Object{{"what", WhatText(step.facts)},
                      {"kernel", step.facts.kernel},
                      {"precision", step.facts.precision},
                      {"macs", step.facts.macs},
                      {"weight_bytes", step.facts.weight_bytes},
                      {"activation_bytes", step.facts.read_bytes + step.facts.written_bytes},
                      {"median_ms", step.ms},
                      {"bound", BoundOf(step.roofline)}};
}

}  // namespace

Json TraceJson(const Profile& profile, const std::string& name) {
  const int threads = profile.settings().threads;
  Json::Array events = {
      Metadata("process_name", name),
      Metadata("thread_name", threads == 1 ? "1 thread" : fmt::format("all {} threads", threads))};
  const size_t traced = std::min(profile.runs().size(), kMostTracedRuns);
  for (size_t r = 0; r < traced; ++r) {
    const ProfiledRun& run = profile.runs()[r];
    const int64_t start = Nanoseconds(run.start_ms);
    std::vector<int64_t> steps;
    int64_t inside = 0;
    for (const double ms : run.step_ms) inside += steps.emplace_back(Nanoseconds(ms));
    const int64_t whole = std::max(Nanoseconds(run.ms), inside);
    events.push_back(Complete(fmt::format("run {}", r + 1), "run", start, whole, Json::Object()));
    int64_t at = start + whole - inside;  // what is outside the steps comes before them
    for (size_t i = 0; i < steps.size(); ++i) {
      const ProfiledStep& step = profile.steps()[i];
      events.push_back(
          Complete(step.layer, Name(step.facts.kind), at, steps[i], ArgumentsOf(step)));
      at += steps[i];
    }
  }
  return Json::Object{{"displayTimeUnit", "ms"}, {"traceEvents", std::move(events)}};
}

}  // namespace mnv4::cli
