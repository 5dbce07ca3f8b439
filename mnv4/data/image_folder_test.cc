#include <gmock/gmock.h>

#include "mnv4/data/dataset.h"
#include "mnv4/data/testing.h"
#include "mnv4/io/testing.h"

namespace mnv4::data {
namespace {

using mnv4::test::MessageOf;
using mnv4::test::TempFolder;
using test::OwlCatFireTruck;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ImageFolder, TakesTheClassFromTheFoldersName) {
  const TempFolder folder;
  for (const char* name : {"fire_truck/2.jpg", "fire_truck/1/x.PNG", "cat/a.jpeg", "cat/notes.txt",
                           ".cache/b.jpg", "stray.jpg"}) {
    folder.Put(name, name);
  }
  const auto set = OpenDataset({folder.path()}, OwlCatFireTruck());
  EXPECT_EQ(set->Size(), 3);
  std::vector<std::string> keys;
  std::vector<int> labels;
  while (const auto sample = set->Next()) {
    keys.push_back(sample->key);
    labels.push_back(sample->labels.at(0));
    EXPECT_EQ(sample->path, sample->key);
    EXPECT_EQ(ReadBytes(*sample).size(), sample->key.size() - folder.path().size() - 1);
  }
  EXPECT_THAT(keys, ElementsAre(folder / "cat/a.jpeg", folder / "fire_truck/1/x.PNG",
                                folder / "fire_truck/2.jpg"));
  EXPECT_THAT(labels, ElementsAre(1, 2, 2));
}

TEST(ImageFolder, NumbersFoldersOfUnknownNamesIfThereIsOneForEachClass) {
  const TempFolder folder;
  for (const char* name : {"b/1.jpg", "a/1.jpg", "c/1.jpg"}) folder.Put(name, "x");
  const auto set = OpenImageFolder(folder.path(), OwlCatFireTruck());
  for (const int label : {0, 1, 2}) EXPECT_THAT(set->Next()->labels, ElementsAre(label));
  folder.Put("d/1.jpg", "x");
  EXPECT_THAT(MessageOf([&] { OpenImageFolder(folder.path(), OwlCatFireTruck()); }),
              HasSubstr("class folder: 'a' is none of the 3 classes"));
}

TEST(ImageFolder, DoesNotMixNamesItKnowsWithOthers) {
  const TempFolder folder;
  for (const char* name : {"cat/1.jpg", "a/1.jpg", "c/1.jpg"}) folder.Put(name, "x");
  EXPECT_THAT(MessageOf([&] { OpenImageFolder(folder.path(), OwlCatFireTruck()); }),
              HasSubstr("'a'"));
}

TEST(ImageFolder, WantsPicturesInFolders) {
  const TempFolder folder;
  folder.Put("1.jpg", "x");
  EXPECT_THAT(MessageOf([&] { OpenImageFolder(folder.path(), OwlCatFireTruck()); }),
              HasSubstr("0 class folders with no picture"));
}

}  // namespace
}  // namespace mnv4::data
