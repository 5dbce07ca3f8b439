#include "mnv4/io/file.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "mnv4/io/mapped_file.h"
#include "mnv4/io/testing.h"

namespace mnv4 {
namespace {

using test::MessageOf;
using test::TempFolder;
using ::testing::HasSubstr;

size_t FilesIn(const TempFolder& folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder.path()), {}));
}

TEST(BaseName, IsTheLastPart) {
  EXPECT_EQ(BaseName("/a/b/model.safetensors"), "model.safetensors");
  EXPECT_EQ(BaseName("model"), "model");
  EXPECT_EQ(BaseName("/a/folder/"), "folder");
  EXPECT_EQ(BaseName("/a/x\ny"), "x\\ny");
}

TEST(ReadTextFile, ReadsWholeFilesAndPipes) {
  TempFolder folder;
  const std::string text(100'000, 'x');
  EXPECT_EQ(ReadTextFile(folder.Put("a", text), 100'000), text);
  EXPECT_THAT(MessageOf([&] { ReadTextFile(folder / "a", 99'999); }),
              HasSubstr("a: more than 99999 bytes"));
  EXPECT_THAT(MessageOf([&] { ReadTextFile("/dev/zero", 1 << 20); }), HasSubstr("zero: more than"));
}

TEST(ReadTextFile, RefusesWhatIsNoFile) {
  TempFolder folder;
  EXPECT_THAT(MessageOf([&] { ReadTextFile(folder.path(), 10); }), HasSubstr("is a directory"));
  EXPECT_THAT(MessageOf([&] { ReadTextFile(folder.Put("e", ""), 10); }), HasSubstr("e: is empty"));
  EXPECT_THAT(MessageOf([&] { ReadTextFile(folder / "no", 10); }, ErrorCode::kRuntime),
              HasSubstr("no: No such file"));
}

TEST(MappedFile, ShowsTheBytesAndOutlivesTheName) {
  TempFolder folder;
  const std::string path = folder.Put("a", "hello");
  const auto file = MappedFile::Open(path);
  std::filesystem::remove(path);
  ASSERT_EQ(file->bytes().size(), 5u);
  EXPECT_EQ(std::to_integer<char>(file->bytes()[4]), 'o');
}

TEST(MappedFile, RefusesWhatIsNoFile) {
  TempFolder folder;
  EXPECT_THAT(MessageOf([&] { MappedFile::Open(folder.path()); }), HasSubstr("is a directory"));
  EXPECT_THAT(MessageOf([&] { MappedFile::Open(folder.Put("e", "")); }), HasSubstr("e: is empty"));
  EXPECT_THAT(MessageOf([&] { MappedFile::Open("/dev/null"); }), HasSubstr("null: is a pipe or"));
  EXPECT_THAT(MessageOf([&] { MappedFile::Open(folder / "no"); }, ErrorCode::kRuntime),
              HasSubstr("no: No such file"));
}

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  TempFolder folder;
  const std::string path = folder.Put("a", "old");
  {
    AtomicFile file(path);
    file.Write("half of the n");
    EXPECT_EQ(ReadTextFile(path, 100), "old");
  }
  EXPECT_EQ(ReadTextFile(path, 100), "old");
  EXPECT_EQ(FilesIn(folder), 1u);

  AtomicFile file(path);
  file.Write("new");
  file.Commit();
  EXPECT_EQ(ReadTextFile(path, 100), "new");
  EXPECT_EQ(FilesIn(folder), 1u);
}

TEST(AtomicFile, LeavesDirectoriesAndDevicesAlone) {
  TempFolder folder;
  EXPECT_THAT(MessageOf([&] { AtomicFile file(folder.path()); }, ErrorCode::kRuntime),
              HasSubstr("Is a directory"));
  EXPECT_THAT(MessageOf([&] { AtomicFile file(folder / "no/such/a"); }, ErrorCode::kRuntime),
              HasSubstr("a: cannot write: No such file"));
  AtomicFile null("/dev/null");
  null.Write("gone");
  null.Commit();
  EXPECT_FALSE(std::filesystem::is_regular_file("/dev/null"));
}

}  // namespace
}  // namespace mnv4
