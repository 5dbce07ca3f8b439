#pragma once
/// What this program runs on, for reports that someone else will compare.

#include <string>

namespace mnv4::cli {

struct Host {
  std::string cpu;       ///< "AMD EPYC 7763 64-Core Processor"
  int cores = 0;         ///< physical ones
  int threads = 0;       ///< logical CPUs online
  std::string affinity;  ///< CPUs this process may use: "0-3,8"
  std::string governor;  ///< of the frequency, "unknown" where the kernel does not tell
};
Host DescribeHost();

/// The most memory this process ever had resident, 10^6 bytes. Not what it inherited by fork.
double PeakRssMb();
/// Forgets it: from now on the peak is that of what follows, where the kernel allows.
void ResetPeakRss();

}  // namespace mnv4::cli
