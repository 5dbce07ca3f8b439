#pragma once
/// What this machine can do at most, measured: multiply-adds out of registers and reads out of each
/// level of memory. The ceilings that timings of kernels are held against.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mnv4/base/isa.h"
#include "mnv4/base/thread_pool.h"

namespace mnv4::kernels {

/// A cache, or memory itself.
struct MemoryLevel {
  std::string name;        ///< "L2", "L3", "memory"
  size_t bytes = 0;        ///< that the caches of all threads hold together; memory: 0, no bound
  double bytes_per_s = 0;  ///< all threads reading at once
};

struct Peaks {
  int threads = 1;
  double macs_per_s = 0;             ///< fp32, all threads at once
  double macs_per_s_one_thread = 0;  ///< fp32, the others idle
  double bf16_macs_per_s = 0;        ///< all threads at once; 0 without bf16 arithmetic
  double fp16_macs_per_s = 0;        ///< as bf16
  std::vector<MemoryLevel> levels;   ///< from L2 outwards; never empty

  /// All threads at once; of "bf16" or "fp16", or else of fp32.
  double MacsPerSecond(std::string_view precision) const {
    if (precision == "bf16" && bf16_macs_per_s > 0) return bf16_macs_per_s;
    if (precision == "fp16" && fp16_macs_per_s > 0) return fp16_macs_per_s;
    return macs_per_s;
  }
  /// The nearest level that holds `bytes` between two runs.
  const MemoryLevel& LevelOf(size_t bytes) const;
  /// Takes over what is better in a second measurement with the same threads.
  void Improve(const Peaks& second);
};

/// Takes about a tenth of a second, with vectors as wide as kernels of `isa` use. Each figure is
/// the best of several short tries: other work on the machine can only lower it.
Peaks MeasurePeaks(IsaSet isa, ThreadPool& pool);

}  // namespace mnv4::kernels
