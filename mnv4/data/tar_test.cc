#include "mnv4/data/tar.h"

#include <gmock/gmock.h>

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
using ::testing::HasSubstr;

constexpr size_t kLimit = 1 << 20;

Files FilesOf(TarReader reader) {
  Files files;
  while (reader.Next(kLimit)) {
    const std::string name = reader.file();
    const std::vector<std::byte> bytes = reader.Read();
    files.emplace_back(name,
                       std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  return files;
}

const Files kFiles = {{"a/b.txt", "hello"}, {"empty", ""}, {"long", std::string(200'000, 'x')}};

TEST(Tar, GivesItsFilesPlainOrCompressed) {
  for (const auto compression : {Compression::kNone, Compression::kGzip, Compression::kZstd}) {
    const std::string tar = MakeTar(kFiles, compression);
    EXPECT_EQ(FilesOf(TarReader(Bytes(tar), "x.tar")), kFiles);
  }
}

TEST(Tar, ReadsFilesOfTheDisk) {
  const TempFolder folder;
  EXPECT_EQ(FilesOf(TarReader(folder.Put("x.tar", MakeTar(kFiles)))), kFiles);
  EXPECT_THAT(MessageOf([&] { TarReader(folder / "no.tar"); }, ErrorCode::kRuntime),
              HasSubstr("no.tar: No such file"));
}

TEST(Tar, PassesOverFilesThatAreNotRead) {
  const std::string tar = MakeTar(kFiles);
  TarReader reader(Bytes(tar), "x.tar");
  for (const auto& file : kFiles) {
    ASSERT_TRUE(reader.Next(kLimit));
    EXPECT_EQ(reader.file(), file.first);
  }
  EXPECT_FALSE(reader.Next(kLimit));
  EXPECT_FALSE(reader.Next(kLimit));
  EXPECT_GT(reader.position(), 200'000);
}

TEST(Tar, RefusesFilesBeyondTheLimitWithoutReadingThem) {
  const std::string tar = test::TarHeader("big.jpg", 8'000'000'000) + "x";
  EXPECT_THAT(MessageOf([&] { FilesOf(TarReader(Bytes(tar), "x.tar")); }),
              HasSubstr("x.tar: big.jpg: 8000000000 bytes, the limit is 1048576"));
}

TEST(Tar, RefusesWhatIsNoTar) {
  for (const std::string text : {"", "not a tar", "\x1f\x8b\x08 not gzip"}) {
    EXPECT_THAT(MessageOf([&] { FilesOf(TarReader(Bytes(text), "x.tar")); }), HasSubstr("x.tar: "));
  }
  EXPECT_THAT(MessageOf([&] { FilesOf(TarReader(Bytes(std::string(3000, 'x')), "x.tar")); }),
              HasSubstr("not a sound tar"));
}

TEST(Tar, RefusesAFileOfTheDiskThatIsNone) {
  const TempFolder folder;
  for (const size_t size : {4u, 3000u}) {
    const std::string path = folder.Put("x.tar", std::string(size, 'x'));
    EXPECT_THAT(MessageOf([&] { FilesOf(TarReader(path)); }), HasSubstr("not a sound tar"));
  }
}

TEST(Tar, SaysWhereItEndsTooEarly) {
  const std::string tar = MakeTar(kFiles);
  const std::string cut = tar.substr(0, tar.size() - 100'000);
  EXPECT_THAT(MessageOf([&] { FilesOf(TarReader(Bytes(cut), "x.tar")); }),
              HasSubstr("x.tar: long: ends too early or is damaged"));
}

}  // namespace
}  // namespace mnv4::data
