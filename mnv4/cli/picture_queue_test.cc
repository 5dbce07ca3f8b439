#include "mnv4/cli/picture_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "mnv4/base/error.h"

namespace mnv4::cli {
namespace {

std::vector<std::string> Numbers(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back(std::to_string(i));
  return names;
}

TEST(PictureQueue, HandsPicturesOutInOrderWhateverTheWorkersDo) {
  PictureQueue queue(
      Numbers(40),
      [](const std::string& path) {
        const int number = std::stoi(path);
        std::this_thread::sleep_for(std::chrono::microseconds(number % 3 == 0 ? 2000 : 0));
        return Image{.width = number, .height = 1, .channels = 1, .pixels = {}};
      },
      4, 6);
  for (int i = 0; i < 40; ++i) {
    const std::optional<Picture> picture = queue.Next();
    ASSERT_TRUE(picture);
    EXPECT_EQ(picture->path, std::to_string(i));
    EXPECT_EQ(picture->pixels.width, i);
  }
  EXPECT_FALSE(queue.Next());
  EXPECT_FALSE(queue.Next());
}

TEST(PictureQueue, ReportsABrokenPictureAndGoesOn) {
  PictureQueue queue(
      Numbers(3),
      [](const std::string& path) -> Image {
        if (path == "1") throw Error(ErrorCode::kRuntime, "is broken");
        return {};
      },
      2, 2);
  EXPECT_EQ(queue.Next()->error, "");
  EXPECT_EQ(queue.Next()->error, "is broken");
  EXPECT_EQ(queue.Next()->error, "");
}

TEST(PictureQueue, NeverHoldsMoreThanItsCapacity) {
  std::atomic<int> loaded = 0;
  PictureQueue queue(
      Numbers(50),
      [&](const std::string&) {
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

TEST(PictureQueue, EndsInTheMiddleWithoutWaitingForTheRest) {
  std::atomic<int> loaded = 0;
  {
    PictureQueue queue(
        Numbers(1000),
        [&](const std::string&) {
          ++loaded;
          return Image();
        },
        2, 4);
    queue.Next();
  }
  EXPECT_LE(loaded, 5);
}

}  // namespace
}  // namespace mnv4::cli
