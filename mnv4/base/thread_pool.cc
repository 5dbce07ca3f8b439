#include "mnv4/base/thread_pool.h"

#include <sched.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "mnv4/base/cpus.h"
#include "mnv4/base/error.h"
#include "mnv4/base/floating_point.h"
#include "mnv4/base/fork.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mnv4 {
namespace {

using Clock = std::chrono::steady_clock;

// How often a barrier looks before it lets others run: about 50 us. Whoever is missing may wait for
// this very CPU, where decoders of pictures, or other programs, share it.
constexpr int kBarrierSpins = 1000;
// Between inferences a worker spins this long before it parks.
constexpr auto kSpinTime = std::chrono::microseconds(100);

inline void Pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

}  // namespace

// The workers, and what they share with the caller.
class ThreadPool::Crew {
 public:
  explicit Crew(int threads)
      : threads_(threads),
        oversubscribed_(threads > AvailableCpus()),
        done_(std::make_unique<Counter[]>(static_cast<size_t>(threads))) {
    try {
      for (int thread = 1; thread < threads_; ++thread) {
        workers_.emplace_back([this, thread] { Work(thread); });
      }
    } catch (const std::system_error& error) {
      Stop();
      throw Error(ErrorCode::kRuntime,
                  "cannot start " + std::to_string(threads - 1) + " threads: " + error.what());
    }
  }
  ~Crew() { Stop(); }

  // Gives up a crew whose threads a fork has left behind. Its locks may be held for ever and nobody
  // can be joined, so it is not destroyed but kept, where leak checkers see it.
  static void Abandon(std::unique_ptr<Crew> crew) {
    if (crew == nullptr) return;
    static std::atomic<Crew*> abandoned{nullptr};
    crew->abandoned_before_ = abandoned.load();
    while (!abandoned.compare_exchange_weak(crew->abandoned_before_, crew.get())) {
    }
    (void)crew.release();
  }

  bool LostToFork() const { return forks_ != ForkCount(); }

  // Walks all threads through the steps, the caller as thread 0.
  void Run(const Steps& steps) {
    steps_ = steps;
    WakeAll();
    Walk(steps, 0);
  }

 private:
  // On a line of its own, so that threads that spin on one do not slow the others.
  struct alignas(64) Counter {
    std::atomic<uint32_t> value{0};
  };

  void WakeAll() {
    // Sequentially consistent, as is the check before parking: either the worker sees the new
    // generation, or this thread sees that the worker has parked.
    generation_.value.fetch_add(1);
    if (parked_.load() > 0) {
      { const std::lock_guard lock(mutex_); }
      wake_.notify_all();
    }
  }

  void Stop() {
    stop_ = true;
    WakeAll();
    for (std::thread& worker : workers_) worker.join();
  }

  void Walk(const Steps& steps, int thread) {
    auto start = steps.seconds.empty() ? Clock::time_point() : Clock::now();
    for (size_t step = 0; step < steps.count; ++step) {
      steps.body(steps.context, step, thread);
      Barrier(thread);
      if (thread == 0 && !steps.seconds.empty()) {
        const auto now = Clock::now();
        steps.seconds[step] += std::chrono::duration<double>(now - start).count();
        start = now;
      }
    }
  }

  // Waits until every thread has come here. Spins, never sleeps; after a while, or at once where
  // there are more threads than CPUs, it gives its time slice away.
  void Barrier(int thread) {
    const uint32_t reached = done_[thread].value.load(std::memory_order_relaxed) + 1;
    done_[thread].value.store(reached, std::memory_order_release);
    int spins = 0;
    for (int other = 0; other < threads_; ++other) {
      // The difference is signed so that the counters may wrap around.
      while (static_cast<int32_t>(done_[other].value.load(std::memory_order_acquire) - reached) <
             0) {
        if (oversubscribed_ || ++spins > kBarrierSpins) {
          sched_yield();
        } else {
          Pause();
        }
      }
    }
  }

  void Work(int thread) {
    const DefaultFloatingPoint floating_point;  // threads inherit their maker's
    uint32_t seen = 0;
    for (;;) {
      const auto start = Clock::now();
      for (int spins = 0; generation_.value.load() == seen; ++spins) {
        Pause();
        if (spins % 256 != 255 || Clock::now() - start < kSpinTime) continue;
        std::unique_lock lock(mutex_);
        parked_.fetch_add(1);
        wake_.wait(lock, [&] { return generation_.value.load() != seen; });
        parked_.fetch_sub(1);
      }
      ++seen;
      if (stop_) return;
      // A copy: after the last barrier the caller may already be preparing the next run.
      const Steps steps = steps_;
      Walk(steps, thread);
    }
  }

  const int threads_;
  const bool oversubscribed_;
  const uint32_t forks_ = ForkCount();
  Crew* abandoned_before_ = nullptr;
  Steps steps_ = {};
  Counter generation_;               // one more for every Run
  std::unique_ptr<Counter[]> done_;  // by thread: barriers it has reached
  std::atomic<bool> stop_{false};
  std::atomic<int> parked_{0};
  std::mutex mutex_;  // only for parking
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
};

ThreadPool::ThreadPool(int threads, Executor executor)
    : threads_(threads > 0 ? threads : DefaultThreads()), executor_(std::move(executor)) {
  if (!executor_) crew_ = std::make_unique<Crew>(threads_);
}

ThreadPool::~ThreadPool() {
  if (crew_ != nullptr && crew_->LostToFork()) Crew::Abandon(std::move(crew_));
}

void ThreadPool::Run(const Steps& steps) {
  if (steps.count == 0) return;
  if (executor_) {
    RunByExecutor(steps);
    return;
  }
  if (crew_ == nullptr || crew_->LostToFork()) {
    Crew::Abandon(std::move(crew_));
    crew_ = std::make_unique<Crew>(threads_);
  }
  crew_->Run(steps);
}

void ThreadPool::RunByExecutor(const Steps& steps) {
  size_t step = 0;
  std::atomic<int> ended{0};
  const std::function<void(int)> task = [&](int thread) {
    const DefaultFloatingPoint floating_point;
    steps.body(steps.context, step, thread);
    ended.fetch_add(1, std::memory_order_release);
  };
  for (; step < steps.count; ++step) {
    const auto start = Clock::now();
    ended = 0;
    executor_(threads_, task);
    if (const int count = ended.load(std::memory_order_acquire); count != threads_) {
      throw Error(ErrorCode::kInvalidArgument, "executor: returned with " + std::to_string(count) +
                                                   " of " + std::to_string(threads_) +
                                                   " tasks done");
    }
    if (!steps.seconds.empty()) {
      steps.seconds[step] += std::chrono::duration<double>(Clock::now() - start).count();
    }
  }
}

}  // namespace mnv4
