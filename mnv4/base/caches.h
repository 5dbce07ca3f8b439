#pragma once
/// The caches between a CPU and memory.

#include <cstddef>
#include <string>
#include <vector>

namespace mnv4 {

struct Cache {
  int level = 1;     ///< 1 is the nearest
  size_t bytes = 0;  ///< of one
  int cpus = 1;      ///< CPUs that share one

  /// What the caches of `threads` threads hold together, if the threads fill one before the next.
  size_t BytesFor(int threads) const {
    return bytes * static_cast<size_t>((threads + cpus - 1) / cpus);
  }
};

/// Those of the first CPU that hold data, nearest first. 32 kB and 1 MB of its own where the system
/// does not tell. `root` holds sys/.
std::vector<Cache> DetectCaches(const std::string& root);
/// The machine's own, looked up once: that takes 0.2 ms.
const std::vector<Cache>& MachineCaches();

}  // namespace mnv4
