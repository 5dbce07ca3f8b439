#include "mnv4/cli/data_walk.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "mnv4/base/error.h"
#include "mnv4/io/testing.h"

namespace mnv4::cli {
namespace {

using mnv4::test::MessageOf;
using mnv4::test::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A picture of 4 x 2 pixels of one colour.
std::string Pnm(char red, char green, char blue) {
  std::string text = "P6 4 2 255\n";
  for (int i = 0; i < 8; ++i) text += {red, green, blue};
  return text;
}

data::Sample SampleOf(const std::string& key, const std::string& content, int label = 0) {
  const auto bytes = mnv4::test::Bytes(content);
  return {.key = key, .path = "", .bytes = {bytes.begin(), bytes.end()}, .labels = {label}};
}

TEST(LookAt, SaysWhatAPictureIs) {
  const SeenPicture seen = LookAt(SampleOf("a", Pnm(10, 20, 30), 7), {.hash = true, .sums_at = 3});
  EXPECT_EQ(seen.key, "a");
  EXPECT_EQ(seen.label, 7);
  EXPECT_EQ(seen.error, "");
  EXPECT_EQ(seen.bytes, 11 + 24);
  EXPECT_EQ(seen.hash.size(), 32u);
  EXPECT_STREQ(seen.format, "PNM");
  EXPECT_EQ(seen.width, 4);
  EXPECT_EQ(seen.height, 2);
  EXPECT_EQ(seen.sums.pixels, 9);
  EXPECT_THAT(seen.sums.sum, ElementsAre(90, 180, 270));
  EXPECT_THAT(seen.sums.sum_of_squares, ElementsAre(900, 3600, 8100));
}

TEST(LookAt, SaysWhyAPictureIsBroken) {
  const SeenPicture cut = LookAt(SampleOf("a", Pnm(1, 2, 3).substr(0, 20)), {.hash = true});
  EXPECT_THAT(cut.error, HasSubstr("PNM"));
  EXPECT_EQ(cut.bytes, 20);
  const TempFolder folder;
  const data::Sample missing = {.key = "x.png", .path = folder / "x.png"};
  EXPECT_EQ(LookAt(missing, {}).error, "No such file or directory");
  EXPECT_THAT(LookAt(missing, {.hash = true}).hash, IsEmpty());
}

// A set that breaks after `count` pictures.
class Breaking : public data::Dataset {
 public:
  explicit Breaking(int count) : count_(count) {}
  std::optional<data::Sample> Next() override {
    if (count_-- == 0) throw Error(ErrorCode::kInvalidFile, "is damaged");
    return SampleOf("a", Pnm(1, 2, 3));
  }
  int64_t Size() const override { return 0; }

 private:
  int count_;
};

TEST(LookAtAll, SeesEverySampleOnceWhateverTheWorkers) {
  for (const int workers : {1, 2, 7}) {
    std::vector<data::Sample> samples;
    for (int i = 0; i < 100; ++i) samples.push_back(SampleOf(std::to_string(i), Pnm(1, 2, 3), i));
    const auto set = data::ListOf(std::move(samples));
    const InterruptScope interrupt;
    Progress progress(0, "pictures", true);
    std::vector<int64_t> seen;
    const auto add = [&](const SeenPicture& picture) {
      EXPECT_EQ(picture.key, std::to_string(picture.index));
      EXPECT_EQ(picture.label, picture.index);
      seen.push_back(picture.index);
    };
    EXPECT_TRUE(LookAtAll(*set, {}, workers, interrupt, progress, add));
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen.size(), 100u);
    EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
  }
}

TEST(LookAtAll, ThrowsWhatTheSetThrowsAfterThePicturesBeforeIt) {
  Breaking set(5);
  const InterruptScope interrupt;
  Progress progress(0, "pictures", true);
  int seen = 0;
  EXPECT_EQ(MessageOf([&] {
              LookAtAll(set, {}, 3, interrupt, progress, [&](const SeenPicture&) { ++seen; });
            }),
            "is damaged");
  EXPECT_EQ(seen, 5);
}

}  // namespace
}  // namespace mnv4::cli
