#include "mnv4/cli/terminal.h"

#include <gtest/gtest.h>

#include "mnv4/cli/progress.h"

namespace mnv4::cli {
namespace {

TEST(Table, AlignsColumnsByWhatIsSeen) {
  Table table({"name", ">count"});
  table.Add({"käse", "7"});
  table.Add({"a", "1234"});
  EXPECT_EQ(table.Text(Style(nullptr)),
            "name  count\n"
            "käse      7\n"
            "a      1234\n");
}

TEST(Table, IsAlsoMarkdownAndCommaSeparated) {
  Table table({"name", ">count"});
  table.Add({"a, b", "7"});
  EXPECT_EQ(table.Markdown(), "| name | count |\n|---|---:|\n| a, b | 7 |\n");
  EXPECT_EQ(table.Csv(), "name,count\n\"a, b\",7\n");
}

TEST(Style, AddsNothingWhereThereIsNoTerminal) { EXPECT_EQ(Style(nullptr).Bold("x"), "x"); }

TEST(ProgressLine, ShowsPartRateAndTimeLeft) {
  EXPECT_EQ(ProgressLine(512, 1251, 31, "pictures"),
            " 40% |########            | 512/1251 [00:31<00:45, 16.5 pictures/s]");
  EXPECT_EQ(ProgressLine(0, 10, 0, "runs"),
            "  0% |                    | 0/10 [00:00<?, 0.0 runs/s]");
  EXPECT_EQ(ProgressLine(10, 10, 3661, "runs"),
            "100% |####################| 10/10 [1:01:01<00:00, 0.0 runs/s]");
}

}  // namespace
}  // namespace mnv4::cli
