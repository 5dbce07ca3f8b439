#include "mnv4/cli/bench_measure.h"

#include <barrier>
#include <cmath>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "mnv4/base/clock.h"
#include "mnv4/base/thread_pool.h"
#include "mnv4/cli/checkup.h"
#include "mnv4/cli/host.h"
#include "mnv4/cli/progress.h"
#include "mnv4/cli/synthetic_input.h"
#include "mnv4/runtime/engine.h"
#include "mnv4/runtime/session.h"

namespace mnv4::cli {
namespace {

// One session and its times. Sessions of one test share the plan.
struct Lane {
  Lane(runtime::Engine& engine, const BenchSettings& settings, int threads)
      : pool(threads),
        session(engine.PlanFor(settings.batch_size, settings.height, settings.width, &pool), pool) {
  }

  double TimedRun(const SyntheticInput& input) {
    input.CopyTo(session, pool);  // the last run used the memory for other tensors
    const Clock::time_point start = Clock::now();
    session.Run();
    return MillisecondsSince(start);
  }

  // Calls update(runs, seconds) after each run.
  template <class Update>
  void TimeRuns(const BenchSettings& settings, const SyntheticInput& input,
                const InterruptScope& interrupt, Update update) {
    const Clock::time_point start = Clock::now();
    for (bool more = true; more && !interrupt.Interrupted();) {
      run_ms.push_back(TimedRun(input));
      const double seconds = MillisecondsSince(start) / 1e3;
      const int runs = static_cast<int>(run_ms.size());
      more = settings.soak_s > 0 ? seconds < settings.soak_s : runs < settings.repetitions;
      update(runs, seconds);
    }
  }

  ThreadPool pool;
  runtime::Session session;
  std::vector<double> run_ms;
};

// All lanes at once, each on a thread of its own; the first on the caller's.
void TimeLanes(std::deque<Lane>& lanes, const BenchSettings& settings, const SyntheticInput& input,
               const InterruptScope& interrupt, bool quiet) {
  std::barrier start(static_cast<ptrdiff_t>(lanes.size()));
  const auto warm_up = [&](Lane& lane) {
    for (int i = 0; i < settings.warmup && !interrupt.Interrupted(); ++i) lane.TimedRun(input);
    start.arrive_and_wait();
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < lanes.size(); ++i) {
    threads.emplace_back([&, i] {
      warm_up(lanes[i]);
      lanes[i].TimeRuns(settings, input, interrupt, [](int, double) {});
    });
  }
  warm_up(lanes.front());
  const bool soak = settings.soak_s > 0;
  Progress progress(soak ? static_cast<int>(std::ceil(settings.soak_s)) : settings.repetitions,
                    soak ? "s" : "runs", quiet);
  lanes.front().TimeRuns(settings, input, interrupt, [&](int runs, double seconds) {
    progress.Update(soak ? static_cast<int>(seconds) : runs);
  });
  for (std::thread& thread : threads) thread.join();
}

// Mean time of each step; nullopt if interrupted.
std::optional<std::vector<LayerTime>> TimeLayers(Lane& lane, const BenchSettings& settings,
                                                 const SyntheticInput& input,
                                                 const InterruptScope& interrupt) {
  const runtime::Plan& plan = lane.session.plan();
  std::vector<double> seconds(plan.steps().size());
  for (int i = 0; i < settings.repetitions; ++i) {
    if (interrupt.Interrupted()) return std::nullopt;
    input.CopyTo(lane.session, lane.pool);
    lane.session.Run(seconds);
  }
  for (double& each : seconds) each *= 1e3 / settings.repetitions;
  return DescribeLayers(plan, seconds);
}

}  // namespace

std::optional<BenchResult> Measure(const model::Model& model, const BenchSettings& settings,
                                   const InterruptScope& interrupt, bool quiet) {
  std::optional<PinnedTo> pinned;
  if (!settings.pins.empty()) pinned.emplace(settings.pins);
  BenchResult result;
  result.settings = settings;
  const int64_t throttled = ThrottleCount();
  ResetPeakRss();
  const Clock::time_point start = Clock::now();
  runtime::Engine engine([&](int n, int h, int w) { return model.GraphFor(n, h, w); },
                         settings.plan);
  std::deque<Lane> lanes;
  lanes.emplace_back(engine, settings, settings.threads / settings.sessions());
  const SyntheticInput input(lanes.front().session.plan().input_shape());
  lanes.front().TimedRun(input);
  result.first_run_ms = MillisecondsSince(start);
  for (int i = 1; i < settings.sessions(); ++i) lanes.emplace_back(engine, settings, 1);

  TimeLanes(lanes, settings, input, interrupt, quiet);
  // About in the order they ran.
  for (size_t run = 0; run < lanes.front().run_ms.size(); ++run) {
    for (const Lane& lane : lanes) {
      if (run < lane.run_ms.size()) result.run_ms.push_back(lane.run_ms[run]);
    }
  }
  // A soak that was interrupted is a shorter soak; other tests count whole or not at all.
  if (result.run_ms.empty() || (interrupt.Interrupted() && settings.soak_s == 0)) {
    return std::nullopt;
  }
  if (settings.layers) {
    auto layers = TimeLayers(lanes.front(), settings, input, interrupt);
    if (!layers) return std::nullopt;
    result.layers = *std::move(layers);
  }
  result.peak_rss_mb = PeakRssMb();
  result.arena_mb =
      static_cast<double>(lanes.front().session.plan().arena_bytes()) / 1e6 * settings.sessions();
  if (const auto warning = ThrottleWarning(throttled)) result.warnings.push_back(*warning);
  return result;
}

}  // namespace mnv4::cli
