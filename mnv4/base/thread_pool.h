#pragma once
/// Threads that walk through the same steps together.
///
/// Workers spin while work is under way and shortly after, then park: waking a parked worker costs
/// about 30 us, so back-to-back inferences never pay it and an idle program uses no CPU. A worker
/// that is not there when a step begins is left out of it (crew.h).

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <type_traits>

#include "mnv4/base/crew.h"
#include "mnv4/base/executor.h"

namespace mnv4 {

/// Shared by any number of callers, who take turns.
class ThreadPool {
 public:
  /// `threads` counts the caller: 1 starts no worker. 0 means DefaultThreads() (cpus.h).
  /// With an `executor` the pool has no workers: every step becomes `threads` tasks of it.
  /// Throws Error(kRuntime) if the threads cannot be started.
  explicit ThreadPool(int threads = 0, Executor executor = nullptr);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }
  bool has_executor() const { return executor_ != nullptr; }

  /// Calls body(step, share) for step 0 .. count - 1 and share 0 .. threads - 1, the shares of a
  /// step at once, each by one thread; a step begins when the one before has ended. With `seconds`
  /// (one per step), adds each step's wall time to its entry.
  ///
  /// `body` must not throw. In a forked child the pool starts workers anew; throws Error(kRuntime)
  /// if it cannot, and Error(kInvalidArgument) if an executor has not run every task.
  template <class Body>
  void RunSteps(size_t count, Body&& body, std::span<double> seconds = {}) {
    using BodyType = std::remove_reference_t<Body>;
    Run({count,
         [](void* context, size_t step, int share) {
           (*static_cast<BodyType*>(context))(step, share);
         },
         &body, seconds});
  }

 private:
  void Run(const Steps& steps);
  void RunByExecutor(const Steps& steps);
  Crew& CrewOfThisProcess();

  int threads_ = 1;
  Executor executor_;
  std::mutex mutex_;            // of crew_
  std::unique_ptr<Crew> crew_;  // null: an executor instead
};

}  // namespace mnv4
