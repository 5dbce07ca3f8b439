#include "mnv4/data/source.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "mnv4/data/testing.h"
#include "mnv4/image/decode.h"
#include "mnv4/io/testing.h"

namespace mnv4::data {
namespace {

using mnv4::test::MessageOf;
using mnv4::test::TempFolder;
using test::Compression;
using test::Files;
using test::MakeTar;
using test::OwlCatFireTruck;
using ::testing::HasSubstr;

std::string TextOf(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::unique_ptr<Source> ShardsOf(const TempFolder& folder, const std::string& tar) {
  return OpenSource({folder.Put("x.tar", tar)}, OwlCatFireTruck());
}

std::string ErrorOf(const std::string& tar) {
  const TempFolder folder;
  return MessageOf([&] { ShardsOf(folder, tar); });
}

const Files kTwo = {
    {"a/0.jpg", std::string(1000, 'a')},
    {"a/0.cls", "2"},
    {"b.json", "{\"label\": \"cat\"}"},
    {"b.txt", "more"},
    {"b.png", "PNG"},
};

TEST(Source, NumbersTheSamplesOfAFolder) {
  const TempFolder folder;
  folder.Put("set/owl/b.jpg", "1");
  folder.Put("set/owl/a.jpg", "2");
  folder.Put("set/cat/c.png", "3");
  const auto source = OpenSource({folder / "set"}, OwlCatFireTruck());
  ASSERT_EQ(source->Size(), 3);
  EXPECT_EQ(source->LabelOf(0), 1);
  EXPECT_EQ(source->LabelOf(2), 0);
  EXPECT_EQ(TextOf(ReadBytes(source->Get(0, 1))), "2");
  EXPECT_EQ(source->Get(0, 1).path, folder / "set/owl/a.jpg");
}

TEST(Source, NumbersTheLinesOfAManifest) {
  const TempFolder folder;
  folder.Put("a.jpg", "1");
  const auto source =
      OpenSource({folder.Put("set.csv", "path,label\na.jpg,owl\na.jpg,2\n")}, OwlCatFireTruck());
  ASSERT_EQ(source->Size(), 2);
  EXPECT_EQ(source->LabelOf(1), 2);
  EXPECT_EQ(TextOf(ReadBytes(source->Get(5, 0))), "1");
}

TEST(Source, RefusesWhatIsNoSet) {
  EXPECT_THAT(
      MessageOf([] { OpenSource({"x.jpg"}, OwlCatFireTruck()); }, ErrorCode::kInvalidArgument),
      HasSubstr("x.jpg: expected one folder"));
}

TEST(Source, OfSamplesWithoutLabelsSaysSo) {
  std::vector<Sample> samples(1);
  EXPECT_EQ(SourceOf(samples)->LabelOf(0), -1);
}

TEST(ShardSource, ReadsPicturesWhereTheyAre) {
  const TempFolder folder;
  folder.Put("t-0.tar", MakeTar(kTwo));
  folder.Put("t-1.tar", MakeTar({{"c.webp", ""}, {"c.cls", "owl"}}));
  const auto source = OpenSource({folder / "t-{0..1}.tar"}, OwlCatFireTruck());
  ASSERT_EQ(source->Size(), 3);
  EXPECT_EQ(source->LabelOf(0), 2);
  EXPECT_EQ(source->LabelOf(1), 1);
  EXPECT_EQ(source->LabelOf(2), 0);
  EXPECT_EQ(source->Get(0, 1).key, "t-0.tar:b");
  EXPECT_EQ(source->Get(0, 2).key, "t-1.tar:c");
  EXPECT_EQ(TextOf(ReadBytes(source->Get(0, 1))), "PNG");
  EXPECT_EQ(TextOf(ReadBytes(source->Get(9, 0))), std::string(1000, 'a'));
  EXPECT_EQ(TextOf(ReadBytes(source->Get(0, 2))), "");
}

TEST(ShardSource, FindsPlacesBehindLongNames) {
  const std::string name = std::string(120, 'n') + ".jpg";
  // GNU tar: the name is the content of an entry of type L before the file's own.
  std::string link = test::TarHeader("././@LongLink", name.size() + 1);
  link[156] = 'L';
  unsigned sum = 0;
  link.replace(148, 8, "        ");
  for (const char c : link) sum += static_cast<unsigned char>(c);
  char octal[16];
  std::snprintf(octal, sizeof octal, "%06o", sum);
  link.replace(148, 7, std::string(octal) + '\0');
  std::string tar = link + name + std::string(512 - name.size(), '\0');
  tar += test::TarHeader("short.jpg", 4) + "JPEG" + std::string(508, '\0');
  tar += MakeTar({{std::string(95, 'n') + ".cls", "1"}});
  const TempFolder folder;
  // The keys differ: the picture has no class, and is named by its long name.
  EXPECT_THAT(MessageOf([&] { ShardsOf(folder, tar); }), HasSubstr(std::string(120, 'n')));
}

TEST(ShardSource, RefusesCompressedShards) {
  const TempFolder folder;
  for (const auto& [name, compression] :
       {std::pair{"x.tar.gz", Compression::kGzip}, std::pair{"x.tar.zst", Compression::kZstd},
        std::pair{"x.tar", Compression::kGzip}}) {
    const std::string path = folder.Put(name, MakeTar(kTwo, compression));
    EXPECT_THAT(MessageOf([&] { OpenSource({path}, OwlCatFireTruck()); }),
                HasSubstr(std::string(name) + ": a compressed shard"));
  }
}

TEST(ShardSource, RefusesLabelsThatAreNoClass) {
  EXPECT_THAT(ErrorOf(MakeTar({{"a.jpg", "1"}, {"a.cls", "3"}})), HasSubstr("x.tar:a.cls: '3'"));
  EXPECT_THAT(ErrorOf(MakeTar({{"a.jpg", "1"}})), HasSubstr("x.tar:a: a picture without a class"));
  EXPECT_THAT(ErrorOf(MakeTar({{"a.json", "{}"}, {"a.jpg", "1"}})), HasSubstr("x.tar:a.json"));
}

TEST(ShardSource, RefusesAnEmptySet) {
  EXPECT_THAT(ErrorOf(MakeTar({{"a.txt", "1"}})), HasSubstr("x.tar: no pictures"));
}

TEST(ShardSource, RefusesAFileBeyondTheEnd) {
  const std::string label = MakeTar({{"a.cls", "1"}}).substr(0, 1024);
  EXPECT_NE(ErrorOf(label + test::TarHeader("a.jpg", 1 << 20) + "x"), "");
  EXPECT_NE(ErrorOf(label + test::TarHeader("a.jpg", 8'000'000'000) + "x"), "");
}

TEST(ShardSource, SurvivesTruncationAndDamage) {
  const TempFolder folder;
  const std::string tar = MakeTar(kTwo);
  const auto read_all = [&](std::string_view damaged) {
    const auto source = ShardsOf(folder, std::string(damaged));
    for (int64_t i = 0; i < source->Size(); ++i) source->Get(0, i);
  };
  for (size_t size = 1; size < tar.size(); size += 97) {
    MessageOf([&] { read_all(std::string_view(tar).substr(0, size)); });
  }
  mnv4::test::ExpectErrorOrSuccessOnMutations(tar, 500, read_all);
}

TEST(ShardSource, NamesAPictureThatIsGone) {
  const TempFolder folder;
  const auto source = ShardsOf(folder, MakeTar(kTwo));
  folder.Put("x.tar", "short");
  EXPECT_THAT(MessageOf([&] { source->Get(0, 0); }, ErrorCode::kRuntime),
              HasSubstr("x.tar:a/0: the shard has become shorter"));
  std::filesystem::remove(folder / "x.tar");
  EXPECT_THAT(MessageOf([&] { source->Get(0, 1); }, ErrorCode::kRuntime),
              HasSubstr("x.tar:b: No such file"));
}

TEST(SyntheticSource, MakesOtherPicturesEveryEpoch) {
  const auto source = SyntheticSource(3, 7, 16, 1), again = SyntheticSource(3, 7, 16, 1);
  ASSERT_EQ(source->Size(), 7);
  EXPECT_EQ(source->LabelOf(5), 2);
  const Sample sample = source->Get(2, 5);
  EXPECT_EQ(sample.labels, std::vector<int>{2});
  const Image image = Decode(sample.bytes);
  EXPECT_EQ(image.width, 16);
  EXPECT_EQ(image.height, 16);
  EXPECT_EQ(sample.bytes, again->Get(2, 5).bytes);
  EXPECT_NE(sample.bytes, source->Get(3, 5).bytes);
  EXPECT_NE(sample.bytes, source->Get(2, 2).bytes);
}

// The class whose mean picture is nearest is nearly always the right one: there is something to
// learn, and nothing but the classes tells them apart.
TEST(SyntheticSource, HasClassesThatCanBeTold) {
  constexpr int kClasses = 10, kSide = 16, kValues = kSide * kSide * 3;
  const auto source = SyntheticSource(kClasses, 1000, kSide, 3);
  std::vector<std::vector<double>> means(kClasses, std::vector<double>(kValues));
  for (int i = 0; i < 500; ++i) {
    const Image image = Decode(source->Get(0, i).bytes);
    for (int v = 0; v < kValues; ++v) means[source->LabelOf(i)][v] += image.pixels[v] / 50.0;
  }
  int right = 0;
  for (int i = 500; i < 1000; ++i) {
    const Image image = Decode(source->Get(1, i).bytes);
    std::vector<double> distances(kClasses);
    for (int c = 0; c < kClasses; ++c) {
      for (int v = 0; v < kValues; ++v) distances[c] += std::pow(image.pixels[v] - means[c][v], 2);
    }
    const auto nearest = std::min_element(distances.begin(), distances.end());
    right += nearest - distances.begin() == source->LabelOf(i) ? 1 : 0;
  }
  EXPECT_GT(right, 450);
}

TEST(ShuffledOrder, IsAPermutationForEachSeedAndEpoch) {
  std::vector<int64_t> order = ShuffledOrder(1, 0, 1000);
  EXPECT_EQ(order, ShuffledOrder(1, 0, 1000));
  EXPECT_NE(order, ShuffledOrder(1, 1, 1000));
  EXPECT_NE(order, ShuffledOrder(2, 0, 1000));
  std::sort(order.begin(), order.end());
  for (int64_t i = 0; i < 1000; ++i) EXPECT_EQ(order[i], i);
  EXPECT_TRUE(ShuffledOrder(1, 0, 0).empty());
}

TEST(ShuffledOrder, PutsEveryNumberEverywhere) {
  int counts[4][4] = {};
  for (int epoch = 0; epoch < 4000; ++epoch) {
    const std::vector<int64_t> order = ShuffledOrder(9, epoch, 4);
    for (int i = 0; i < 4; ++i) ++counts[i][order[i]];
  }
  for (const auto& row : counts) {
    for (const int count : row) EXPECT_NEAR(count, 1000, 120);
  }
}

}  // namespace
}  // namespace mnv4::data
