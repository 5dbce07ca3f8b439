#pragma once
/// The workers of a ThreadPool (thread_pool.h), which walk through a caller's steps with it.
///
/// Every step has one share for each thread. A thread does its own share, then those that nobody
/// has begun: a worker that another program keeps from its CPU, or that is still waking up, is left
/// out and joins again at a later step. A share that was begun is waited for; a worker that keeps
/// losing its CPU within shares is sent to rest for a while before it is tried again.
///
/// Callers take turns. One that finds others waiting when it is done does their runs too, while
/// they sleep: woken, they would take the CPU of a worker, which then is missing for a millisecond.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "mnv4/base/clock.h"
#include "mnv4/base/fork.h"

namespace mnv4 {

/// What a caller wants done: body(context, step, share) for each step and share.
struct Steps {
  size_t count = 0;
  void (*body)(void* context, size_t step, int share) = nullptr;
  void* context = nullptr;
  std::span<double> seconds;  ///< by step, or empty
};

class Crew {
 public:
  /// `threads` counts the caller. Throws Error(kRuntime) if the workers cannot be started.
  explicit Crew(int threads);
  ~Crew();

  /// Does all shares of all steps, first come, first served; perhaps on another caller's thread.
  void Run(const Steps& steps);

  bool LostToFork() const { return forks_ != ForkCount(); }
  /// Gives up a crew whose threads a fork has left behind.
  static void Abandon(std::unique_ptr<Crew> crew);

 private:
  // Steps are numbered since the crew was made; numbers may wrap around, so differences are signed.
  // On a line of its own, so that threads that spin on one do not slow the others.
  struct alignas(64) Share {
    std::atomic<uint32_t> begun{0}, done{0};  // last step of which it was begun, and is done
    std::atomic<int> by{0};                   // the thread that began it
  };
  // What the caller knows of a worker.
  struct Conduct {
    Clock::time_point since = {};  // what is judged; in the future while it rests
    Clock::duration lost = {};     // waited for it then, while it had no CPU
    Clock::duration rest = {};     // its last one
    Clock::time_point back = {};   // when that ended
  };

  // A caller that waits.
  struct Waiter {
    const Steps* steps = nullptr;
    std::condition_variable wake = {};
    bool is_next = false, done = false;
    Waiter* behind = nullptr;
  };

  Waiter& PopWaiter();
  void RunNow(const Steps& steps);
  void Work(uint32_t step, int thread);
  void WaitForWorkers(uint32_t step);
  bool Judge(int worker, Clock::time_point now, Clock::duration lost);  // true: it is to rest
  void Serve(int thread);
  bool WaitForWork(uint32_t step);
  bool IsBehind(int share, uint32_t step) const;
  bool Rest(int thread);
  void WakeAll();
  void Stop();

  const int threads_;
  const bool oversubscribed_;
  const uint32_t forks_ = ForkCount();
  Crew* abandoned_before_ = nullptr;
  std::mutex turns_;
  bool taken_ = false;                                       // by a caller
  Waiter *first_waiter_ = nullptr, *last_waiter_ = nullptr;  // on their callers' stacks

  // Of the run under way. A thread reads them only after it has begun a share: then the run cannot
  // end, and so the caller cannot change them, before that share is done.
  Steps steps_;
  uint32_t first_ = 1;

  alignas(64) std::atomic<uint32_t> end_{1};  // the number after the last step of the last run
  std::unique_ptr<Share[]> shares_;
  std::vector<Conduct> conduct_;
  std::unique_ptr<std::atomic<Clock::rep>[]> rest_;  // by worker: what it is to rest; 0: nothing
  std::atomic<bool> stop_{false};
  std::atomic<int> parked_{0};
  std::mutex mutex_;  // only for parking and resting
  std::condition_variable wake_, end_rest_;
  std::vector<std::thread> workers_;
};

}  // namespace mnv4
