#include "mnv4/cli/host.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

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
  return host;
}

double PeakRssMb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (const auto value = ValueOf("VmHWM", line)) return std::stod(*value) * 1024 / 1e6;
  }
  return 0;
}

void ResetPeakRss() { std::ofstream("/proc/self/clear_refs") << "5"; }  // see proc(5)

}  // namespace mnv4::cli
