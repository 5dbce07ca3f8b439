#pragma once
/// Threads that all run the same function, with a barrier between its steps.
///
/// Workers spin while work is under way and shortly after, then park: waking a parked worker costs
/// about 30 us, so back-to-back inferences never pay it and an idle program uses no CPU.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace mnv4 {

class ThreadPool {
 public:
  /// `threads` counts the caller: 1 starts no worker. 0 means DefaultThreads() (cpus.h).
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }

  /// Calls body(thread) once on every thread, 0 being the caller's, and returns when all are done.
  /// `body` must not throw. One Run at a time: the pool belongs to one caller, like a Session.
  template <class Body>
  void Run(Body&& body) {
    if (threads_ == 1) {
      body(0);
      return;
    }
    using BodyType = std::remove_reference_t<Body>;
    RunOnAll([](void* context, int thread) { (*static_cast<BodyType*>(context))(thread); }, &body);
  }

  /// Inside Run: waits until every thread of the pool has called it. Spins, never sleeps; a pool of
  /// more threads than CPUs gives its time slice away instead.
  void Barrier(int thread);

 private:
  using Function = void (*)(void* context, int thread);
  void RunOnAll(Function function, void* context);
  void Work(int thread);

  // On a line of its own, so that threads that spin on one do not slow the others.
  struct alignas(64) Counter {
    std::atomic<uint32_t> value{0};
  };

  int threads_ = 1;
  bool oversubscribed_ = false;  // more threads than CPUs: spinning would starve the others
  Function function_ = nullptr;
  void* context_ = nullptr;
  Counter generation_;               // one more for every Run
  std::unique_ptr<Counter[]> done_;  // by thread: barriers and Runs it has reached
  std::atomic<bool> stop_{false};
  std::atomic<int> parked_{0};
  std::mutex mutex_;  // only for parking
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
};

}  // namespace mnv4
