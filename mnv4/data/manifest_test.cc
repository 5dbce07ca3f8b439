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

TEST(Manifest, ReadsPathsBesideItAndLabels) {
  const TempFolder folder;
  const std::string path =
      folder.Put("set/val.csv", "path,label\npictures/a.jpg,cat\r\n\"b, c.jpg\",2\n/x/d.jpg,owl");
  const auto set = OpenDataset({path}, OwlCatFireTruck());
  EXPECT_EQ(set->Size(), 3);
  const Sample first = *set->Next();
  EXPECT_EQ(first.path, folder / "set/pictures/a.jpg");
  EXPECT_THAT(first.labels, ElementsAre(1));
  EXPECT_EQ(set->Next()->path, folder / "set/b, c.jpg");
  EXPECT_EQ(set->Next()->path, "/x/d.jpg");
  EXPECT_FALSE(set->Next());
}

TEST(Manifest, NeedsNoHeader) {
  const TempFolder folder;
  EXPECT_EQ(OpenManifest(folder.Put("a.csv", "a.jpg,0\n"), OwlCatFireTruck())->Size(), 1);
}

TEST(Manifest, NamesTheLineItCannotTake) {
  const TempFolder folder;
  const auto message = [&](std::string_view text) {
    const std::string path = folder.Put("val.csv", text);
    return MessageOf([&] { OpenManifest(path, OwlCatFireTruck()); });
  };
  EXPECT_THAT(message("path,label\na.jpg,cat\nb.jpg,3\n"),
              HasSubstr("val.csv: line 3: '3' is none of the 3 classes"));
  EXPECT_THAT(message("a.jpg\n"), HasSubstr("val.csv: line 1: 1 fields, expected path,label"));
  EXPECT_THAT(message("a.jpg,1,2\n"), HasSubstr("3 fields"));
  EXPECT_THAT(message("a.jpg,\n"), HasSubstr("line 1: ''"));
  EXPECT_THAT(message(",1\n"), HasSubstr("line 1"));
  EXPECT_THAT(message(std::string_view("a.jpg,1\0\n", 9)), HasSubstr("a NUL byte"));
  EXPECT_THAT(message("path,label\n"), HasSubstr("no pictures"));
  EXPECT_THAT(message(""), HasSubstr("is empty"));
}

TEST(Manifest, SaysItsClasses) {
  const TempFolder folder;
  const auto names = [&](std::string_view text) {
    return ManifestClasses(folder.Put("a.csv", text)).Names();
  };
  EXPECT_THAT(names("a.jpg,owl\nb.jpg,fire_truck\nc.jpg,fire truck\n"),
              ElementsAre("fire truck", "owl"));
  EXPECT_THAT(names("a.jpg,2\nb.jpg,0\n"), ElementsAre("0", "1", "2"));
  EXPECT_THAT(names("a.jpg,2\nb.jpg,owl\n"), ElementsAre("2", "owl"));
  EXPECT_THAT(MessageOf([&] { names("a.jpg\n"); }), HasSubstr("line 1: 1 fields"));
}

TEST(Dataset, SaysItsClasses) {
  const TempFolder folder;
  for (const char* name : {"set/b/1.jpg", "set/a_b/1.jpg", "set/.c/1.jpg", "set/10/1.jpg"}) {
    folder.Put(name, "x");
  }
  EXPECT_THAT(ClassesIn({folder / "set"}).Names(), ElementsAre("10", "a b", "b"));
  EXPECT_EQ(ClassesIn({"a.tar", "b.tar"}).classes(), kMostClasses);
}

TEST(Dataset, IsAFolderACsvFileOrShards) {
  const TempFolder folder;
  const std::string csv = folder.Put("a.csv", "a.jpg,0\n");
  for (const std::vector<std::string>& operands :
       std::vector<std::vector<std::string>>{{"a.zip"}, {csv, csv}, {folder.path(), csv}}) {
    EXPECT_THAT(
        MessageOf([&] { OpenDataset(operands, OwlCatFireTruck()); }, ErrorCode::kInvalidArgument),
        HasSubstr("expected one folder of class folders, one .csv file, or .tar"));
  }
}

}  // namespace
}  // namespace mnv4::data
