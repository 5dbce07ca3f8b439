#include "mnv4/runs/run_folder.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <optional>

#include "mnv4/io/testing.h"

namespace mnv4::runs {
namespace {

using mnv4::test::MessageOf;
using mnv4::test::TempFolder;
using testing::HasSubstr;

TEST(RunFolder, NumbersRunsOfTheSameName) {
  const TempFolder folder;
  const RunFolder first = RunFolder::Make(folder / "runs", "train", "stamps");
  const RunFolder second = RunFolder::Make(folder / "runs", "train", "stamps");
  folder.Put("runs/train/stamps-3", "a file, in the way");
  const RunFolder third = RunFolder::Make(folder / "runs", "train", "stamps");
  EXPECT_EQ(first.path(), folder / "runs/train/stamps");
  EXPECT_EQ(second.path(), folder / "runs/train/stamps-2");
  EXPECT_EQ(third.path(), folder / "runs/train/stamps-4");
  EXPECT_EQ(third.File("summary.csv"), folder / "runs/train/stamps-4/summary.csv");
}

TEST(RunFolder, OverwritesNoRun) {
  const TempFolder folder;
  { const RunFolder run = RunFolder::MakeNamed(folder / "runs", "train", "mine"); }
  const std::string taken = MessageOf(
      [&] { RunFolder::MakeNamed(folder / "runs", "train", "mine"); }, ErrorCode::kInvalidArgument);
  EXPECT_THAT(taken, HasSubstr("runs/train/mine: is there already"));
  EXPECT_EQ(RunFolder::Open(folder / "runs/train/mine").path(), folder / "runs/train/mine");
}

TEST(RunFolder, HasOneWriter) {
  const TempFolder folder;
  std::optional<RunFolder> run = RunFolder::Make(folder / "runs", "train", "stamps");
  const auto open = [&] { RunFolder::Open(run->path()); };
  EXPECT_THAT(MessageOf(open, ErrorCode::kRuntime),
              HasSubstr("stamps: process " + std::to_string(getpid()) + " is writing to this run"));
  const std::string path = run->path();
  run.reset();
  EXPECT_EQ(RunFolder::Open(path).path(), path);
}

TEST(RunFolder, SaysWhatIsWrong) {
  const TempFolder folder;
  for (const char* name : {"", "..", "a/b", ".hidden"}) {
    EXPECT_THAT(MessageOf([&] { RunFolder::Make(folder / "runs", "train", name); },
                          ErrorCode::kInvalidArgument),
                HasSubstr("cannot be a run's name"));
  }
  EXPECT_THAT(MessageOf([&] { RunFolder::Open(folder / "none"); }, ErrorCode::kInvalidArgument),
              HasSubstr("none: there is no such run"));
  folder.Put("file", "x");
  EXPECT_THAT(
      MessageOf([&] { RunFolder::Make(folder / "file", "train", "x"); }, ErrorCode::kRuntime),
      HasSubstr("file/train: cannot make the folder: Not a directory"));
}

}  // namespace
}  // namespace mnv4::runs
