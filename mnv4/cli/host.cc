#include "mnv4/cli/host.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "mnv4/base/error.h"

namespace mnv4::cli {
namespace {

// "model name : AMD EPYC" -> "AMD EPYC", if `line` is about `key`.
std::optional<std::string> ValueOf(std::string_view key, std::string_view line) {
  if (!line.starts_with(key)) return std::nullopt;
  line.remove_prefix(key.size());
  const size_t begin = line.find_first_not_of(" \t:");
  if (line.find(':') == std::string_view::npos || begin == std::string_view::npos) {
    return std::nullopt;
  }
  return std::string(line.substr(begin));
}

std::string Affinity() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return "unknown";
  std::string text;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &set)) continue;
    int last = cpu;
    while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, &set)) ++last;
    if (!text.empty()) text += ',';
    text += last == cpu ? fmt::format("{}", cpu) : fmt::format("{}-{}", cpu, last);
    cpu = last;
  }
  return text;
}

constexpr const char* kCpuFolder = "/sys/devices/system/cpu/cpu";

// The number in a small file of /sys or /proc; 0 if there is none.
int64_t NumberIn(const std::string& path) {
  std::ifstream file(path);
  int64_t number = 0;
  return file >> number ? number : 0;
}

// By how fast a CPU is against its neighbours: Arm's capacity, else its highest frequency.
int64_t SpeedOf(int cpu) {
  const std::string folder = fmt::format("{}{}", kCpuFolder, cpu);
  const int64_t capacity = NumberIn(folder + "/cpu_capacity");
  return capacity > 0 ? capacity : NumberIn(folder + "/cpufreq/cpuinfo_max_freq");
}

}  // namespace

Host DescribeHost() {
  Host host;
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::set<std::pair<std::string, std::string>> cores;  // (package, core)
  std::string package;
  for (std::string line; std::getline(cpuinfo, line);) {
    if (const auto name = ValueOf("model name", line)) host.cpu = *name;
    if (const auto id = ValueOf("physical id", line)) package = *id;
    if (const auto id = ValueOf("core id", line)) cores.emplace(package, *id);
  }
  if (host.cpu.empty()) host.cpu = "unknown";
  host.threads = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  host.cores = cores.empty() ? host.threads : static_cast<int>(cores.size());
  host.affinity = Affinity();
  std::ifstream governor("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  if (!std::getline(governor, host.governor)) host.governor = "unknown";
  if (getloadavg(&host.load, 1) != 1) host.load = 0;
  return host;
}

int64_t ThrottleCount() {
  int64_t count = 0;
  for (int cpu = 0; cpu < static_cast<int>(sysconf(_SC_NPROCESSORS_CONF)); ++cpu) {
    count += NumberIn(fmt::format("{}{}/thermal_throttle/core_throttle_count", kCpuFolder, cpu));
  }
  std::ifstream statistics("/sys/fs/cgroup/cpu.stat");
  std::string key;
  for (int64_t value = 0; statistics >> key >> value;) {
    if (key == "nr_throttled") count += value;
  }
  return count;
}

std::vector<int> FastestCpus(int count) {
  cpu_set_t set;
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    }
  }
  std::stable_sort(cpus.begin(), cpus.end(), [](int a, int b) { return SpeedOf(a) > SpeedOf(b); });
  cpus.resize(std::min(cpus.size(), static_cast<size_t>(count)));
  return cpus;
}

PinnedTo::PinnedTo(const std::vector<int>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(cpu, &set);
  if (sched_getaffinity(0, sizeof before_, &before_) != 0 ||
      sched_setaffinity(0, sizeof set, &set) != 0) {
    throw Error(ErrorCode::kRuntime,
                fmt::format("cannot pin to CPU {}: the system refuses", fmt::join(cpus, ",")));
  }
}

PinnedTo::~PinnedTo() { sched_setaffinity(0, sizeof before_, &before_); }

double PeakRssMb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (const auto value = ValueOf("VmHWM", line)) return std::stod(*value) * 1024 / 1e6;
  }
  return 0;
}

void ResetPeakRss() { std::ofstream("/proc/self/clear_refs") << "5"; }  // see proc(5)

}  // namespace mnv4::cli
