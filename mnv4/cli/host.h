#pragma once
/// What this program runs on, for reports that someone else will compare.

#include <sched.h>

#include <cstdint>
#include <string>
#include <vector>

namespace mnv4::cli {

struct Host {
  std::string cpu;       ///< "AMD EPYC 7763 64-Core Processor"
  int cores = 0;         ///< physical ones
  int threads = 0;       ///< logical CPUs online
  std::string affinity;  ///< CPUs this process may use: "0-3,8"
  std::string governor;  ///< of the frequency, "unknown" where the kernel does not tell
  double load = 0;       ///< tasks that wanted a CPU, mean over the last minute
};
Host DescribeHost();

/// How often, up to now, the CPUs were slowed down for heat and this control group was stopped for
/// having used up its quota. Only the difference of two counts says something.
int64_t ThrottleCount();

/// The `count` fastest CPUs this process may use (highest frequency or capacity, then lowest
/// number); all of them if there are fewer.
std::vector<int> FastestCpus(int count);
/// Keeps this thread, and those it will start, on `cpus`; the old mask comes back at the end.
class PinnedTo {
 public:
  explicit PinnedTo(const std::vector<int>& cpus);
  ~PinnedTo();
  PinnedTo(const PinnedTo&) = delete;
  PinnedTo& operator=(const PinnedTo&) = delete;

 private:
  cpu_set_t before_;
};

/// The most memory this process ever had resident, 10^6 bytes. Not what it inherited by fork.
double PeakRssMb();
/// Forgets it: from now on the peak is that of what follows, where the kernel allows.
void ResetPeakRss();

}  // namespace mnv4::cli
