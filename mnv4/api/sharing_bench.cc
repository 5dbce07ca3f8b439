// Runs a second of sessions that share two threads: one session, and two or four that run at the
// same time. Their sum should be that of one.

#include <benchmark/benchmark.h>

#include <vector>

#include "mnv4/mnv4.h"

namespace mnv4 {
namespace {

void Runs(benchmark::State& state, const char* name, int side) {
  static const auto threads = std::make_shared<const Threads>(2);
  const auto model = Model::Load(name);
  Session session(model, {.executor = {}, .shared = threads});
  const std::vector<float> picture(3 * static_cast<size_t>(side) * static_cast<size_t>(side), 0.5f);
  session.Run(picture, 1, side, side);
  for ([[maybe_unused]] auto iteration : state) session.Run(picture, 1, side, side);
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(Runs, conv_small, "conv_small", 224)->ThreadRange(1, 4)->UseRealTime();
BENCHMARK_CAPTURE(Runs, conv_medium, "conv_medium", 256)->ThreadRange(1, 4)->UseRealTime();

}  // namespace
}  // namespace mnv4
