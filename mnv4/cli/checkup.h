#pragma once
/// What `mnv4 doctor` looks at, and `mnv4 bench` before it times anything. Each check is told what
/// it judges, so that tests can make it up.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mnv4/base/cpus.h"
#include "mnv4/base/isa.h"
#include "mnv4/cli/host.h"
#include "mnv4/model/model.h"

namespace mnv4::cli {

enum class Level : uint8_t { kGood, kNote, kProblem };
const char* Name(Level level);  ///< "ok", "note", "PROBLEM"

struct Finding {
  Level level = Level::kGood;
  std::string about;  ///< "threads"
  std::string found;  ///< "8 threads on 2 CPUs"
  std::string fix;    ///< "" if there is nothing to do
};

/// `detected` by the CPU and the system, `allowed` after $MNV4_ISA; `cpu_flags` of /proc/cpuinfo.
Finding CheckInstructionSets(IsaSet detected, IsaSet allowed, const std::string& cpu_flags);
/// `threads` is what verbs would start without -t.
Finding CheckThreads(const CpuLimits& limits, int threads);
Finding CheckGovernor(const Host& host);
/// Whether other work leaves `threads` CPUs free.
Finding CheckLoad(const Host& host, int threads);
/// What makes timings with `threads` threads unreliable: a line, with its fix, for each finding of
/// the three above that is not good.
std::vector<std::string> TimingWarnings(const Host& host, const CpuLimits& limits, int threads);

/// Whether the CPUs were throttled since ThrottleCount() (host.h) gave `before`.
std::optional<std::string> ThrottleWarning(int64_t before);

/// `type` is CMake's build type.
Finding CheckBuild(const std::string& version, const std::string& type);
/// Labels against the classifier, and whether the weights mean anything.
Finding CheckLabels(const model::Model& model);
/// Reads at most the first 64 MB of a file past the page cache. Throws Error if it cannot be read.
Finding CheckStorage(const std::string& path);

}  // namespace mnv4::cli
