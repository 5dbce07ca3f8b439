#include "mnv4/base/thread_pool.h"

#include <atomic>
#include <string>
#include <utility>

#include "mnv4/base/clock.h"
#include "mnv4/base/cpus.h"
#include "mnv4/base/error.h"
#include "mnv4/base/floating_point.h"
#include "mnv4/base/fork.h"

namespace mnv4 {

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
  } else {
    CrewOfThisProcess().Run(steps);
  }
}

Crew& ThreadPool::CrewOfThisProcess() {
  const ForkDelay fork_delay;
  const std::lock_guard lock(mutex_);
  if (crew_ == nullptr || crew_->LostToFork()) {
    Crew::Abandon(std::move(crew_));
    crew_ = std::make_unique<Crew>(threads_);
  }
  return *crew_;
}

void ThreadPool::RunByExecutor(const Steps& steps) {
  size_t step = 0;
  std::atomic<int> ended{0};
  const std::function<void(int)> task = [&](int share) {
    const DefaultFloatingPoint floating_point;
    steps.body(steps.context, step, share);
    ended.fetch_add(1, std::memory_order_release);
  };
  for (; step < steps.count; ++step) {
    const Clock::time_point start = Clock::now();
    ended = 0;
    executor_(threads_, task);
    if (const int count = ended.load(std::memory_order_acquire); count != threads_) {
      throw Error(ErrorCode::kInvalidArgument, "executor: returned with " + std::to_string(count) +
                                                   " of " + std::to_string(threads_) +
                                                   " tasks done");
    }
    if (!steps.seconds.empty()) steps.seconds[step] += MillisecondsSince(start) / 1e3;
  }
}

}  // namespace mnv4
