#include "mnv4/base/thread_pool.h"

#include <sched.h>

#include <chrono>

#include "mnv4/base/cpus.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mnv4 {
namespace {

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

ThreadPool::ThreadPool(int threads) : threads_(threads > 0 ? threads : DefaultThreads()) {
  oversubscribed_ = threads_ > AvailableCpus();
  done_ = std::make_unique<Counter[]>(static_cast<size_t>(threads_));
  for (int thread = 1; thread < threads_; ++thread) {
    workers_.emplace_back([this, thread] { Work(thread); });
  }
}

ThreadPool::~ThreadPool() {
  stop_ = true;
  {
    const std::lock_guard lock(mutex_);
    generation_.value.fetch_add(1);
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::Barrier(int thread) {
  if (threads_ == 1) return;
  const uint32_t reached = done_[thread].value.load(std::memory_order_relaxed) + 1;
  done_[thread].value.store(reached, std::memory_order_release);
  int spins = 0;
  for (int other = 0; other < threads_; ++other) {
    // The difference is signed so that the counters may wrap around.
    while (static_cast<int32_t>(done_[other].value.load(std::memory_order_acquire) - reached) < 0) {
      if (oversubscribed_ || ++spins > kBarrierSpins) {
        sched_yield();
      } else {
        Pause();
      }
    }
  }
}

void ThreadPool::RunOnAll(Function function, void* context) {
  function_ = function;
  context_ = context;
  // Sequentially consistent, as is the check before parking: either the worker sees the new
  // generation, or this thread sees that the worker has parked.
  generation_.value.fetch_add(1);
  if (parked_.load() > 0) {
    { const std::lock_guard lock(mutex_); }
    wake_.notify_all();
  }
  function(context, 0);
  Barrier(0);
}

void ThreadPool::Work(int thread) {
  uint32_t seen = 0;
  for (;;) {
    const auto start = std::chrono::steady_clock::now();
    for (int spins = 0; generation_.value.load() == seen; ++spins) {
      Pause();
      if (spins % 256 != 255 || std::chrono::steady_clock::now() - start < kSpinTime) continue;
      std::unique_lock lock(mutex_);
      parked_.fetch_add(1);
      wake_.wait(lock, [&] { return generation_.value.load() != seen; });
      parked_.fetch_sub(1);
    }
    ++seen;
    if (stop_) return;
    function_(context_, thread);
    Barrier(thread);
  }
}

}  // namespace mnv4
