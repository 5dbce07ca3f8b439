#include <gmock/gmock.h>

#include "mnv4/cli/data_check_report.h"
#include "mnv4/cli/data_stats_report.h"
#include "mnv4/io/json.h"

namespace mnv4::cli {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const Style kPlain(nullptr);

SeenPicture Seen(int64_t index, const std::string& key, const std::string& hash) {
  return {.index = index,
          .key = key,
          .error = hash.empty() ? "PNG: broken" : "",
          .bytes = 1000,
          .hash = hash};
}

SeenPicture Sized(int width, int height) {
  return {.bytes = 2000, .format = "PNG", .width = width, .height = height};
}

std::vector<std::string> Keys(const DuplicateGroup& group) {
  std::vector<std::string> keys;
  for (const PicturePlace& place : group.pictures) keys.push_back(place.key);
  return keys;
}

TEST(DataCheck, TellsRepetitionsConflictsAndLeaksApart) {
  DataCheck check({"train", "val"});
  check.SetClasses(0, {"owl", "cat", "dog"});
  // In the order in which workers happen to finish.
  check.Add(0, Seen(3, "d", "2"), "cat");
  check.Add(0, Seen(1, "b", "1"), "owl");
  check.Add(0, Seen(0, "a", "1"), "owl");
  check.Add(0, Seen(2, "c", "2"), "owl");
  check.Add(0, Seen(4, "e", "3"), "cat");
  check.Add(0, Seen(5, "f", ""), "cat");
  check.Add(0, Seen(6, "g", ""), "cat");
  check.Add(1, Seen(0, "x", "3"), "cat");
  const std::vector<DuplicateGroup> groups = check.Duplicates();
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_THAT(Keys(groups[0]), ElementsAre("a", "b"));
  EXPECT_FALSE(groups[0].conflict || groups[0].shared);
  EXPECT_THAT(Keys(groups[1]), ElementsAre("c", "d"));
  EXPECT_TRUE(groups[1].conflict && !groups[1].shared);
  EXPECT_THAT(Keys(groups[2]), ElementsAre("e", "x"));
  EXPECT_TRUE(!groups[2].conflict && groups[2].shared);
  EXPECT_EQ(check.broken(), 2);

  const std::string text = check.Text(kPlain);
  EXPECT_THAT(text, HasSubstr("train: 7 pictures of 3 classes"));
  EXPECT_THAT(text, HasSubstr("\nbroken\nf: PNG: broken\ng: PNG: broken\n"));
  EXPECT_THAT(text, HasSubstr("\nlabel conflicts\nc (owl) = d (cat)\n"));
  EXPECT_THAT(text, HasSubstr("\nin both sets\ne = x\n"));
  EXPECT_THAT(text, HasSubstr("\nempty classes\ndog of train\n"));

  const Json json = ParseJson(check.JsonText(), "json");
  EXPECT_EQ(json.Find("duplicates")->As<Json::Array>()->size(), 3u);
  EXPECT_EQ(json.Find("broken")->As<Json::Array>()->size(), 2u);
}

TEST(DataCheck, OfACleanSetListsNothing) {
  DataCheck check({"set"});
  check.Add(0, Seen(0, "a", "1"), "owl");
  check.Add(0, Seen(1, "b", "2"), "owl");
  EXPECT_THAT(check.Duplicates(), IsEmpty());
  EXPECT_TRUE(check.Text(kPlain).ends_with("empty classes    0\n")) << check.Text(kPlain);
}

TEST(DataCheck, ShowsTheFirstOfManyAndPrintsNoControlCharacters) {
  DataCheck check({"set"});
  for (int i = 0; i < 25; ++i) check.Add(0, Seen(i, "a\x1b" + std::to_string(i), ""), "owl\n");
  const std::string text = check.Text(kPlain);
  EXPECT_THAT(text, HasSubstr("and 5 more; --json lists them"));
  EXPECT_THAT(text, HasSubstr("a\\x1b19: PNG: broken"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Colours, AreThoseOfAllPixels) {
  PixelSums sums;
  // Half of the pixels 0, half of them 255, 102 and 0.
  sums.pixels = 10;
  sums.sum = {5 * 255, 5 * 102, 0};
  sums.sum_of_squares = {5 * 255 * 255, 5 * 102 * 102, 0};
  const Colours colours = ColoursOf(sums);
  EXPECT_THAT(colours.mean,
              ElementsAre(DoubleNear(0.5, 1e-12), DoubleNear(0.2, 1e-12), DoubleNear(0, 1e-12)));
  EXPECT_THAT(colours.std,
              ElementsAre(DoubleNear(0.5, 1e-12), DoubleNear(0.2, 1e-12), DoubleNear(0, 1e-12)));
  EXPECT_THAT(ColoursOf({}).mean, ElementsAre(0, 0, 0));
}

TEST(DataStats, CountClassesSizesAndFormats) {
  DataStats stats("set", 224);
  for (int i = 0; i < 6; ++i) stats.Add(Sized(300, 200), "owl");
  stats.Add(Sized(100, 100), "cat");
  stats.Add(Sized(100, 400), "cat");
  SeenPicture broken = Sized(0, 0);
  broken.error = "PNG: broken";
  stats.Add(broken, "cat");
  EXPECT_EQ(stats.broken(), 1);
  const Json json = ParseJson(stats.JsonText(), "json");
  EXPECT_EQ(*json.Find("pictures"), Json(9));
  EXPECT_EQ(*json.Find("imbalance"), Json(2.0));
  EXPECT_EQ(*json.Find("per_class")->Find("median"), Json(4.5));
  EXPECT_EQ(*json.Find("formats")->Find("PNG"), Json(8));
  EXPECT_EQ(*json.Find("width")->Find("median"), Json(300.0));
  EXPECT_EQ(*json.Find("height")->Find("max"), Json(400.0));
  const auto count_of = [&](const char* histogram, const char* range) {
    for (const Json& bin : *json.Find(histogram)->As<Json::Array>()) {
      if (*bin.Find("range") == Json(range)) return *bin.Find("pictures");
    }
    return Json();
  };
  EXPECT_EQ(count_of("shorter_side", "64 to 127"), Json(2));
  EXPECT_EQ(count_of("shorter_side", "128 to 223"), Json(6));
  EXPECT_EQ(count_of("aspect", "square"), Json(1));
  EXPECT_EQ(count_of("aspect", "below 1:2"), Json(1));
  EXPECT_EQ(count_of("aspect", "4:3 to 2:1"), Json(6));
  EXPECT_THAT(stats.Text(kPlain), HasSubstr("owl             6\n"));
}

TEST(DataStats, SayThatAClassIsEmpty) {
  DataStats stats("set", 224);
  stats.SetClasses({"owl", "cat"});
  stats.Add(Sized(10, 10), "cat");
  EXPECT_THAT(stats.Text(kPlain), HasSubstr("imbalance  a class has no pictures"));
  EXPECT_TRUE(ParseJson(stats.JsonText(), "json").Find("imbalance")->IsNull());
}

TEST(DataStats, ShowTheLargestAndTheSmallestOfManyClasses) {
  DataStats stats("set", 224);
  for (int c = 0; c < 30; ++c) {
    for (int i = 0; i <= c; ++i) stats.Add(Sized(10, 10), "class " + std::to_string(c));
  }
  const std::string text = stats.Text(kPlain);
  EXPECT_THAT(text, HasSubstr("class 25        26\n...\nclass 4          5\n"));
  EXPECT_THAT(text, HasSubstr("class 0          1\n\n"));
}

}  // namespace
}  // namespace mnv4::cli
