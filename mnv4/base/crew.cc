#include "mnv4/base/crew.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "mnv4/base/cpus.h"
#include "mnv4/base/error.h"
#include "mnv4/base/floating_point.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mnv4 {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// How often a waiting thread looks before it lets others run: about 50 us. Whoever is missing may
// wait for this very CPU, where decoders of pictures, or other programs, share it.
constexpr int kSpins = 1000;
// Between runs a worker spins this long before it parks.
constexpr auto kSpinTime = microseconds(100);
// So often a waiting caller asks how much CPU time the worker got meanwhile. Schedulers give a CPU
// to another program for milliseconds.
constexpr auto kPatience = microseconds(300);
// A worker that makes the caller lose more than a third of the time gains nothing and is sent to
// rest. It is judged by the last 25 to 50 ms, or what there was since its last rest.
constexpr int kBearable = 3;
constexpr auto kLeastJudged = milliseconds(10), kMostJudged = milliseconds(50);
// How long such a worker rests; twice as long each time until it behaves for ten times as long.
constexpr auto kFirstRest = milliseconds(5), kLongestRest = milliseconds(80);

inline void Pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

Clock::duration CpuTime(std::thread& thread) {
  clockid_t clock;
  timespec time = {};
  if (pthread_getcpuclockid(thread.native_handle(), &clock) == 0) clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

Crew::Crew(int threads)
    : threads_(threads),
      oversubscribed_(threads > AvailableCpus()),
      shares_(std::make_unique<Share[]>(static_cast<size_t>(threads))),
      conduct_(static_cast<size_t>(threads)),
      rest_(std::make_unique<std::atomic<Clock::rep>[]>(static_cast<size_t>(threads))) {
  try {
    for (int thread = 1; thread < threads_; ++thread) {
      workers_.emplace_back([this, thread] { Serve(thread); });
    }
  } catch (const std::system_error& error) {
    Stop();
    throw Error(ErrorCode::kRuntime,
                "cannot start " + std::to_string(threads - 1) + " threads: " + error.what());
  }
}

Crew::~Crew() { Stop(); }

void Crew::Abandon(std::unique_ptr<Crew> crew) {
  // Its locks may be held for ever and nobody can be joined, so it is not destroyed but kept, where
  // leak checkers see it.
  if (crew == nullptr) return;
  static std::atomic<Crew*> abandoned{nullptr};
  crew->abandoned_before_ = abandoned.load();
  while (!abandoned.compare_exchange_weak(crew->abandoned_before_, crew.get())) {
  }
  (void)crew.release();
}

Crew::Waiter& Crew::PopWaiter() {
  Waiter& first = *first_waiter_;
  first_waiter_ = first.behind;
  return first;
}

void Crew::Run(const Steps& steps) {
  std::unique_lock lock(turns_);
  if (taken_) {
    Waiter self{.steps = &steps};
    (first_waiter_ == nullptr ? first_waiter_ : last_waiter_->behind) = &self;
    last_waiter_ = &self;
    self.wake.wait(lock, [&] { return self.done || self.is_next; });
    if (self.done) return;
  }
  taken_ = true;
  lock.unlock();
  RunNow(steps);
  lock.lock();

  const Waiter* const last = first_waiter_ == nullptr ? nullptr : last_waiter_;
  for (const Waiter* helped = nullptr; helped != last;) {
    Waiter& waiter = PopWaiter();
    lock.unlock();
    RunNow(*waiter.steps);
    lock.lock();
    helped = &waiter;
    waiter.done = true;
    waiter.wake.notify_one();
  }
  taken_ = first_waiter_ != nullptr;
  if (!taken_) return;
  Waiter& next = PopWaiter();
  next.is_next = true;
  next.wake.notify_one();
}

void Crew::RunNow(const Steps& steps) {
  steps_ = steps;
  first_ = end_.load(std::memory_order_relaxed);
  const uint32_t end = first_ + static_cast<uint32_t>(steps.count);
  end_.store(end);
  WakeAll();
  Clock::time_point start = Clock::now();
  for (uint32_t step = first_; step != end; ++step) {
    Work(step, 0);
    WaitForWorkers(step);
    const Clock::time_point now = Clock::now();
    if (!steps.seconds.empty()) {
      steps.seconds[step - first_] += std::chrono::duration<double>(now - start).count();
    }
    start = now;
  }
}

bool Crew::IsBehind(int share, uint32_t step) const {
  return static_cast<int32_t>(shares_[share].done.load(std::memory_order_acquire) - step) < 0;
}

void Crew::Work(uint32_t step, int thread) {
  for (int i = 0; i < threads_; ++i) {
    const int index = (thread + i) % threads_;
    Share& share = shares_[index];
    uint32_t before = step - 1;
    if (share.begun.load(std::memory_order_relaxed) != before ||
        !share.begun.compare_exchange_strong(before, step, std::memory_order_acq_rel)) {
      continue;
    }
    share.by.store(thread, std::memory_order_relaxed);
    steps_.body(steps_.context, step - first_, index);
    share.done.store(step, std::memory_order_release);
  }
}

void Crew::WaitForWorkers(uint32_t step) {
  int spins = 0;
  for (int index = 0; index < threads_; ++index) {
    Clock::time_point asked;  // when, and how much CPU time the worker had used
    Clock::duration used = {};
    for (bool resting = false; IsBehind(index, step); ++spins) {
      if (spins < kSpins && !oversubscribed_) {
        Pause();
        continue;
      }
      sched_yield();
      const int worker = shares_[index].by.load(std::memory_order_relaxed);
      const Clock::time_point now = Clock::now();
      if (resting || oversubscribed_ || worker == 0 || now - asked < kPatience) continue;
      const Clock::duration used_now = CpuTime(workers_[static_cast<size_t>(worker) - 1]);
      if (asked != Clock::time_point()) {
        resting = Judge(worker, now, now - asked - (used_now - used));
      }
      asked = now;
      used = used_now;
    }
  }
}

bool Crew::Judge(int worker, Clock::time_point now, Clock::duration lost) {
  Conduct& conduct = conduct_[static_cast<size_t>(worker)];
  if (now - conduct.since > kMostJudged) {
    conduct.since = now - kMostJudged / 2;
    conduct.lost /= 2;
  }
  conduct.lost += std::max(lost, Clock::duration(0));
  const Clock::duration judged = std::max<Clock::duration>(now - conduct.since, kLeastJudged);
  if (conduct.lost < judged / kBearable) return false;

  const bool relapsed = now - conduct.back < 10 * conduct.rest;
  conduct.rest = relapsed ? std::min<Clock::duration>(2 * conduct.rest, kLongestRest) : kFirstRest;
  conduct.since = conduct.back = now + conduct.rest;
  conduct.lost = {};
  rest_[static_cast<size_t>(worker)].store(conduct.rest.count(), std::memory_order_relaxed);
  return true;
}

// A worker's life.
void Crew::Serve(int thread) {
  const DefaultFloatingPoint floating_point;  // threads inherit their maker's
  const Share& own = shares_[thread];
  for (;;) {
    // The first step that nobody has begun in its stead.
    const uint32_t step = own.begun.load(std::memory_order_acquire) + 1;
    if (!WaitForWork(step)) return;
    if (Rest(thread)) continue;
    bool overtaken = false;
    for (int index = 0, spins = 0; index < threads_ && !overtaken; ++index) {
      for (; IsBehind(index, step - 1) && !overtaken; ++spins) {
        if (spins < kSpins && !oversubscribed_) {
          Pause();
        } else {
          sched_yield();
        }
        overtaken = own.begun.load(std::memory_order_relaxed) != step - 1;
      }
    }
    if (!overtaken) Work(step, thread);
  }
}

// Until there is a run that has this step; false if the crew is to end.
bool Crew::WaitForWork(uint32_t step) {
  const auto nothing = [&] {
    return static_cast<int32_t>(end_.load() - step) <= 0 && !stop_.load();
  };
  if (!nothing()) return !stop_;
  const Clock::time_point start = Clock::now();
  for (int spins = 1; nothing(); ++spins) {
    Pause();
    if (spins % 256 != 0 || Clock::now() - start < kSpinTime) continue;
    // Sequentially consistent, as is WakeAll: either this thread sees the new end, or the caller
    // sees that it has parked.
    std::unique_lock lock(mutex_);
    parked_.fetch_add(1);
    wake_.wait(lock, [&] { return !nothing(); });
    parked_.fetch_sub(1);
  }
  return !stop_;
}

// True if this worker was to rest, and has.
bool Crew::Rest(int thread) {
  std::atomic<Clock::rep>& rest = rest_[static_cast<size_t>(thread)];
  if (rest.load(std::memory_order_relaxed) == 0) return false;
  const Clock::duration duration(rest.exchange(0));
  std::unique_lock lock(mutex_);
  end_rest_.wait_for(lock, duration, [&] { return stop_.load(); });
  return true;
}

void Crew::WakeAll() {
  if (parked_.load() == 0) return;
  { const std::lock_guard lock(mutex_); }
  wake_.notify_all();
}

void Crew::Stop() {
  stop_ = true;
  { const std::lock_guard lock(mutex_); }
  wake_.notify_all();
  end_rest_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

}  // namespace mnv4
