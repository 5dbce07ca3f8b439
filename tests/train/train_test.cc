// `mnv4 train` as users meet it: what it leaves behind, and what it says of bad input.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "program.h"

namespace mnv4 {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TrainTest : public ProgramTest {
 protected:
  // Folders train/ and val/ of three classes, which differ in colour.
  void WritePictures() const {
    for (const char* part : {"train", "val"}) {
      for (int label = 0; label < 3; ++label) {
        for (int i = 0; i < 6; ++i) {
          const std::string folder =
              std::string("data/") + part + "/class_" + std::to_string(label);
          fs::create_directories(Path(folder));
          WritePicture(folder + "/" + std::to_string(i) + ".png", 80 * label + i);
        }
      }
    }
  }
  // A run of a few seconds.
  static constexpr const char* kSmall =
      "-m conv_small_035 --img-size 32 -b 4 --epochs 2 -t 1 -q --set model.init=garden ";

  // Fails unless a command ends with `code` and says one line.
  void ExpectLine(const std::string& command, int code, const std::string& part) const {
    const Outcome outcome = Run(command);
    EXPECT_EQ(outcome.code, code) << command << "\n" << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(part)) << command;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
};

TEST_F(TrainTest, LeavesARunThatOtherVerbsRead) {
  WritePictures();
  const Outcome outcome = Run(std::string("mnv4 train data ") + kSmall + "--name first");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("runs/train/first/best  top1 "));
  for (const char* file :
       {"recipe.yaml", "summary.csv", "curves.html", "loss.svg", "best/config.json",
        "best/model.safetensors", "last/state.safetensors"}) {
    EXPECT_TRUE(fs::exists(Path("runs/train/first") + "/" + file)) << file;
  }
  // The accuracy that training printed is the one that the engine finds.
  const Json report = RunJson("mnv4 eval -m runs/train/first/best data/val --json");
  const double top1 = *Member(report, "top1").As<double>();
  EXPECT_THAT(outcome.out, HasSubstr(fmt::format("top1 {:.2f}", top1)));
  EXPECT_EQ(Run("mnv4 classify -m runs/train/first/best data/val/class_1/0.png").code, 0);
  // Classes keep the names of their folders.
  std::ifstream config(Path("runs/train/first/best/config.json"));
  const std::string text((std::istreambuf_iterator<char>(config)), {});
  EXPECT_THAT(text, HasSubstr("\"class_1\""));
}

TEST_F(TrainTest, DryRunSaysTimeAndMemoryAndLeavesNothing) {
  WritePictures();
  const Outcome outcome = Run(std::string("mnv4 train data --dry-run ") + kSmall);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("pictures/s"));
  EXPECT_THAT(outcome.out, HasSubstr("MB"));
  EXPECT_FALSE(fs::exists(Path("runs")));
}

TEST_F(TrainTest, PrintsARecipeThatGivesTheSameRun) {
  WritePictures();
  ASSERT_EQ(
      Run(std::string("mnv4 train data --mixup 0.2 --lr 0.01 ") + kSmall + "--print-config >r.yaml")
          .code,
      0);
  const Outcome again = Run("mnv4 train --recipe r.yaml --print-config");
  EXPECT_EQ(again.code, 0);
  std::ifstream file(Path("r.yaml"));
  EXPECT_EQ(again.out, std::string((std::istreambuf_iterator<char>(file)), {}));
  EXPECT_THAT(again.out, HasSubstr("mixup: 0.2"));
}

TEST_F(TrainTest, SaysWhatIsWrongInOneLine) {
  WritePictures();
  const std::string small = kSmall;
  WriteText("bad.yaml", "train:\n  epoch: 3\n");
  ExpectLine("mnv4 train --recipe bad.yaml", 3,
             "bad.yaml:2: 'train.epoch' is no key of a recipe; "
             "did you mean train.epochs?");
  ExpectLine("mnv4 train --recipe nothing", 2, "no recipe 'nothing'");
  ExpectLine("mnv4 train " + small, 2, "data.train is missing");
  ExpectLine("mnv4 train nowhere " + small, 2, "nowhere");
  ExpectLine("mnv4 train data --set train.epochs=-1", 2, "train.epochs: '-1', expected a number");
  ExpectLine("mnv4 train data --set lr=1", 2, "'lr' is no key of a recipe");
  ExpectLine("mnv4 train data --num-classes 5 " + small, 2, "5, but the data has 3 classes");
  ExpectLine("mnv4 train data --freeze blocks.99 " + small, 2, "blocks.99");
  ExpectLine("mnv4 train data -b 4 -m conv_smal", 2, "conv_small");
  ExpectLine("mnv4 train --resume runs/train/none", 2, "none");
  ExpectLine("mnv4 train data --init-from nowhere " + small, 2, "nowhere");
  ExpectLine("mnv4 train data --set data.without=[owl] " + small, 2, "'owl' is no class");
  EXPECT_FALSE(fs::exists(Path("runs"))) << "a run that could not begin left a folder";
}

TEST_F(TrainTest, GoesOnWithoutBrokenPicturesAndNamesThem) {
  WritePictures();
  WriteText("data/train/class_0/broken.jpg", "no picture");
  WriteText("data/val/class_0/broken.jpg", "no picture");
  fs::create_directories(Path("data/train/nothing"));
  const Outcome outcome = Run(std::string("mnv4 train data ") + kSmall);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("data/train/class_0/broken.jpg: "));
  EXPECT_THAT(outcome.err, HasSubstr("class 'nothing' has no pictures"));
  ExpectLine(std::string("mnv4 train data --set data.strict=true ") + kSmall +
                 "--set model.num_classes=0 2>&1 >/dev/null | grep broken >&2; false",
             1, "broken.jpg");
}

TEST_F(TrainTest, KeepsTheLastGoodCheckpointWhenTheLossIsNoNumber) {
  WritePictures();
  const Outcome good =
      Run(std::string("mnv4 train data ") + kSmall + "--name run --opt sgd --sched constant");
  ASSERT_EQ(good.code, 0) << good.err;
  const Outcome other = Run("mnv4 train --resume runs/train/run -q --epochs 3 --opt adamw");
  EXPECT_EQ(other.code, 3);
  EXPECT_THAT(other.err, HasSubstr("state.safetensors: "));
  const Outcome bad = Run("mnv4 train --resume runs/train/run -q --epochs 90 --lr 100");
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.err, HasSubstr("a lower schedule.lr"));
  EXPECT_THAT(bad.err, HasSubstr("(kept: runs/train/run/checkpoints/step-"));
  const Outcome kept = Run("mnv4 eval -m runs/train/run/last data/val -q");
  EXPECT_EQ(kept.code, 0) << kept.err;
}

TEST_F(TrainTest, SaysWhenItMayNotWrite) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  WritePictures();
  fs::create_directory(Path("locked"));
  fs::permissions(Path("locked"), fs::perms::owner_read | fs::perms::owner_exec);
  ExpectLine(std::string("mnv4 train data -o locked ") + kSmall, 1, "locked");
}

// A file may not grow beyond a megabyte: writing a checkpoint fails as on a full disk.
TEST_F(TrainTest, SaysThatTheDiskIsFullAndKeepsWhatThereWas) {
  WritePictures();
  const Outcome outcome =
      Run(std::string("trap '' XFSZ; mnv4 train data --set checkpoint.every_steps=1 --name run ") +
          kSmall +
          "--set train.steps=1 && ulimit -f 1000 && mnv4 train --resume runs/train/run -q "
          "--set train.steps=4");
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(".safetensors: cannot write"));
  EXPECT_THAT(outcome.err, HasSubstr("kept: "));
  EXPECT_TRUE(fs::exists(Path("runs/train/run/last/state.safetensors")));
  EXPECT_EQ(Run("mnv4 train --resume runs/train/run -q --set train.steps=4").code, 0);
}

}  // namespace
}  // namespace mnv4
