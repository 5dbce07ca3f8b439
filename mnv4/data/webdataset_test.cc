#include "mnv4/data/webdataset.h"

#include <gmock/gmock.h>

#include "mnv4/data/dataset.h"
#include "mnv4/data/testing.h"
#include "mnv4/io/testing.h"

namespace mnv4::data {
namespace {

using mnv4::test::Bytes;
using mnv4::test::MessageOf;
using mnv4::test::TempFolder;
using test::Compression;
using test::Files;
using test::MakeTar;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const ClassMap& Ten() {
  static const ClassMap* classes = [] {
    auto* map = new ClassMap(10);
    map->AddNames(std::vector<std::string>{"cat", "dog"});
    return map;
  }();
  return *classes;
}

std::vector<Sample> SamplesOf(std::string_view tar) {
  ShardReader reader(TarReader(Bytes(tar), "x.tar"), Ten());
  std::vector<Sample> samples;
  while (std::optional<Sample> sample = reader.Next()) samples.push_back(std::move(*sample));
  return samples;
}

std::string ErrorOf(const Files& files) {
  const std::string tar = MakeTar(files);
  return MessageOf([&] { SamplesOf(tar); });
}

std::string TextOf(const Sample& sample) {
  return {reinterpret_cast<const char*>(sample.bytes.data()), sample.bytes.size()};
}

TEST(Shard, JoinsTheFilesOfAKey) {
  const auto samples = SamplesOf(MakeTar({{"a/0.1/x.jpg", "JPEG"},
                                          {"a/0.1/x.cls", "7\n"},
                                          {"y.json", "{\"label\": 3, \"more\": null}"},
                                          {"y.seg.png", "mask"},
                                          {"y.PNG", "PNG"},
                                          {"z.cls", "dog"},
                                          {"z.json", "{}"},
                                          {"z.webp", ""}}));
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[0].key, "x.tar:a/0.1/x");
  EXPECT_EQ(TextOf(samples[0]), "JPEG");
  EXPECT_THAT(samples[0].labels, ElementsAre(7));
  EXPECT_EQ(TextOf(samples[1]), "PNG");
  EXPECT_THAT(samples[1].labels, ElementsAre(3));
  EXPECT_EQ(TextOf(samples[2]), "");  // broken, but not left out
  EXPECT_THAT(samples[2].labels, ElementsAre(1));
}

TEST(Shard, PassesOverHiddenFilesAndKeysWithoutAPicture) {
  const auto samples = SamplesOf(MakeTar({{"._x.jpg", "apple"},
                                          {"README", "text"},
                                          {"only.cls", "1"},
                                          {"x.jpg", "1"},
                                          {"x.cls", "cat"}}));
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0].key, "x.tar:x");
}

TEST(Shard, KeepsHostileNamesAsText) {
  const auto samples =
      SamplesOf(MakeTar({{"../../etc/\x1b[2J.jpg", "1"}, {"../../etc/\x1b[2J.cls", "0"}}));
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0].key, "x.tar:../../etc/\\x1b[2J");
}

TEST(Shard, NamesTheFileOfALabelThatIsNoClass) {
  EXPECT_THAT(ErrorOf({{"a.jpg", "1"}, {"a.cls", "10"}}),
              HasSubstr("x.tar:a.cls: '10' is none of the 10 classes"));
  EXPECT_THAT(ErrorOf({{"a.jpg", "1"}, {"a.cls", "bird"}}), HasSubstr("x.tar:a.cls: 'bird'"));
  EXPECT_THAT(ErrorOf({{"a.json", "{\"label\": -1}"}}), HasSubstr("x.tar:a.json: label: -1"));
  EXPECT_THAT(ErrorOf({{"a.json", "{\"name\": 1}"}}), HasSubstr("x.tar:a.json"));
  EXPECT_THAT(ErrorOf({{"a.json", "no json"}}), HasSubstr("x.tar:a.json"));
}

TEST(Shard, WantsOnePictureAndAClass) {
  EXPECT_THAT(ErrorOf({{"a.jpg", "1"}, {"b.cls", "1"}}), HasSubstr("x.tar:a: a picture without a"));
  EXPECT_THAT(ErrorOf({{"a.jpg", "1"}, {"a.png", "1"}, {"a.cls", "1"}}),
              HasSubstr("x.tar:a.png: a second picture"));
}

TEST(Shard, SurvivesDamage) {
  for (const auto compression : {Compression::kNone, Compression::kGzip, Compression::kZstd}) {
    const std::string tar =
        MakeTar({{"a.jpg", "JPEG"}, {"a.cls", "1"}, {"b.json", "{\"label\": 2}"}, {"b.png", "PNG"}},
                compression);
    mnv4::test::ExpectErrorOrSuccessOnMutations(
        tar, 500, [](std::string_view damaged) { SamplesOf(damaged); });
  }
}

TEST(Shards, FollowEachOtherAndCountTheirSamples) {
  const TempFolder folder;
  const std::vector<std::string> paths = {
      folder.Put("0.tar", MakeTar({{"a.jpg", "1"}, {"a.cls", "1"}})),
      folder.Put("1.tar.gz", MakeTar({{"b.txt", "1"}}, Compression::kGzip)),
      folder.Put("2.tar.zst", MakeTar({{"a.jpg", "1"}, {"a.cls", "1"}}, Compression::kZstd))};
  const std::unique_ptr<Dataset> shards = OpenDataset(paths, Ten());
  EXPECT_EQ(shards->Next()->key, "0.tar:a");
  EXPECT_GE(shards->Size(), 1);
  EXPECT_EQ(shards->Next()->key, "2.tar.zst:a");
  EXPECT_FALSE(shards->Next());
  EXPECT_EQ(shards->Size(), 2);
}

TEST(Shards, AreMissedBeforeTheFirstIsRead) {
  const TempFolder folder;
  const std::string there = folder.Put("val-0.tar", MakeTar({}));
  EXPECT_THAT(
      MessageOf([&] { OpenDataset({folder / "val-{0..1}.tar"}, Ten()); }, ErrorCode::kRuntime),
      HasSubstr("val-1.tar: No such file"));
}

TEST(ExpandBraces, CountsWithZeros) {
  EXPECT_THAT(ExpandBraces("a-{08..11}.tar"),
              ElementsAre("a-08.tar", "a-09.tar", "a-10.tar", "a-11.tar"));
  EXPECT_THAT(ExpandBraces("{1..2}/{0..1}"), ElementsAre("1/0", "1/1", "2/0", "2/1"));
  EXPECT_THAT(ExpandBraces("plain.tar"), ElementsAre("plain.tar"));
}

TEST(ExpandBraces, RefusesWhatIsNoRange) {
  for (const char* text : {"a{", "a{}", "{1}", "{2..1}", "{a..b}", "{-1..2}", "{0..999999999999}",
                           "{0..999}{0..999}"}) {
    EXPECT_NE(MessageOf([&] { ExpandBraces(text); }, ErrorCode::kInvalidArgument), "") << text;
  }
}

}  // namespace
}  // namespace mnv4::data
