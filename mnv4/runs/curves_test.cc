#include "mnv4/runs/curves.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "mnv4/io/testing.h"

namespace mnv4::runs {
namespace {

using mnv4::test::TempFolder;
using testing::HasSubstr;
using testing::Not;

TEST(Curves, DrawTheColumnsThereAre) {
  const TempFolder folder;
  Summary summary(folder / "summary.csv", 0);
  for (int epoch = 0; epoch < 4; ++epoch) {
    summary.Append(std::vector<Figure>{{"epoch", 1.0 * epoch},
                                       {"train_loss", 3.0 / (epoch + 1)},
                                       {"val_loss", 3.5 / (epoch + 1)},
                                       {"top1", epoch == 2 ? 81.25 : 60}});
  }
  const std::vector<NamedChart> charts = TrainingCharts(summary);
  ASSERT_EQ(charts.size(), 2u);
  EXPECT_EQ(charts[0].file, "loss.svg");
  EXPECT_EQ(charts[0].chart.curves.size(), 2u);
  EXPECT_EQ(charts[1].chart.curves.size(), 1u);

  const Confusion confusion{{"owl", "cat"}, {{0, 1, 1}}};
  WriteCurves(folder.path(), "stamps <1>", "conv_small on stamps", summary, &confusion);
  const std::string page = ReadTextFile(folder / "curves.html", 1 << 20);
  EXPECT_THAT(page, HasSubstr("<h1>stamps &lt;1&gt;</h1>"));
  EXPECT_THAT(page, HasSubstr("81.25 % (epoch 2)"));
  EXPECT_THAT(page, HasSubstr("Confusion"));
  EXPECT_THAT(page, Not(HasSubstr("src=")));
  for (const char* file : {"loss.svg", "accuracy.svg", "confusion.svg"}) {
    EXPECT_TRUE(std::filesystem::exists(folder / file)) << file;
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "lr.svg"));
}

TEST(Curves, OfARunWithoutAnEpochAreAPage) {
  const TempFolder folder;
  const Summary summary(folder / "summary.csv", 0);
  EXPECT_THAT(CurvesPage("stamps", "", summary, nullptr), HasSubstr("<dd>0</dd>"));
}

}  // namespace
}  // namespace mnv4::runs
