#include "mnv4/cli/sweep.h"

#include <gtest/gtest.h>

namespace mnv4::cli {
namespace {

using List = std::vector<int>;

List Parse(const char* text) { return ParseSweep(text, 0, 1000); }

TEST(ParseSweep, TakesNumbersListsAndRanges) {
  EXPECT_EQ(Parse("7"), List({7}));
  EXPECT_EQ(Parse("1,2,8"), List({1, 2, 8}));
  EXPECT_EQ(Parse("2-5"), List({2, 3, 4, 5}));
  EXPECT_EQ(Parse("1-8*2"), List({1, 2, 4, 8}));
  EXPECT_EQ(Parse("1-7*2"), List({1, 2, 4}));
  EXPECT_EQ(Parse("128-200+32"), List({128, 160, 192}));
  EXPECT_EQ(Parse("1,4-5,9"), List({1, 4, 5, 9}));
  EXPECT_EQ(Parse("3-3"), List({3}));
}

TEST(ParseSweep, RefusesWhatIsNoList) {
  for (const char* text : {"", ",", "1,", ",1", "a", "1.5", "-1", "1-", "5-2", "1-8*1", "1-8*0",
                           "1-8+0", "1-8*", "0-8*2", "1-8*2*2", "1 2", "99999999999"}) {
    EXPECT_EQ(Parse(text), List()) << text;
  }
}

TEST(ParseSweep, RefusesValuesOutsideTheBounds) {
  EXPECT_EQ(ParseSweep("1-8", 1, 8).size(), 8u);
  EXPECT_EQ(ParseSweep("0-8", 1, 8), List());
  EXPECT_EQ(ParseSweep("1-9", 1, 8), List());
}

TEST(ParseSweep, EndsAtTheLargestNumberWithoutOverflow) {
  EXPECT_EQ(ParseSweep("1000000000-2000000000*2", 0, 2000000000), List({1000000000, 2000000000}));
}

}  // namespace
}  // namespace mnv4::cli
