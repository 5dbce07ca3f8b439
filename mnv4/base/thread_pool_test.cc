#include "mnv4/base/thread_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <numeric>
#include <vector>

namespace mnv4 {
namespace {

TEST(ThreadPool, RunsTheBodyOnceOnEveryThread) {
  for (const int threads : {1, 2, 3, 5}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 200; ++round) {
      std::vector<int> calls(static_cast<size_t>(threads), 0);
      pool.Run([&](int thread) { ++calls[static_cast<size_t>(thread)]; });
      EXPECT_EQ(std::accumulate(calls.begin(), calls.end(), 0), threads);
    }
  }
}

TEST(ThreadPool, BarrierLetsAThreadReadWhatOthersWrote) {
  ThreadPool pool(3);
  std::vector<int> values(3, 0);
  std::vector<int> sums(3, 0);
  for (int round = 1; round <= 500; ++round) {
    pool.Run([&](int thread) {
      const auto i = static_cast<size_t>(thread);
      values[i] = round * (thread + 1);
      pool.Barrier(thread);
      sums[i] = values[0] + values[1] + values[2];
      pool.Barrier(thread);  // nobody writes the next round's value before all have read
    });
    EXPECT_EQ(sums, std::vector<int>(3, round * 6));
  }
}

TEST(ThreadPool, WakesParkedWorkers) {
  ThreadPool pool(2);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // longer than workers spin
    int other = 0;
    pool.Run([&](int thread) {
      if (thread == 1) other = round + 1;
    });
    EXPECT_EQ(other, round + 1);
  }
}

}  // namespace
}  // namespace mnv4
