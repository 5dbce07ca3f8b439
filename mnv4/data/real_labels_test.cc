#include "mnv4/data/real_labels.h"

#include <gmock/gmock.h>

#include "mnv4/io/testing.h"

namespace mnv4::data {
namespace {

using test::MessageOf;
using test::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(RealLabels, GoByTheNumberOfAnImageNetPictureElseByItsPlace) {
  const TempFolder folder;
  const RealLabels labels(folder.Put("real.json", "[[3], [], [1, 2]]"), 4);
  EXPECT_THAT(labels.Of("val/n01/ILSVRC2012_val_00000003.JPEG", 0), ElementsAre(1, 2));
  EXPECT_THAT(labels.Of("val-0.tar:ILSVRC2012_val_00000001", 2), ElementsAre(3));
  EXPECT_THAT(labels.Of("a.jpg", 1), IsEmpty());
  EXPECT_THAT(labels.Of("ILSVRC2012_val_x.jpg", 0), ElementsAre(3));
}

TEST(RealLabels, MissPicturesBeyondTheirEnd) {
  const TempFolder folder;
  const RealLabels labels(folder.Put("real.json", "[[3]]"), 4);
  EXPECT_THAT(MessageOf([&] { labels.Of("a.jpg", 1); }),
              HasSubstr("real.json: labels of 1 pictures, none for the one at place 1: a.jpg"));
}

TEST(Relabelled, LeavesOutPicturesWithoutALabel) {
  const TempFolder folder;
  std::vector<Sample> samples(3);
  for (size_t i = 0; i < 3; ++i) samples[i].key = std::to_string(i);
  Relabelled set(ListOf(samples), RealLabels(folder.Put("real.json", "[[3], [], [1, 2]]"), 4));
  EXPECT_THAT(set.Next()->labels, ElementsAre(3));
  EXPECT_EQ(set.Size(), 3);
  EXPECT_EQ(set.Next()->key, "2");
  EXPECT_FALSE(set.Next());
  EXPECT_EQ(set.Size(), 2);
  EXPECT_EQ(set.left_out(), 1);
}

TEST(RealLabels, AreListsOfClasses) {
  const TempFolder folder;
  for (const char* text : {"[[4]]", "[[-1]]", "[1]", "{}", "[[1.5]]", "[["}) {
    const std::string path = folder.Put("real.json", text);
    EXPECT_THAT(MessageOf([&] { RealLabels(path, 4); }), HasSubstr("real.json: ")) << text;
  }
}

}  // namespace
}  // namespace mnv4::data
