#include "mnv4/cli/checkup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <vector>

#include "mnv4/base/clock.h"
#include "mnv4/base/error.h"
#include "mnv4/io/file.h"

namespace mnv4::cli {
namespace {

constexpr double kSlowStorage = 100;    // MB/s; a network of 40 MB then takes 0.4 s to load
constexpr size_t kMostRead = 64 << 20;  // bytes
constexpr size_t kLeastRead = 1 << 20;  // smaller files measure the latency of opening them

bool HasFlag(const std::string& flags, const std::string& flag) {
  return (' ' + flags + ' ').find(' ' + flag + ' ') != std::string::npos;
}

}  // namespace

const char* Name(Level level) {
  switch (level) {
    case Level::kGood:
      return "ok";
    case Level::kNote:
      return "note";
    case Level::kProblem:
      return "PROBLEM";
  }
  return "";
}

Finding CheckInstructionSets(IsaSet detected, IsaSet allowed, const std::string& cpu_flags) {
  Finding finding{.about = "instruction sets", .found = ToString(allowed), .fix = ""};
  if (detected == IsaSet()) {
    finding.level = Level::kProblem;
    finding.found = "none that the fast kernels need (SSE4.2 or NEON): only the references run";
    finding.fix = "on a virtual machine, choose a CPU model that passes SSE4.2 and AES through";
  } else if (allowed != detected) {
    finding.level = Level::kNote;
    finding.found += fmt::format("; MNV4_ISA leaves the rest of {} unused", ToString(detected));
    finding.fix = "unset MNV4_ISA";
  } else if (detected.Has(Isa::kSse4) && !detected.Has(Isa::kAvx2)) {
    finding.level = Level::kProblem;
    finding.found += HasFlag(cpu_flags, "avx2")
                         ? "; the CPU has AVX2, but FMA, F16C, BMI or LZCNT is masked"
                         : "; no AVX2: networks run two to three times slower";
    finding.fix = "on a virtual machine, pass the host's CPU through (QEMU: -cpu host)";
  } else if (!detected.Has(Isa::kAvx512) && HasFlag(cpu_flags, "avx512f")) {
    finding.level = Level::kNote;
    finding.found += "; the CPU has AVX-512 F, but not F, BW, CD, DQ and VL together";
    finding.fix = "on a virtual machine, pass the host's CPU through (QEMU: -cpu host)";
  }
  return finding;
}

Finding CheckThreads(const CpuLimits& limits, int threads) {
  Finding finding{.about = "threads", .found = "", .fix = ""};
  finding.found =
      fmt::format("{} thread{} on {} CPUs", threads, threads == 1 ? "" : "s", limits.online);
  if (limits.affinity < limits.online) {
    finding.found += fmt::format(", {} by the affinity mask", limits.affinity);
  }
  if (std::isfinite(limits.quota)) {
    finding.found += fmt::format(", {:.2f} by the control group's quota", limits.quota);
  }
  if (threads > limits.affinity || threads > std::max(limits.quota, 1.0)) {
    finding.level = Level::kProblem;
    finding.fix =
        "fewer threads (-t, MNV4_NUM_THREADS), or a wider mask (taskset) or quota (cpu.max)";
  } else if (limits.quota < 1) {
    finding.level = Level::kNote;
    finding.fix = "with less than one CPU every run is stopped for a while: raise cpu.max";
  }
  return finding;
}

Finding CheckGovernor(const Host& host) {
  Finding finding{.about = "frequency governor", .found = host.governor, .fix = ""};
  if (host.governor != "unknown" && host.governor != "performance") {
    finding.level = Level::kNote;
    finding.fix = "for steady timings: cpupower frequency-set -g performance";
  }
  return finding;
}

Finding CheckLoad(const Host& host, int threads) {
  constexpr double kIdle = 0.5;  // what a machine at rest does by itself
  Finding finding{.about = "load", .found = "", .fix = ""};
  finding.found = fmt::format("{:.1f} on {} CPUs over the last minute", host.load, host.threads);
  if (host.load + threads > host.threads + kIdle) {
    finding.level = Level::kNote;
    finding.fix =
        fmt::format("other work takes time from {} thread{}: stop it before timing anything",
                    threads, threads == 1 ? "" : "s");
  }
  return finding;
}

std::vector<std::string> TimingWarnings(const Host& host, const CpuLimits& limits, int threads) {
  std::vector<std::string> lines;
  for (const Finding& finding :
       {CheckThreads(limits, threads), CheckGovernor(host), CheckLoad(host, threads)}) {
    if (finding.level == Level::kGood) continue;
    lines.push_back(fmt::format("{}: {}; {}", finding.about, finding.found, finding.fix));
  }
  return lines;
}

std::optional<std::string> ThrottleWarning(int64_t before) {
  const int64_t times = ThrottleCount() - before;
  if (times <= 0) return std::nullopt;
  return fmt::format(
      "the CPUs were throttled {} times during the test (heat, or the control group's quota)",
      times);
}

Finding CheckBuild(const std::string& version, const std::string& type) {
  Finding finding{.about = "program", .found = fmt::format("{}, {}", version, type), .fix = ""};
  if (type != "Release") {
    finding.level = Level::kNote;
    finding.fix = "for speed: make build (the release preset)";
  }
  return finding;
}

Finding CheckLabels(const model::Model& model) {
  Finding finding{.about = "labels", .found = "", .fix = ""};
  const size_t classes = static_cast<size_t>(model.spec.num_classes);
  finding.found = fmt::format("{} for {} classes", model.labels.size(), classes);
  if (model.random_weights) {
    finding.level = Level::kProblem;
    finding.found = fmt::format("{} has no weights on this machine", model.source);
    finding.fix = "download config.json and model.safetensors of the network and give -m FOLDER";
  } else if (model.labels.empty() && classes > 0) {
    finding.level = Level::kNote;
    finding.found = fmt::format("none for {} classes: answers are numbers", classes);
    finding.fix = "add \"label_names\" to config.json";
  } else if (model.labels.size() != classes) {
    finding.level = Level::kProblem;
    finding.fix = "make label_names and label_descriptions of config.json match num_classes";
  }
  return finding;
}

Finding CheckStorage(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    throw Error(ErrorCode::kRuntime, fmt::format("{}: cannot be opened", BaseName(path)));
  }
  posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  std::vector<char> buffer(1 << 20);
  size_t total = 0;
  const Clock::time_point start = Clock::now();
  for (ssize_t got = 1; got > 0 && total < kMostRead;) {
    got = read(file, buffer.data(), buffer.size());
    if (got > 0) total += static_cast<size_t>(got);
  }
  const double seconds = MillisecondsSince(start) / 1e3;
  close(file);

  const double rate = static_cast<double>(total) / 1e6 / std::max(seconds, 1e-9);
  Finding finding{.about = "storage", .found = "", .fix = ""};
  finding.found = fmt::format("{} reads at {:.0f} MB/s", BaseName(path), rate);
  if (total >= kLeastRead && rate < kSlowStorage) {
    finding.level = Level::kProblem;
    finding.fix = "copy the model to a local disk: loading waits for it";
  }
  return finding;
}

}  // namespace mnv4::cli
