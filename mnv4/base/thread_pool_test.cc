#include "mnv4/base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cfenv>
#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

#include "mnv4/base/error.h"

namespace mnv4 {
namespace {

TEST(ThreadPool, RunsTheBodyOnceForEveryShare) {
  for (const int threads : {1, 2, 3, 5}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 200; ++round) {
      std::vector<int> calls(static_cast<size_t>(threads), 0);
      pool.RunSteps(1, [&](size_t, int thread) { ++calls[static_cast<size_t>(thread)]; });
      EXPECT_EQ(std::accumulate(calls.begin(), calls.end(), 0), threads);
    }
  }
}

TEST(ThreadPool, AStepSeesWhatAllThreadsWroteInTheOneBefore) {
  ThreadPool pool(3);
  std::vector<int> values(3, 0);
  std::vector<int> sums(3, 0);
  for (int round = 1; round <= 500; ++round) {
    pool.RunSteps(2, [&](size_t step, int thread) {
      const auto i = static_cast<size_t>(thread);
      std::this_thread::yield();  // let others begin
      if (step == 0) values[i] = round * (thread + 1);
      if (step == 1) sums[i] = values[0] + values[1] + values[2];
    });
    EXPECT_EQ(sums, std::vector<int>(3, round * 6));
  }
}

TEST(ThreadPool, DoesEveryShareOfEveryStepOnce) {
  // More threads than CPUs, so that some are late at most steps.
  constexpr int kThreads = 7;
  constexpr size_t kSteps = 40;
  ThreadPool pool(kThreads);
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> calls[kSteps][kThreads] = {};
    pool.RunSteps(kSteps, [&](size_t step, int share) {
      std::this_thread::sleep_for(std::chrono::microseconds(share));  // let others begin
      ++calls[step][share];
    });
    for (const auto& step : calls) {
      for (const std::atomic<int>& count : step) ASSERT_EQ(count, 1);
    }
  }
}

TEST(ThreadPool, WakesParkedWorkers) {
  ThreadPool pool(2);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // longer than workers spin
    // The caller does not end its share before the other thread has begun the other one.
    std::atomic<bool> other{false};
    pool.RunSteps(1, [&](size_t, int share) {
      if (share == 1) other = true;
      while (!other) std::this_thread::yield();
    });
  }
}

// A worker that sleeps within its shares looks like one that has lost its CPU.
TEST(ThreadPool, GoesOnWithoutAWorkerThatKeepsLosingItsCpu) {
  ThreadPool pool(2);
  const auto caller = std::this_thread::get_id();
  std::atomic<int> by_worker{0};
  for (int round = 0; round < 40; ++round) {
    pool.RunSteps(2, [&](size_t, int) {
      const auto nap = std::chrono::microseconds(2000);
      if (std::this_thread::get_id() == caller) {
        std::this_thread::sleep_for(nap / 20);
        while (by_worker == 0) std::this_thread::yield();  // it is there, to begin with
      } else {
        ++by_worker;
        std::this_thread::sleep_for(nap);
      }
    });
  }
  EXPECT_LT(by_worker, 40) << "of 80 shares it could have had";
}

TEST(ThreadPool, CallersTakeTurns) {
  ThreadPool pool(2);
  std::atomic<int> inside{0}, together{0};
  const auto call = [&] {
    for (int round = 0; round < 100; ++round) {
      pool.RunSteps(3, [&](size_t, int share) {
        if (share != 0) return;
        if (inside.fetch_add(1) > 0) ++together;
        std::this_thread::yield();
        inside.fetch_sub(1);
      });
    }
  };
  std::thread other(call);
  call();
  other.join();
  EXPECT_EQ(together, 0);
}

TEST(ThreadPool, TimesEveryStep) {
  const Executor serial = [](int count, const std::function<void(int)>& task) {
    for (int i = 0; i < count; ++i) task(i);
  };
  for (const Executor& executor : {Executor(), serial}) {
    ThreadPool pool(2, executor);
    std::vector<double> seconds(2, 0);
    pool.RunSteps(
        2,
        [](size_t step, int) {
          if (step == 1) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        },
        seconds);
    EXPECT_GE(seconds[1], 0.02);
    EXPECT_LT(seconds[0], seconds[1]);
  }
}

TEST(ThreadPool, AnExecutorMayRunTasksInAnyOrderOnAnyThread) {
  int calls = 0;
  ThreadPool pool(3, [&](int count, const std::function<void(int)>& task) {
    ++calls;
    task(2);
    std::thread other([&] { task(0); });
    other.join();
    for (int i = 1; i < count - 1; ++i) task(i);
  });
  EXPECT_EQ(pool.threads(), 3);
  std::vector<int> order;
  pool.RunSteps(
      2, [&](size_t step, int thread) { order.push_back(static_cast<int>(step) * 10 + thread); });
  EXPECT_EQ(order, (std::vector<int>{2, 0, 1, 12, 10, 11}));
  EXPECT_EQ(calls, 2);
}

TEST(ThreadPool, NoticesAnExecutorThatLeavesTasksOut) {
  ThreadPool pool(3, [](int, const std::function<void(int)>& task) { task(0); });
  try {
    pool.RunSteps(1, [](size_t, int) {});
    FAIL() << "two tasks have not run";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "executor: returned with 1 of 3 tasks done");
  }
}

TEST(ThreadPool, WorkersRoundToNearestWhateverTheirMakerDoes) {
  std::fesetround(FE_UPWARD);
  ThreadPool pool(3);
  std::fesetround(FE_TONEAREST);
  std::vector<int> modes(3, -1);
  std::atomic<int> begun{0};
  pool.RunSteps(1, [&](size_t, int share) {
    modes[static_cast<size_t>(share)] = std::fegetround();
    ++begun;
    while (begun < 3) std::this_thread::yield();  // one thread cannot do all three
  });
  EXPECT_EQ(modes, std::vector<int>(3, FE_TONEAREST));
}

}  // namespace
}  // namespace mnv4
