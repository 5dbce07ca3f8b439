#include "mnv4/data/class_map.h"

#include <gmock/gmock.h>

#include "mnv4/io/testing.h"

namespace mnv4::data {
namespace {

using ::testing::HasSubstr;
using Names = std::vector<std::string>;

TEST(ClassMap, FindsNamesAndNumbers) {
  ClassMap map(3);
  map.AddNames(Names{"n01", "", "n03"});
  map.AddNames(Names{"tench", "fire truck", "owl"});
  EXPECT_EQ(map.Find("n03"), 2);
  EXPECT_EQ(map.Find("fire_truck"), 1);
  EXPECT_EQ(map.Find("0"), 0);
  for (const char* label : {"3", "-1", "1.0", "", "OWL", "9999999999999999999"}) {
    EXPECT_EQ(map.Find(label), std::nullopt) << label;
  }
}

TEST(ClassMap, PrefersANameToANumberAndTheFirstNames) {
  ClassMap map(3);
  map.AddNames(Names{"2", "a", "b"});
  map.AddNames(Names{"b", "c", "d"});
  EXPECT_EQ(map.Find("2"), 0);
  EXPECT_EQ(map.Find("b"), 2);
}

TEST(ClassMap, DoesNotGuessWhichOfTwoClassesANameMeans) {
  ClassMap map(3);
  map.AddNames(Names{"crane", "crane", "owl"});
  EXPECT_EQ(map.Find("crane"), std::nullopt);
  EXPECT_EQ(map.Find("owl"), 2);
}

TEST(ClassMap, ReadsNamesByLineOrWithTheirNumber) {
  const test::TempFolder folder;
  const ClassMap by_line = ClassMap::Read(folder.Put("a.txt", "n01\r\nn02\n"), 5);
  EXPECT_EQ(by_line.Find("n02"), 1);
  const ClassMap by_number = ClassMap::Read(folder.Put("b.txt", "red fox\t4\nowl\t0"), 5);
  EXPECT_EQ(by_number.Find("red_fox"), 4);
  EXPECT_EQ(by_number.Find("owl"), 0);
}

TEST(ClassMap, CountsTheClassesOfAFile) {
  const test::TempFolder folder;
  const ClassMap map = ClassMap::Read(folder.Put("a.txt", "red_fox\t2\nzorro\t2\nowl\t0\n"));
  EXPECT_EQ(map.classes(), 3);
  EXPECT_EQ(map.Names(), (Names{"owl", "1", "red fox"}));
}

TEST(ClassMap, NamesTheLineItCannotTake) {
  const test::TempFolder folder;
  const auto message = [&](std::string_view text) {
    const std::string path = folder.Put("map.txt", text);
    return test::MessageOf([&] { ClassMap::Read(path, 2); });
  };
  EXPECT_THAT(message("a\nb\nc\n"), HasSubstr("map.txt: line 3: class 2, expected 0 to 1"));
  EXPECT_THAT(message("a\tx\n"), HasSubstr("line 1: class x"));
  EXPECT_THAT(message("a\na\n"), HasSubstr("line 2: 'a' is there twice"));
  EXPECT_THAT(message("a\n\n"), HasSubstr("line 2: no name"));
  EXPECT_THAT(message(std::string_view("a\0b\n", 4)), HasSubstr("a NUL byte"));
  EXPECT_THAT(message(""), HasSubstr("is empty"));
}

TEST(ClassMap, SaysWhatItDoesNotKnow) {
  const ClassMap map(10);
  EXPECT_THAT(test::MessageOf([&] { map.IndexOf("tabby\n", "val: class folder"); }),
              HasSubstr("val: class folder: 'tabby\\n' is none of the 10 classes"));
}

}  // namespace
}  // namespace mnv4::data
