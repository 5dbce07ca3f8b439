#include <gmock/gmock.h>

#include <algorithm>

#include "program.h"

namespace mnv4 {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Six pictures of two classes. What the model says of them is what `classify` says.
class Eval : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    WriteModel();
    for (int i = 0; i < 6; ++i) WritePicture(Name(i), i);
  }

  static std::string Name(int i) {
    return (i < 4 ? "val/cat/" : "val/class 3/") + std::to_string(i) + ".png";
  }

  // The answers of `classify`, counted by hand.
  void ExpectSameAsClassify(const Json& evaluation) const {
    int right = 0, right_in_top5 = 0;
    for (int i = 0; i < 6; ++i) {
      const Json line = RunJson("mnv4 classify -m small.safetensors --json '" + Name(i) + "'");
      const auto& best = *Member(line, "topk").As<Json::Array>();
      for (const Json& each : best) {
        const bool is = Member(each, "index") == Json(i < 4 ? 9 : 3);
        right_in_top5 += is;
        right += is && &each == &best.front();
      }
    }
    EXPECT_EQ(Member(evaluation, "pictures"), Json(6));
    EXPECT_EQ(Member(evaluation, "right"), Json(right));
    EXPECT_EQ(Member(evaluation, "right_in_top5"), Json(right_in_top5));
    EXPECT_NEAR(*Member(evaluation, "top1").As<double>(), 100.0 * right / 6, 1e-9);
  }

  static constexpr const char* kEvaluate = "mnv4 eval -m small.safetensors -q ";
};

TEST_F(Eval, CountsWhatClassifySays) {
  const Json folder = RunJson(std::string(kEvaluate) + "val --json");
  ExpectSameAsClassify(folder);
  const auto* classes = Member(folder, "classes").As<Json::Array>();
  ASSERT_NE(classes, nullptr);
  ASSERT_EQ(classes->size(), 2u);
  EXPECT_EQ(Member(classes->at(0), "label"), Json("class 3"));
  EXPECT_EQ(Member(classes->at(0), "pictures"), Json(2));
}

TEST_F(Eval, ReadsManifestsAndShardsOfTheSamePictures) {
  std::string manifest = "path,label\n";
  for (int i = 0; i < 6; ++i) manifest += Name(i) + (i < 4 ? ",cat\n" : ",3\n");
  WriteText("val.csv", manifest);
  ExpectSameAsClassify(RunJson(std::string(kEvaluate) + "val.csv --json"));

  ASSERT_EQ(
      Run("mkdir flat && for i in 0 1 2 3; do cp val/cat/$i.png flat; echo 9 > flat/$i.cls; "
          "done && for i in 4 5; do cp 'val/class 3/'$i.png flat; "
          "echo '{\"label\": 3}' > flat/$i.json; done && cd flat && "
          "tar cf ../s-00.tar 0.* 1.* && tar czf ../s-01.tar 2.* 3.* && tar cf ../s-02.tar 4.* "
          "5.*")
          .code,
      0);
  ExpectSameAsClassify(RunJson(std::string(kEvaluate) + "'s-{00..02}.tar' --json -j 3 -b 4"));
}

TEST_F(Eval, CountsABrokenPictureApart) {
  Run("head -c 60 val/cat/1.png > val/cat/9.png");
  const Outcome outcome = Run(std::string(kEvaluate) + "val --json");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("mnv4 eval: val/cat/9.png: PNG"));
  const Json json = ParseJson(outcome.out, "json");
  ExpectSameAsClassify(json);
  EXPECT_EQ(Member(json, "broken"), Json(1));
  const Outcome strict = Run(std::string(kEvaluate) + "val --strict -o out.txt");
  EXPECT_EQ(strict.code, 3);
  EXPECT_NE(Run("ls out.txt*").code, 0);
}

TEST_F(Eval, PrintsARowAPictureAsCsv) {
  const Outcome outcome = Run("mnv4 eval -m small.safetensors val --csv");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              HasSubstr("image,truth,index,label,score,top1,top5,error\nval/cat/0.png,9,"));
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 7);
  EXPECT_THAT(outcome.err, HasSubstr("top-1"));
  EXPECT_EQ(Run("mnv4 eval -m small.safetensors val --csv --json").code, 2);
}

TEST_F(Eval, TakesSeveralRightClassesAndLeavesPicturesWithoutOneOut) {
  const std::string all = "[0,1,2,3,4,5,6,7,8,9]";
  WriteText("real.json", "[" + all + ",[]," + all + "," + all + "," + all + "," + all + "]");
  const Json json = RunJson(std::string(kEvaluate) + "val --real-labels real.json --json");
  EXPECT_EQ(Member(json, "pictures"), Json(5));
  EXPECT_EQ(Member(json, "left_out"), Json(1));
  EXPECT_EQ(Member(json, "right"), Json(5));
  WriteText("short.json", "[[1]]");
  EXPECT_EQ(Run(std::string(kEvaluate) + "val --real-labels short.json").code, 3);
}

TEST_F(Eval, TakesTheDataSetsOwnClassNames) {
  Run("mv val/cat val/n9 && mv 'val/class 3' val/n3");
  const Outcome unknown = Run(std::string(kEvaluate) + "val");
  EXPECT_EQ(unknown.code, 3);
  EXPECT_THAT(unknown.err, HasSubstr("val: class folder: 'n3' is none of the 10 classes"));
  WriteText("map.txt", "n3\t3\nn9\t9\n");
  const Json json = RunJson(std::string(kEvaluate) + "val --class-map map.txt --json");
  EXPECT_EQ(Member(json, "pictures"), Json(6));
}

TEST_F(Eval, SaysHowAnotherPrecisionAgrees) {
  const Json json = RunJson(std::string(kEvaluate) + "val --against fp32 --json");
  const Json against = Member(json, "against");
  EXPECT_EQ(Member(against, "right"), Member(json, "right"));
  EXPECT_EQ(Member(against, "same_answer"), Member(json, "pictures"));
  EXPECT_EQ(Member(against, "max_difference"), Json(0.0));
}

TEST_F(Eval, WritesAPageOfMistakes) {
  const Outcome outcome = Run(std::string(kEvaluate) + "val --html page.html");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("calibration error"));
  const std::string page = Run("cat page.html").out;
  EXPECT_THAT(page, HasSubstr("<svg"));
  EXPECT_THAT(page, HasSubstr("data:image/png;base64,"));
  EXPECT_THAT(page, Not(HasSubstr("http")));
}

TEST_F(Eval, RefusesHostileDataInOneLine) {
  WriteText("cut.tar", std::string(700, 'x'));
  WriteText("nul.csv", std::string("a.jpg,1\0\n", 9));
  WriteText("range.csv", "val/cat/0.png,10\n");
  for (const char* name : {"cut.tar", "nul.csv", "range.csv"}) {
    const Outcome outcome = Run(std::string(kEvaluate) + name + " -o out.txt");
    EXPECT_EQ(outcome.code, 3) << name;
    EXPECT_THAT(outcome.err, HasSubstr(name));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_NE(Run("ls out.txt*").code, 0);
  }
  EXPECT_EQ(Run(std::string(kEvaluate) + "missing.tar").code, 1);
  EXPECT_EQ(Run(std::string(kEvaluate) + "missing").code, 2);
}

TEST_F(Eval, PrintsWhatItKnowsWhenInterrupted) {
  const Outcome outcome =
      Run("yes val/cat/0.png,9 | head -50000 > long.csv; "
          "mnv4 eval -m small.safetensors -t 1 --csv long.csv > rows.csv & "
          "until [ -s rows.csv ]; do sleep 0.1; done; kill -INT $!; wait $!");
  EXPECT_EQ(outcome.code, 130);
  EXPECT_THAT(outcome.err, HasSubstr("interrupted"));
  EXPECT_THAT(outcome.err, HasSubstr("top-1"));
  EXPECT_THAT(Run("tail -n 1 rows.csv").out, HasSubstr("val/cat/0.png,9,"));
}

}  // namespace
}  // namespace mnv4
