#include "mnv4/base/cpus.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>

#include "mnv4/base/error.h"

namespace mnv4 {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

// Version 2: "200000 100000" (microseconds in each period) or "max 100000".
double QuotaV2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  double quota = 0, period = 0;
  return file >> quota >> period && quota > 0 && period > 0 ? quota / period : kUnlimited;
}

// Version 1: the same in two files; -1 is no limit.
double QuotaV1(const std::string& folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us"),
      period_file(folder + "/cpu.cfs_period_us");
  double quota = 0, period = 0;
  return quota_file >> quota && period_file >> period && quota > 0 && period > 0 ? quota / period
                                                                                 : kUnlimited;
}

// The least of `group` and all above it: "/a/b", "/a", "". Folders that are not there (a container
// sees its own group as the top) limit nothing.
double LeastQuota(const std::string& mount, std::string group,
                  double (*quota_of)(const std::string&)) {
  double least = quota_of(mount);
  while (!group.empty() && group != "/") {
    least = std::min(least, quota_of(mount + group));
    group.resize(group.rfind('/'));
  }
  return least;
}

}  // namespace

double CgroupQuota(const std::string& root) {
  const std::string mount = root + "/sys/fs/cgroup";
  double least = kUnlimited;
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "0::/a/b" or "4:cpu,cpuacct:/a/b"
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (second == std::string::npos || line.compare(second, 2, ":/") != 0) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      least = std::min(least, LeastQuota(mount, group, QuotaV2));
    } else if ((',' + controllers + ',').find(",cpu,") != std::string::npos) {
      least = std::min(least, LeastQuota(mount + '/' + controllers, group, QuotaV1));
    }
  }
  return least;
}

CpuLimits DetectCpuLimits() {
  CpuLimits limits;
  limits.online = static_cast<int>(std::max(sysconf(_SC_NPROCESSORS_ONLN), 1L));
  cpu_set_t mask;
  limits.affinity =
      sched_getaffinity(0, sizeof mask, &mask) == 0 ? CPU_COUNT(&mask) : limits.online;
  limits.quota = CgroupQuota();
  return limits;
}

int AvailableCpus() {
  const CpuLimits limits = DetectCpuLimits();
  return static_cast<int>(std::clamp(limits.quota, 1.0, static_cast<double>(limits.affinity)));
}

int DefaultThreads() {
  if (const char* text = std::getenv("MNV4_NUM_THREADS"); text != nullptr && *text != '\0') {
    char* end = nullptr;
    const long value = std::strtol(text, &end, 10);
    if (*end != '\0' || value < 1 || value > 1024) {
      throw Error(ErrorCode::kInvalidArgument,
                  "MNV4_NUM_THREADS is '" + std::string(text) + "', expected 1 to 1024");
    }
    return static_cast<int>(value);
  }
  return AvailableCpus();
}

}  // namespace mnv4
