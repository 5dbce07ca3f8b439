// What programs that embed mnv4 do to it: their own threads, fork, exit, odd floating-point states.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <cmath>
#include <cstdlib>
#include <thread>
#include <vector>

#include "mnv4/mnv4.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace mnv4 {
namespace {

constexpr int kSide = 48;

// Made once: the sines depend on the rounding mode.
const std::vector<float>& TestImage() {
  static const std::vector<float> image = [] {
    std::vector<float> values(3 * kSide * kSide);
    for (size_t i = 0; i < values.size(); ++i) values[i] = std::sin(0.01f * static_cast<float>(i));
    return values;
  }();
  return image;
}

std::vector<float> Logits(Session& session) {
  const auto logits = session.Run(TestImage(), 1, kSide, kSide);
  return {logits.begin(), logits.end()};
}

std::vector<float> LogitsOfOneThread(const std::shared_ptr<const Model>& model) {
  Session session(model, {.threads = 1});
  return Logits(session);
}

// The exit code of a forked child that runs `body`; one that hangs is killed by SIGALRM: -1.
template <class Body>
int ExitCodeOfChild(Body&& body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(120);
    body();
    _exit(99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// The thread sanitizer does not support threads in the children of programs that have threads.
#if defined(__SANITIZE_THREAD__)
#define MNV4_SKIP_WITHOUT_FORK() GTEST_SKIP() << "no fork under the thread sanitizer"
#else
#define MNV4_SKIP_WITHOUT_FORK() static_cast<void>(0)
#endif

TEST(Executor, GivesTheLogitsOfOwnThreads) {
  const auto model = Model::Load("conv_small_035");
  const std::vector<float> expected = LogitsOfOneThread(model);
  std::atomic<int> tasks{0};
  const Executor parallel = [&](int count, const std::function<void(int)>& task) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&task, i] { task(i); });
    }
    for (std::thread& thread : threads) thread.join();
    tasks += count;
  };
  const Executor backwards = [&](int count, const std::function<void(int)>& task) {
    for (int i = count - 1; i >= 0; --i) task(i);
  };
  for (const Executor& executor : {parallel, backwards}) {
    Session session(model, {.threads = 3, .executor = executor});
    EXPECT_EQ(Logits(session), expected);
  }
  EXPECT_GT(tasks, 30);
}

TEST(Precision, AutoIsCloseToFloat32) {
  const std::vector<float> expected = LogitsOfOneThread(Model::Load("conv_small_035"));
  const std::vector<float> fast =
      LogitsOfOneThread(Model::Load("conv_small_035", {.precision = "auto"}));
  float largest = 1;
  for (const float logit : expected) largest = std::max(largest, std::fabs(logit));
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(fast[i], expected[i], 0.05f * largest);
}

TEST(Threads, SessionsThatShareThemGiveTheirOwnLogits) {
  const auto model = Model::Load("conv_small_035");
  const std::vector<float> expected = LogitsOfOneThread(model);
  const auto shared = std::make_shared<Threads>(2);
  std::vector<std::thread> callers;
  std::atomic<int> equal{0};
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&] {
      Session session(model, {.shared = shared});
      for (int round = 0; round < 20; ++round) equal += Logits(session) == expected;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(equal, 60);
  EXPECT_THROW(Session(model, {.threads = 2, .shared = shared}), Error);
}

TEST(Fork, AChildGoesOnWithItsParentsSession) {
  MNV4_SKIP_WITHOUT_FORK();
#ifdef MNV4_EMULATED
  GTEST_SKIP() << "qemu-user 7.2 stops at threads of a child whose parent had threads";
#endif
  const auto model = Model::Load("conv_small_035");
  Session session(model, {.threads = 3});
  const std::vector<float> expected = Logits(session);
  const auto child = [&] {
    const bool old_session = Logits(session) == expected;
    Session fresh(model, {.threads = 2});
    const bool new_session = Logits(fresh) == expected;
    _exit(old_session && new_session ? 42 : 1);
  };
  EXPECT_EQ(ExitCodeOfChild(child), 42);
  EXPECT_EQ(Logits(session), expected);  // the parent notices nothing
  const auto grandchild = [&] {
    Logits(session);
    _exit(ExitCodeOfChild(child));
  };
  EXPECT_EQ(ExitCodeOfChild(grandchild), 42);
}

TEST(Fork, AChildMayDestroyASessionItNeverRan) {
  MNV4_SKIP_WITHOUT_FORK();
  auto session =
      std::make_unique<Session>(Model::Load("conv_small_035"), SessionOptions{.threads = 3});
  Logits(*session);
  EXPECT_EQ(ExitCodeOfChild([&] {
              session.reset();
              _exit(42);
            }),
            42);
}

TEST(Fork, WaitsForThreadsThatPrepareAModel) {
  MNV4_SKIP_WITHOUT_FORK();
  const auto model = Model::Load("conv_small_035");
  const std::vector<float> expected = LogitsOfOneThread(model);
  std::atomic<bool> ran{false}, stop{false};
  // Ever new shapes: this thread is nearly always inside the model's lock.
  std::thread planner([&] {
    Session session(model, {.threads = 1});
    const std::vector<float> image(3 * 32 * 96);
    for (int w = 32; !stop; w = w == 96 ? 32 : w + 1) {
      session.Run(std::span(image).first(static_cast<size_t>(3 * 32 * w)), 1, 32, w);
      ran = true;
    }
  });
  // The address sanitizer's allocator does not survive a fork while a thread that starts uses it.
  while (!ran) std::this_thread::yield();
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(ExitCodeOfChild([&] { _exit(LogitsOfOneThread(model) == expected ? 42 : 1); }), 42);
  }
  stop = true;
  planner.join();
}

TEST(Exit, WorksWithStaticSessions) {
  MNV4_SKIP_WITHOUT_FORK();
  EXPECT_EQ(ExitCodeOfChild([] {
              static Session session(Model::Load("conv_small_035"), {.threads = 3});
              Logits(session);
              std::exit(42);
            }),
            42);
}

TEST(Exit, WorksWithSessionsInheritedByFork) {
  MNV4_SKIP_WITHOUT_FORK();
  EXPECT_EQ(ExitCodeOfChild([] {
              static Session session(Model::Load("conv_small_035"), {.threads = 3});
              Logits(session);
              std::exit(ExitCodeOfChild([] { std::exit(42); }));
            }),
            42);
}

TEST(Exit, WorksFromAnotherThread) {
  MNV4_SKIP_WITHOUT_FORK();
  EXPECT_EQ(ExitCodeOfChild([] {
              static Session session(Model::Load("conv_small_035"), {.threads = 3});
              Logits(session);
              std::thread([] { std::exit(42); }).join();
            }),
            42);
}

// Sets a rounding mode, and on x86-64 flushing of denormals, for a while.
class OddFloatingPoint {
 public:
  explicit OddFloatingPoint(int rounding) {
    std::fegetenv(&saved_);
    std::fesetround(rounding);
#if defined(__x86_64__)
    _mm_setcsr(_mm_getcsr() | 0x8040);  // FTZ, DAZ
#endif
  }
  ~OddFloatingPoint() { std::fesetenv(&saved_); }

  // The modes, without the exception flags.
  static unsigned Modes() {
#if defined(__x86_64__)
    return _mm_getcsr() & ~0x3fu;
#else
    return static_cast<unsigned>(std::fegetround());
#endif
  }

 private:
  std::fenv_t saved_;
};

TEST(FloatingPointState, ChangesNoResultAndIsLeftAlone) {
  std::vector<uint8_t> pixels(70 * 50 * 3);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 7 % 251);
  const ImageView view = {pixels.data(), 70, 50, 3, 70 * 3};
  // Everything from loading on, with own threads and with threads of the caller's.
  const auto all_results = [&](const Executor& executor) {
    const auto model = Model::Load("conv_small_035", {.img_size = 64});
    Session session(model, {.threads = 2, .executor = executor});
    std::vector<float> results = Logits(session);
    const auto more = session.RunPixels(view);
    results.insert(results.end(), more.begin(), more.end());
    for (const Classification& c : session.TopK(5)) results.push_back(c.score);
    return results;
  };
  const Executor odd_threads = [](int count, const std::function<void(int)>& task) {
    for (int i = 0; i < count; ++i) {
      std::thread([&task, i] {
        const OddFloatingPoint odd(FE_UPWARD);
        const unsigned modes = OddFloatingPoint::Modes();
        task(i);
        EXPECT_EQ(OddFloatingPoint::Modes(), modes);
      }).join();
    }
  };
  const std::vector<float> expected = all_results({});
  EXPECT_EQ(all_results(odd_threads), expected);
  for (const int rounding : {FE_UPWARD, FE_TOWARDZERO}) {
    const OddFloatingPoint odd(rounding);
    const unsigned modes = OddFloatingPoint::Modes();
    EXPECT_EQ(all_results({}), expected);
    EXPECT_EQ(OddFloatingPoint::Modes(), modes);
  }
}

}  // namespace
}  // namespace mnv4
