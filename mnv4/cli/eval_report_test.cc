#include "mnv4/cli/eval_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mnv4/cli/eval_page.h"
#include "mnv4/io/json.h"

namespace mnv4::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kLabels = {"cat", "fire truck", "owl"};
const Style kPlain(nullptr);

Result Answer(const std::string& key, std::vector<int> truth, int index, double score) {
  Result result;
  result.sample = {.key = key, .labels = std::move(truth)};
  result.best = {{index, score}, {(index + 1) % 3, 1 - score}};
  return result;
}

Result Broken(const std::string& key) {
  Result result;
  result.sample = {.key = key, .labels = {0}};
  result.error = "truncated";
  return result;
}

// Two of four right; owls are never.
Evaluation Example() {
  Evaluation evaluation = {.model = "net",
                           .data = "val",
                           .height = 32,
                           .width = 64,
                           .labels = kLabels,
                           .accuracy = data::Accuracy(3)};
  evaluation.Add(Answer("a", {0}, 0, 0.9));
  evaluation.Add(Answer("b", {0}, 0, 0.9));
  evaluation.Add(Answer("c", {2}, 0, 0.6));
  evaluation.Add(Answer("d", {2}, 1, 0.6));
  evaluation.Add(Broken("e"));
  evaluation.seconds = 0.5;
  return evaluation;
}

TEST(EvaluationText, SaysHowAnotherPrecisionAgrees) {
  Evaluation evaluation = {.model = "net",
                           .data = "val",
                           .labels = kLabels,
                           .accuracy = data::Accuracy(3),
                           .agreement = Agreement{.precision = "fp32"}};
  Result result = Answer("a", {0}, 0, 0.9);
  result.other = Other{.index = 0, .difference = 0.25f, .largest = 8};
  evaluation.Add(result);
  result = Answer("b", {1}, 0, 0.6);
  result.other = Other{.index = 1, .difference = 0.125f, .largest = 9};
  evaluation.Add(result);
  EXPECT_THAT(EvaluationText(evaluation, kPlain),
              HasSubstr("against fp32       top-1 2 of 2, 100.00 %\n"
                        "  same answer      1 of 2, 50.00 %\n"
                        "  logits differ    by 0.25 at most; the largest is 9\n"));
}

TEST(EvaluationText, HasTheFiguresTheWorstClassesAndTheConfusedPairs) {
  const std::string text = EvaluationText(Example(), kPlain);
  EXPECT_THAT(text, HasSubstr("net, 3 classes, 64 x 32 pixels, on val\n"));
  EXPECT_THAT(text, HasSubstr("top-1              2 of 4, 50.00 %\n"));
  EXPECT_THAT(text, HasSubstr("top-5              3 of 4, 75.00 %\n"));
  EXPECT_THAT(text, HasSubstr("calibration error  35.00 % (15 bins)\n"));
  EXPECT_THAT(text, HasSubstr("broken             1\n"));
  EXPECT_THAT(text, HasSubstr("speed              10.0 pictures/s\n"));
  EXPECT_THAT(text, HasSubstr("owl                0.0     50.0         2\n"
                              "cat              100.0    100.0         2\n"));
  EXPECT_THAT(text, HasSubstr("owl            cat                1\n"));
  EXPECT_THAT(text, Not(HasSubstr("interrupted")));
}

TEST(EvaluationText, SaysSoWithoutPictures) {
  const std::string text = EvaluationText({.model = "net",
                                           .data = "val",
                                           .height = 1,
                                           .width = 1,
                                           .labels = {},
                                           .accuracy = data::Accuracy(3),
                                           .broken = {{"a", "truncated"}},
                                           .interrupted = true},
                                          kPlain);
  EXPECT_THAT(text, HasSubstr("pictures           0\n"));
  EXPECT_THAT(text, HasSubstr("interrupted"));
  EXPECT_THAT(text, Not(HasSubstr("top-1")));
}

TEST(EvaluationJson, HoldsCountsPercentagesAndClasses) {
  const Json json = ParseJson(EvaluationJson(Example()), "json");
  EXPECT_EQ(*json.Find("pictures"), Json(4));
  EXPECT_EQ(*json.Find("broken"), Json(1));
  EXPECT_EQ(*json.Find("right"), Json(2));
  EXPECT_EQ(*json.Find("top1"), Json(50.0));
  EXPECT_EQ(*json.Find("top5"), Json(75.0));
  EXPECT_NEAR(*json.Find("ece")->As<double>(), 35, 1e-9);
  const auto& classes = *json.Find("classes")->As<Json::Array>();
  ASSERT_EQ(classes.size(), 2u);
  EXPECT_EQ(*classes[1].Find("label"), Json("owl"));
  EXPECT_EQ(*classes[1].Find("right_in_top5"), Json(1));
  EXPECT_EQ(json.Find("confused")->As<Json::Array>()->size(), 2u);
  EXPECT_EQ(json.Find("calibration")->As<Json::Array>()->size(), 15u);
  EXPECT_EQ(json.Find("errors")->As<Json::Array>()->size(), 1u);
}

TEST(WorstClasses, AreThoseWithPicturesWorstFirst) {
  EXPECT_THAT(WorstClasses(Example().accuracy), ElementsAre(2, 0));
}

TEST(EvalCsvLine, GivesEveryRightClassAndWhetherTheAnswerIsOne) {
  EXPECT_EQ(EvalCsvLine(Answer("a,b", {2, 0}, 1, 0.75), kLabels),
            "\"a,b\",2 0,1,fire truck,0.75,0,1,\n");
  EXPECT_EQ(EvalCsvLine(Answer("a", {1}, 1, 0.5), kLabels), "a,1,1,fire truck,0.5,1,1,\n");
  EXPECT_EQ(EvalCsvLine(Broken("x"), kLabels), "x,0,,,,,,truncated\n");
}

TEST(EvalPage, ShowsTheMistakesMadeWithMostConfidenceAndFetchesNothing) {
  EvalPage page(kLabels, true);
  for (int i = 0; i < 100; ++i) {
    Result wrong = Answer("wrong" + std::to_string(i) + "!", {2}, 0, 0.001 * i);
    wrong.sample.bytes = {std::byte{0x89}, std::byte{'P'}};
    page.Add(std::move(wrong));
  }
  page.Add(Answer("right!", {0}, 0, 0.99));
  page.Add(Broken("broken!"));
  const std::string text = page.Page(Example());
  EXPECT_THAT(text, HasSubstr("wrong99!"));
  EXPECT_THAT(text, HasSubstr("wrong40!"));
  EXPECT_LT(text.find("wrong99!"), text.find("wrong40!"));
  EXPECT_THAT(text, Not(HasSubstr("wrong39!")));
  EXPECT_THAT(text, Not(HasSubstr("right!")));
  EXPECT_THAT(text, Not(HasSubstr("broken!")));
  EXPECT_THAT(text, HasSubstr("data:image/png;base64,iVA="));
  EXPECT_THAT(text, HasSubstr("2 of 4, 50.00 %"));
  EXPECT_THAT(text, Not(HasSubstr("http")));
}

}  // namespace
}  // namespace mnv4::cli
