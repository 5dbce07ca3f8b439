#pragma once
/// The rates that the kernels' benchmarks report.

#include <benchmark/benchmark.h>

#include "mnv4/kernels/peaks.h"

namespace mnv4::kernels {

/// Counters of a benchmark that did `macs` fp32 multiply-adds in each iteration on one thread:
/// their rate, and its share of what this machine does at most, measured right after. Clocks move.
inline void CountMacs(benchmark::State& state, double macs) {
  ThreadPool alone(1);
  const double peak = MeasurePeaks(HostIsa(), alone).macs_per_s;
  const double total = macs * static_cast<double>(state.iterations());
  state.counters["MAC/s"] = benchmark::Counter(total, benchmark::Counter::kIsRate);
  state.counters["of peak"] = benchmark::Counter(total / peak, benchmark::Counter::kIsRate);
}

}  // namespace mnv4::kernels
