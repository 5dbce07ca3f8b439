#include "mnv4/cli/classify_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "mnv4/cli/html_report.h"
#include "mnv4/io/json.h"

namespace mnv4::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kLabels = {"cat", "fire truck", "owl"};
const Style kPlain(nullptr);

Result Answer(const std::string& path, std::vector<int> truth = {}) {
  Result result;
  result.sample = {.key = path, .path = path, .labels = std::move(truth)};
  result.best = {{1, 0.75}, {2, 0.125}};
  return result;
}

Result Broken(const std::string& path) {
  Result result;
  result.sample.key = path;
  result.error = "truncated";
  return result;
}

TEST(JsonLine, HasTheAgreedForm) {
  EXPECT_EQ(JsonLine(Answer("a/b.jpg"), kLabels),
            "{\"image\":\"a/b.jpg\",\"topk\":["
            "{\"index\":1,\"label\":\"fire truck\",\"score\":0.75},"
            "{\"index\":2,\"label\":\"owl\",\"score\":0.125}]}\n");
  EXPECT_EQ(JsonLine(Broken("x.jpg"), kLabels), "{\"image\":\"x.jpg\",\"error\":\"truncated\"}\n");
}

TEST(JsonLine, StaysJsonForAnyPath) {
  const std::string line = JsonLine(Answer("a\"\\\n\xff.jpg"), kLabels);
  const Json parsed = ParseJson(line, "line");
  EXPECT_THAT(*parsed.Find("image")->As<std::string>(), HasSubstr("\\xff.jpg"));
}

TEST(CsvLines, HaveARowAClassUnderTheHeading) {
  Result result = Answer("a, b.jpg");
  result.best[0].index = 0;
  EXPECT_EQ(kCsvHeading + CsvLines(result, {"say \"x\""}),
            "image,rank,index,label,score,error\n"
            "\"a, b.jpg\",1,0,\"say \"\"x\"\"\",0.75,\n"
            "\"a, b.jpg\",2,2,2,0.125,\n");
  EXPECT_EQ(CsvLines(Broken("x.jpg"), kLabels), "x.jpg,,,,,truncated\n");
}

TEST(TruthText, NamesEveryRightClass) {
  EXPECT_EQ(TruthText(Answer("a", {2, 0}), kLabels), "owl or cat");
}

TEST(LabelOf, FallsBackToTheIndex) {
  EXPECT_EQ(LabelOf(kLabels, 2), "owl");
  EXPECT_EQ(LabelOf(kLabels, 3), "3");
  EXPECT_EQ(LabelOf({}, 0), "0");
}

TEST(TruthOf, IsTheClassTheFolderIsNamedAfter) {
  EXPECT_EQ(TruthOf("data/fire truck/1.jpg", kLabels), 1);
  EXPECT_EQ(TruthOf("data/fire_truck/1.jpg", kLabels), 1);
  EXPECT_EQ(TruthOf("cat/1.jpg", kLabels), 0);
  EXPECT_EQ(TruthOf("data/dog/1.jpg", kLabels), std::nullopt);
  EXPECT_EQ(TruthOf("cat.jpg", kLabels), std::nullopt);
}

TEST(TextLines, GivesALineAClassUnderThePath) {
  EXPECT_EQ(TextLines(Answer("a.jpg"), kLabels, {}, kPlain),
            "a.jpg\n   75.00%  fire truck\n   12.50%  owl\n");
  EXPECT_EQ(TextLines(Broken("a.jpg"), kLabels, {}, kPlain), "");
}

TEST(TextLines, GivesOneAlignedLineForOneClass) {
  const TextLayout layout = LayOut({"a.jpg", "long.jpg"}, kLabels);
  Result result = Answer("a.jpg", {2});
  result.best.resize(1);
  EXPECT_EQ(TextLines(result, kLabels, layout, kPlain),
            "a.jpg      75.00%  fire truck  wrong: is owl\n");
  result.sample.labels = {0, 1};
  EXPECT_EQ(TextLines(result, kLabels, layout, kPlain), "a.jpg      75.00%  fire truck  right\n");
}

TEST(Tally, CountsWhatIsKnown) {
  Tally tally;
  EXPECT_EQ(tally.Text(2), "");
  for (const Result& result :
       {Answer("a", {1}), Answer("b", {2}), Answer("c", {0}), Answer("d"), Broken("e")}) {
    tally.Add(result);
  }
  EXPECT_EQ(tally.pictures, 5);
  EXPECT_EQ(tally.broken, 1);
  EXPECT_EQ(tally.Text(2), "right: 1 of 3 (33.3 %), among the best 2: 2 of 3 (66.7 %)");
  EXPECT_EQ(tally.Text(1), "right: 1 of 3 (33.3 %)");
}

TEST(HtmlReport, HoldsPicturesAnswersAndFiguresAndFetchesNothing) {
  const std::string path = testing::TempDir() + "tiny.png";
  std::ofstream(path) << "\x89PNG";
  HtmlReport report("net <1>", kLabels, true);
  Tally tally;
  for (const Result& result : {Answer(path, {2}), Broken("<b>.jpg"), Answer("missing.jpg", {1})}) {
    report.Add(result);
    tally.Add(result);
  }
  const std::string page = report.Page(tally, 2);
  EXPECT_THAT(page, HasSubstr("data:image/png;base64,iVBORw==\""));
  EXPECT_THAT(page, HasSubstr("is: owl"));
  EXPECT_THAT(page, HasSubstr("net &lt;1&gt;"));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;.jpg"));
  EXPECT_THAT(page, HasSubstr("1 of 2, 50.0 %"));
  EXPECT_THAT(page, HasSubstr("not shown"));
  EXPECT_THAT(page, Not(HasSubstr("http")));
}

}  // namespace
}  // namespace mnv4::cli
