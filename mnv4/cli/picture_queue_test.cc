#include "mnv4/cli/picture_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "mnv4/base/error.h"

namespace mnv4::cli {
namespace {

// Samples "0", "1", ..., and then the end or an error.
class Numbers : public data::Dataset {
 public:
  explicit Numbers(int count, bool breaks = false) : count_(count), breaks_(breaks) {}
  std::optional<data::Sample> Next() override {
    if (next_ == count_ && breaks_) throw Error(ErrorCode::kInvalidFile, "is damaged");
    if (next_ == count_) return std::nullopt;
    return data::Sample{.key = std::to_string(next_++)};
  }
  int64_t Size() const override { return count_; }

 private:
  int count_, next_ = 0;
  bool breaks_;
};

TEST(PictureQueue, HandsPicturesOutInOrderWhateverTheWorkersDo) {
  Numbers numbers(40);
  PictureQueue queue(
      numbers,
      [](const data::Sample& sample) {
        const int number = std::stoi(sample.key);
        std::this_thread::sleep_for(std::chrono::microseconds(number % 3 == 0 ? 2000 : 0));
        return Image{.width = number, .height = 1, .channels = 1, .pixels = {}};
      },
      4, 6);
  for (int i = 0; i < 40; ++i) {
    const std::optional<Picture> picture = queue.Next();
    ASSERT_TRUE(picture);
    EXPECT_EQ(picture->sample.key, std::to_string(i));
    EXPECT_EQ(picture->pixels.width, i);
  }
  EXPECT_FALSE(queue.Next());
  EXPECT_FALSE(queue.Next());
}

TEST(PictureQueue, ReportsABrokenPictureAndGoesOn) {
  Numbers numbers(3);
  PictureQueue queue(
      numbers,
      [](const data::Sample& sample) -> Image {
        if (sample.key == "1") throw Error(ErrorCode::kRuntime, "is broken");
        return {};
      },
      2, 2);
  EXPECT_EQ(queue.Next()->error, "");
  EXPECT_EQ(queue.Next()->error, "is broken");
  EXPECT_EQ(queue.Next()->error, "");
}

TEST(PictureQueue, ThrowsWhatTheDataSetThrewAfterThePicturesBeforeIt) {
  Numbers numbers(5, /*breaks=*/true);
  PictureQueue queue(
      numbers,
      [](const data::Sample&) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        return Image();
      },
      3, 4);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(queue.Next());
  EXPECT_THROW(queue.Next(), Error);
}

TEST(PictureQueue, NeverHoldsMoreThanItsCapacity) {
  std::atomic<int> loaded = 0;
  Numbers numbers(50);
  PictureQueue queue(
      numbers,
      [&](const data::Sample&) {
        ++loaded;
        return Image();
      },
      4, 5);
  for (int taken = 0; taken < 50; ++taken) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    EXPECT_LE(loaded, taken + 5);
    queue.Next();
  }
}

// Measured against what the stages really took, so that a busy machine changes nothing.
TEST(PictureQueue, KeepsTheSlowerOfLoaderAndTakerBusy) {
  using Clock = std::chrono::steady_clock;
  const auto work = [](std::chrono::milliseconds time) {
    const Clock::time_point start = Clock::now();
    std::this_thread::sleep_for(time);
    return Clock::now() - start;
  };
  for (const bool slow_loader : {false, true}) {
    const std::chrono::milliseconds load_time(slow_loader ? 4 : 2), take_time(slow_loader ? 2 : 4);
    Clock::duration loading{}, taking{};
    Numbers numbers(100);
    const Clock::time_point start = Clock::now();
    PictureQueue queue(
        numbers,
        [&](const data::Sample&) {
          loading += work(load_time);  // by the only worker
          return Image();
        },
        1, 3);
    while (queue.Next()) taking += work(take_time);
    EXPECT_LT(Clock::now() - start, 1.1 * std::max(loading, taking));
  }
}

TEST(PictureQueue, EndsInTheMiddleWithoutWaitingForTheRest) {
  std::atomic<int> loaded = 0;
  {
    Numbers numbers(1000);
    PictureQueue queue(
        numbers,
        [&](const data::Sample&) {
          ++loaded;
          return Image();
        },
        2, 4);
    queue.Next();
  }
  EXPECT_LE(loaded, 5);
}

TEST(PictureQueue, EndsAtOnceWithoutPictures) {
  Numbers numbers(0);
  PictureQueue queue(
      numbers, [](const data::Sample&) { return Image(); }, 3, 3);
  EXPECT_FALSE(queue.Next());
}

}  // namespace
}  // namespace mnv4::cli
