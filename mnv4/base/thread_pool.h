#pragma once
/// Threads that walk through the same steps together.
///
/// Workers spin while work is under way and shortly after, then park: waking a parked worker costs
/// about 30 us, so back-to-back inferences never pay it and an idle program uses no CPU.

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

#include "mnv4/base/executor.h"

namespace mnv4 {

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

  /// Calls body(step, thread) on every thread, 0 being the caller's, for step 0 .. count - 1; a
  /// step begins when all threads have ended the one before. With `seconds` (one per step), adds
  /// each step's wall time to its entry.
  ///
  /// `body` must not throw. One call at a time: the pool belongs to one caller, like a Session.
  /// In a forked child the pool starts workers anew; throws Error(kRuntime) if it cannot, and
  /// Error(kInvalidArgument) if an executor has not run every task.
  template <class Body>
  void RunSteps(size_t count, Body&& body, std::span<double> seconds = {}) {
    using BodyType = std::remove_reference_t<Body>;
    Run({count,
         [](void* context, size_t step, int thread) {
           (*static_cast<BodyType*>(context))(step, thread);
         },
         &body, seconds});
  }

 private:
  struct Steps {
    size_t count;
    void (*body)(void* context, size_t step, int thread);
    void* context;
    std::span<double> seconds;
  };
  class Crew;

  void Run(const Steps& steps);
  void RunByExecutor(const Steps& steps);

  int threads_ = 1;
  Executor executor_;
  std::unique_ptr<Crew> crew_;  // null: an executor instead
};

}  // namespace mnv4
