#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "program.h"

namespace mnv4 {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Classify : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    WriteModel();
    for (int i = 0; i < 4; ++i) WritePicture("pictures/" + std::to_string(i) + ".png", i);
  }

  // Puts a picture that ends early between the others.
  void AddBrokenPicture() const { Run("head -c 60 pictures/1.png > pictures/1-broken.png"); }

  static std::vector<Json> Lines(const std::string& text) {
    std::vector<Json> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(ParseJson(line, "line"));
    return lines;
  }
};

TEST_F(Classify, GivesTheBestClassesOfAFolderInOrder) {
  const Outcome outcome = Run("mnv4 classify -m small.safetensors pictures -k 3 --json");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, IsEmpty());
  const std::vector<Json> lines = Lines(outcome.out);
  ASSERT_EQ(lines.size(), 4u);
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(Member(lines[i], "image"), Json("pictures/" + std::to_string(i) + ".png"));
    const auto* best = Member(lines[i], "topk").As<Json::Array>();
    ASSERT_NE(best, nullptr);
    ASSERT_EQ(best->size(), 3u);
    double last = 1;
    for (const Json& each : *best) {
      const int64_t index = *Member(each, "index").As<int64_t>();
      EXPECT_EQ(Member(each, "label"), Json(index == 9 ? "cat" : "class " + std::to_string(index)));
      const double score = *Member(each, "score").As<double>();
      EXPECT_LE(score, last);
      last = score;
    }
  }
}

TEST_F(Classify, GivesTheSameAnswersForAnyBatchThreadsAndWorkers) {
  const std::string command = "mnv4 classify -m small.safetensors pictures -k 1";
  const std::string answer = Run(command).out;
  EXPECT_THAT(answer, Not(IsEmpty()));
  EXPECT_EQ(Run(command + " -b 3").out, answer);
  EXPECT_EQ(Run(command + " -b 8 -t 2 -j 3").out, answer);
  EXPECT_EQ(Run(command + " -j 1 -t 1").out, answer);
}

TEST_F(Classify, ReportsABrokenPictureAndGoesOn) {
  AddBrokenPicture();
  const Outcome outcome = Run("mnv4 classify -m small.safetensors pictures --json -b 2");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("pictures/1-broken.png: "));
  const std::vector<Json> lines = Lines(outcome.out);
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(Member(lines[1], "image"), Json("pictures/1-broken.png"));
  EXPECT_NE(lines[1].Find("error"), nullptr);
  EXPECT_EQ(lines[1].Find("topk"), nullptr);
  for (const size_t i : {0, 2, 3, 4}) EXPECT_NE(lines[i].Find("topk"), nullptr) << i;
}

TEST_F(Classify, StopsAtABrokenPictureIfStrict) {
  AddBrokenPicture();
  const Outcome outcome = Run("mnv4 classify -m small.safetensors pictures --strict -o out.txt");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("1-broken.png"));
  EXPECT_NE(Run("ls out.txt*").code, 0);
}

TEST_F(Classify, ReportsMissingFilesAsItems) {
  const Outcome outcome = Run("mnv4 classify -m small.safetensors none.jpg pictures/0.png -k 1");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("none.jpg: No such file"));
  EXPECT_THAT(outcome.out, HasSubstr("pictures/0.png"));
}

TEST_F(Classify, ExpandsPatternsAndRefusesEmptyOnes) {
  EXPECT_THAT(Run("mnv4 classify -m small.safetensors 'pictures/[12].png' -k 1").out,
              Not(HasSubstr("0.png")));
  EXPECT_EQ(Run("mnv4 classify -m small.safetensors 'pictures/*.jpg'").code, 2);
}

TEST_F(Classify, TakesListsFromFilesAndFromStdin) {
  const std::string command = "mnv4 classify -m small.safetensors -k 1 ";
  const std::string answer = Run(command + "pictures").out;
  EXPECT_EQ(Run("ls -d pictures/* | " + command + "-").out, answer);
  EXPECT_EQ(Run("printf 'pictures/%s.png\\0' 0 1 2 3 | " + command + "-").out, answer);
  EXPECT_EQ(Run("ls -d pictures/* > list; " + command + "--list list").out, answer);
  const Outcome picture = Run(command + "- < pictures/0.png");
  EXPECT_EQ(picture.code, 3);
  EXPECT_THAT(picture.err, HasSubstr("/dev/stdin"));
  EXPECT_THAT(Run("cat pictures/0.png | " + command + "/dev/stdin").out, HasSubstr("/dev/stdin"));
  EXPECT_EQ(Run(command).code, 2);
}

TEST_F(Classify, PrintsARowAClassAsCsv) {
  AddBrokenPicture();
  const Outcome outcome = Run("mnv4 classify -m small.safetensors pictures -k 2 --csv");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("image,rank,index,label,score,error\npictures/0.png,1,"));
  EXPECT_THAT(outcome.out, HasSubstr("pictures/1-broken.png,,,,,PNG"));
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1 + 4 * 2 + 1);
}

TEST_F(Classify, WritesToAFileWhatItWouldPrint) {
  const std::string command = "mnv4 classify -m small.safetensors pictures";
  EXPECT_THAT(Run(command + " -o out.txt").out, IsEmpty());
  EXPECT_EQ(Run("cat out.txt").out, Run(command).out);
}

TEST_F(Classify, MarksAnswersWhereFoldersAreNamedAfterClasses) {
  WritePicture("cat/a.png", 1);
  const Outcome outcome = Run("mnv4 classify -m small.safetensors cat -k 1 --html page.html");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, testing::AnyOf(HasSubstr("  right\nright: 1 of 1"),
                                          HasSubstr("  wrong: is cat\nright: 0 of 1")));
  const std::string page = Run("cat page.html").out;
  EXPECT_THAT(page, HasSubstr("<!doctype html>"));
  EXPECT_THAT(page, HasSubstr("data:image/png;base64,"));
  EXPECT_THAT(page, HasSubstr("cat/a.png"));
}

TEST_F(Classify, RefusesRandomWeights) {
  const Outcome outcome = Run("mnv4 classify -m conv_small pictures");
  EXPECT_NE(outcome.code, 0);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, HasSubstr("conv_small"));
}

TEST_F(Classify, TakesOtherPreprocessingOnRequest) {
  const std::string command = "mnv4 classify -m small.safetensors pictures";
  EXPECT_NE(Run(command + " --mean 0.1,0.2,0.3").out, Run(command).out);
  EXPECT_NE(Run(command + " --img-size 96").out, Run(command).out);
  EXPECT_EQ(Run(command + " --mean 0.1,0.2").code, 2);
}

}  // namespace
}  // namespace mnv4
