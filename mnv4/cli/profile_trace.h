#pragma once
/// Timed runs in the trace-event format that Perfetto (ui.perfetto.dev) and chrome://tracing open.

#include <string>

#include "mnv4/cli/profile_report.h"
#include "mnv4/io/json.h"

namespace mnv4::cli {

inline constexpr size_t kMostTracedRuns = 100;  ///< so that the file stays small

/// The first runs of a profile, `name` over them. One row: all threads walk through the steps
/// together, a barrier after each, so a step is one piece of time.
Json TraceJson(const Profile& profile, const std::string& name);

}  // namespace mnv4::cli
