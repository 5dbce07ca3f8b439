#pragma once
/// How many threads are worth starting here.

#include <string>

namespace mnv4 {

/// What limits the CPU time of this process.
struct CpuLimits {
  int online = 1;    ///< CPUs of the machine
  int affinity = 1;  ///< CPUs the affinity mask leaves (sched_setaffinity(2), taskset(1))
  double quota = 0;  ///< CPUs' worth of time the control group grants; infinity without a limit
};
CpuLimits DetectCpuLimits();

/// The least CPU quota of this process's control group (version 1 or 2) and those above it, in
/// CPUs; infinity without one. `root` holds proc/ and sys/ ("" is the machine's own).
double CgroupQuota(const std::string& root = "");

/// CPUs this process may keep busy: its affinity mask, less where the control group's quota is less
/// (rounded down: a thread more would have all of them stopped for a part of every period).
int AvailableCpus();
/// Threads this process should use: $MNV4_NUM_THREADS, else AvailableCpus(). Throws
/// Error(kInvalidArgument) if the variable is no number from 1 to 1024.
int DefaultThreads();

}  // namespace mnv4
