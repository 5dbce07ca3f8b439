#include "mnv4/runs/chart.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace mnv4::runs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(RoundTicks, AreRoundAndEnclose) {
  EXPECT_THAT(RoundTicks(0.13, 0.87, 6), ElementsAre(0, 0.2, 0.4, 0.2 * 3, 0.8, 1));
  EXPECT_THAT(RoundTicks(0, 100, 6), ElementsAre(0, 20, 40, 60, 80, 100));
  EXPECT_THAT(RoundTicks(-3, 12, 5), ElementsAre(-5, 0, 5, 10, 15));
  EXPECT_THAT(RoundTicks(1, 1.9, 2), ElementsAre(1, 2));
}

TEST(RoundTicks, HoldForAnyRange) {
  for (double least = 1e-12; least < 1e12; least *= 3.7) {
    for (double width = 1e-5 * least; width < 1e6 * least; width *= 2.3) {
      for (const int most : {2, 5, 11}) {
        const std::vector<double> ticks = RoundTicks(least, least + width, most);
        ASSERT_GE(ticks.size(), 2u);
        ASSERT_LE(ticks.size(), static_cast<size_t>(most));
        EXPECT_LE(ticks.front(), least + 1e-6 * width);
        EXPECT_GE(ticks.back(), least + width - 1e-6 * width);
      }
    }
  }
}

TEST(ChartSvg, HasALineAndAPointForEveryValue) {
  const std::string svg = ChartSvg(
      {.title = "Loss",
       .x_label = "epoch",
       .curves = {{"train", {0, 1, 2}, {3, 2, 1.5}}, {"validation", {0, 1, 2}, {3.5, 2.5, 2}}}});
  EXPECT_EQ(Count(svg, "<circle"), 6u);
  EXPECT_EQ(Count(svg, "<path"), 2u);
  EXPECT_THAT(svg, HasSubstr("<title>epoch 2: train 1.5</title>"));
}

TEST(ChartSvg, BreaksLinesWhereThereIsNoValue) {
  const std::string svg =
      ChartSvg({.title = "t", .x_label = "epoch", .curves = {{"a", {0, 1, 2}, {1, kNone, 2}}}});
  EXPECT_EQ(Count(svg, "<circle"), 2u);
  const size_t path = svg.find("<path d=\"");
  const std::string line = svg.substr(path, svg.find('"', path + 9) - path);
  EXPECT_EQ(Count(line, "M"), 2u);
  EXPECT_EQ(Count(line, "L"), 0u);
}

TEST(ChartSvg, SurvivesEveryKindOfValue) {
  const double infinite = std::numeric_limits<double>::infinity();
  const std::vector<std::vector<double>> all = {
      {},     {kNone}, {0}, {0, 0}, {5, 5}, {-1, infinite, 1}, {1e-300, 2e-300}, {1e99, -1e99},
      {1e300}};
  for (const std::vector<double>& y : all) {
    std::vector<double> x;
    for (size_t i = 0; i < y.size(); ++i) x.push_back(static_cast<double>(i));
    for (const bool log_y : {false, true}) {
      const std::string svg =
          ChartSvg({.title = "t", .x_label = "x", .curves = {{"a", x, y}}, .log_y = log_y});
      EXPECT_THAT(svg, Not(HasSubstr("nan")));
      EXPECT_THAT(svg, Not(HasSubstr("inf")));
      EXPECT_TRUE(svg.ends_with("</svg>\n"));
    }
  }
}

TEST(ChartSvg, LeavesDotsOutOfLongCurves) {
  Curve curve{"a", {}, {}};
  for (int i = 0; i < 5000; ++i) {
    curve.x.push_back(i);
    curve.y.push_back(std::sin(i / 100.0));
  }
  const std::string svg = ChartSvg({.title = "t", .x_label = "step", .curves = {curve}});
  EXPECT_LE(Count(svg, "<circle"), 501u);
  EXPECT_EQ(Count(svg, "L"), 4999u);
}

TEST(ChartSvg, HasPowersOfTenOnALogarithmicAxis) {
  const std::string svg = ChartSvg(
      {.title = "t", .x_label = "x", .curves = {{"a", {0, 1}, {0.002, 70}}}, .log_y = true});
  for (const char* tick : {">0.001<", ">0.1<", ">10<", ">100<"}) EXPECT_THAT(svg, HasSubstr(tick));
}

TEST(ChartSvg, EscapesItsTexts) {
  const std::string svg =
      ChartSvg({.title = "a<b>\x01", .x_label = "\"&", .curves = {{"<script>", {0, 1}, {1, 2}}}});
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, HasSubstr("a&lt;b&gt;\\x01"));
  EXPECT_THAT(svg, HasSubstr("&quot;&amp;"));
}

}  // namespace
}  // namespace mnv4::runs
