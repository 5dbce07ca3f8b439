#include "mnv4/runs/summary.h"

#include <gmock/gmock.h>

#include <cmath>

#include "mnv4/io/testing.h"

namespace mnv4::runs {
namespace {

using mnv4::test::MessageOf;
using mnv4::test::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Figure> Row(int epoch) {
  return {{"epoch", 1.0 * epoch}, {"lr", 0.004 / (epoch + 3)}, {"train_loss", 7 - 0.1 * epoch}};
}

TEST(Summary, HasARowAnEpoch) {
  const TempFolder folder;
  Summary summary(folder / "summary.csv", 0);
  summary.Append(Row(0));
  summary.Append(Row(1));
  EXPECT_EQ(ReadTextFile(folder / "summary.csv", 1000),
            "epoch,lr,train_loss\n0,0.001333333,7\n1,0.001,6.9\n");
  EXPECT_THAT(summary.Column("train_loss"), ElementsAre(7, 6.9));
  EXPECT_THAT(summary.Column("top1"), IsEmpty());
}

TEST(Summary, IsTheSameForAResumedRun) {
  const TempFolder folder;
  {
    Summary whole(folder / "whole.csv", 0);
    for (int epoch = 0; epoch < 5; ++epoch) whole.Append(Row(epoch));
    Summary killed(folder / "killed.csv", 0);
    for (int epoch = 0; epoch < 4; ++epoch) killed.Append(Row(epoch));
  }
  Summary resumed(folder / "killed.csv", 2);  // the last checkpoint was of epoch 1
  EXPECT_THAT(resumed.Column("epoch"), ElementsAre(0, 1));
  for (int epoch = 2; epoch < 5; ++epoch) resumed.Append(Row(epoch));
  EXPECT_EQ(ReadTextFile(folder / "killed.csv", 1000), ReadTextFile(folder / "whole.csv", 1000));
}

TEST(Summary, TakesNewColumnsAndMissingValues) {
  const TempFolder folder;
  Summary summary(folder / "summary.csv", 0);
  summary.Append(std::vector<Figure>{{"epoch", 0}, {"loss", 2}});
  summary.Append(std::vector<Figure>{{"epoch", 1}, {"top1", std::nan("")}});
  EXPECT_EQ(ReadTextFile(folder / "summary.csv", 1000), "epoch,loss,top1\n0,2,\n1,,nan\n");
  const Summary again(folder / "summary.csv", 9);
  EXPECT_THAT(again.Column("epoch"), ElementsAre(0, 1));
  EXPECT_TRUE(std::isnan(again.Column("loss")[1]));
  EXPECT_TRUE(std::isnan(again.Column("top1")[0]));
}

TEST(Summary, NamesTheLineThatIsWrong) {
  const TempFolder folder;
  const auto message = [&](const std::string& text) {
    const std::string path = folder.Put("summary.csv", text);
    return MessageOf([&] { Summary summary(path, 0); });
  };
  EXPECT_THAT(message("loss\n1\n"), HasSubstr("summary.csv: line 1: first column 'loss'"));
  EXPECT_THAT(message("epoch,loss\n0,1\n1\n"), HasSubstr("line 3: 1 fields, expected 2"));
  EXPECT_THAT(message("epoch,loss\n0,x\n"), HasSubstr("line 2: 'x', expected a number"));
  EXPECT_THAT(message("epoch,loss\n,1\n"), HasSubstr("line 2: no epoch"));
}

}  // namespace
}  // namespace mnv4::runs
