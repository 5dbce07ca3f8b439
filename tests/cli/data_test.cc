#include <gmock/gmock.h>

#include "program.h"

namespace mnv4 {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// Five pictures of two classes, all different.
class Data : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    Run("mkdir -p train/cat train/owl val/owl");
    for (int i = 0; i < 5; ++i) WritePicture(Name(i), i);
  }

  static std::string Name(int i) {
    return (i < 3 ? "train/cat/" : "train/owl/") + std::to_string(i) + ".png";
  }

  static size_t Size(const Json& object, const std::string& key) {
    const auto* array = Member(object, key).As<Json::Array>();
    return array == nullptr ? 1000 : array->size();
  }
};

TEST_F(Data, CheckFindsNothingInACleanSet) {
  const Outcome outcome = Run("mnv4 data check train");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("train: 5 pictures of 2 classes"));
  EXPECT_THAT(outcome.out, HasSubstr("broken           0\n"));
  EXPECT_THAT(outcome.err, IsEmpty());
}

TEST_F(Data, CheckFindsWhatIsWrong) {
  Run("mkdir train/dog; cp train/cat/0.png train/cat/copy.png; cp train/cat/1.png train/owl/; "
      "cp train/owl/3.png val/owl/other.png; head -c 60 train/cat/2.png > train/owl/cut.png");
  const Outcome outcome = Run("mnv4 data check train --against val -j 3");
  EXPECT_EQ(outcome.code, 1);
  for (const char* line : {"train: 8 pictures of 3 classes", "\nbroken\ntrain/owl/cut.png: PNG",
                           "\nduplicates\ntrain/cat/0.png = train/cat/copy.png\n",
                           "\nlabel conflicts\ntrain/cat/1.png (cat) = train/owl/1.png (owl)\n",
                           "\nin both sets\ntrain/owl/3.png = val/owl/other.png\n",
                           "\nempty classes\ndog of train\n"}) {
    EXPECT_THAT(outcome.out, HasSubstr(line));
  }
  const Outcome json = Run("mnv4 data check train --against val --json -o report.json");
  EXPECT_EQ(json.code, 1);
  EXPECT_THAT(json.out, IsEmpty());
  const Json report = ParseJson(Run("cat report.json").out, "json");
  EXPECT_EQ(Size(report, "sets"), 2u);
  EXPECT_EQ(Size(report, "broken"), 1u);
  EXPECT_EQ(Size(report, "duplicates"), 3u);
}

TEST_F(Data, CheckReadsManifestsAndShards) {
  std::string manifest;
  for (int i = 0; i < 5; ++i) manifest += Name(i) + (i < 3 ? ",cat\n" : ",owl\n");
  WriteText("set.csv", manifest + "missing.png,owl\n");
  const Outcome csv = Run("mnv4 data check set.csv");
  EXPECT_EQ(csv.code, 1);
  EXPECT_THAT(csv.out, HasSubstr("set.csv: 6 pictures of 2 classes"));
  EXPECT_THAT(csv.out, HasSubstr("missing.png: No such file or directory\n"));

  Run("mkdir flat; for i in 0 1 2; do cp train/cat/$i.png flat; echo 2 > flat/$i.cls; done; "
      "tar cf s-0.tar -C flat 0.png 0.cls 1.png 1.cls; tar cf s-1.tar -C flat 2.png 2.cls");
  const Json numbers = RunJson("mnv4 data stats 's-{0..1}.tar' --json");
  EXPECT_EQ(Member(numbers, "pictures"), Json(3));
  EXPECT_EQ(Size(numbers, "classes"), 1u);
  const Json counted = RunJson("mnv4 data stats 's-{0..1}.tar' --num-classes 4 --json");
  EXPECT_EQ(Size(counted, "classes"), 4u);
  WriteText("names.txt", "owl\ndog\ncat\n");
  EXPECT_THAT(Run("mnv4 data check s-0.tar --class-map names.txt").out,
              HasSubstr("\nempty classes\ndog\nowl\n"));
}

TEST_F(Data, StatsCountWhatThereIs) {
  const Json stats = RunJson("mnv4 data stats train --json --img-size 32");
  EXPECT_EQ(Member(stats, "pictures"), Json(5));
  EXPECT_EQ(Member(stats, "imbalance"), Json(1.5));
  EXPECT_EQ(Member(Member(stats, "formats"), "PNG"), Json(5));
  EXPECT_EQ(Member(Member(stats, "width"), "max"), Json(50.0));
  EXPECT_EQ(Size(stats, "mean"), 3u);
  const Outcome text = Run("mnv4 data stats train --img-size 32");
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, HasSubstr("at 32 x 32 pixels"));
  EXPECT_EQ(text.out, Run("mnv4 data stats train --img-size 32 -j 7").out);
}

TEST_F(Data, StatsCountBrokenPicturesApart) {
  WriteText("train/owl/notes.jpg", "no picture");
  const Outcome outcome = Run("mnv4 data stats train");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("mnv4 data: train/owl/notes.jpg: not a picture"));
  EXPECT_THAT(outcome.out, HasSubstr("broken     1\n"));
}

#ifdef MNV4_RECIPES
size_t Count(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++count;
  return count;
}

TEST_F(Data, PreviewShowsWhatTheNetworkWillSee) {
  WriteText("mine.yaml", "model: {img_size: 48}\naugment: {auto_augment: randaugment}\n");
  const Outcome outcome = Run("mnv4 data preview . --recipe mine.yaml --count 4 -o page.html");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, IsEmpty());
  const std::string page = Run("cat page.html").out;
  EXPECT_EQ(Count(page, "data:image/jpeg;base64,"), 4u * 7);
  EXPECT_EQ(Count(page, "width=\"48\" height=\"48\""), 4u * 6);
  EXPECT_THAT(page, HasSubstr("./train as the network gets it"));
  EXPECT_THAT(page, HasSubstr("resized to 48 x 48 pixels"));
  EXPECT_THAT(page, HasSubstr("RandAugment: 2 operations of magnitude 9"));
  EXPECT_THAT(page, HasSubstr("<b>owl</b>"));
}

TEST_F(Data, PreviewDependsOnTheSeedAlone) {
  const auto page = [&](const std::string& options) {
    return Run("mnv4 data preview train --set model.img_size=32 " + options).out;
  };
  EXPECT_EQ(page("--seed 3"), page("--set train.seed=3"));
  EXPECT_NE(page("--seed 3"), page("--seed 4"));
  EXPECT_THAT(page("--set augment.profile=clean --set mix.cutmix=1"),
              HasSubstr("CutMix of batches: not shown"));
}

TEST_F(Data, PreviewSaysWhatIsWrong) {
  WriteText("train/owl/notes.jpg", "no picture");
  const Outcome broken = Run("mnv4 data preview train --set model.img_size=32");
  EXPECT_EQ(broken.code, 1);
  EXPECT_THAT(broken.err, HasSubstr("mnv4 data: train/owl/notes.jpg: not a picture"));
  EXPECT_THAT(broken.out, HasSubstr("train/owl/notes.jpg</small></td><td colspan=\"7\">not a"));
  EXPECT_EQ(Run("mnv4 data preview train --set model.img_sise=32").code, 2);
  EXPECT_EQ(Run("mnv4 data preview train --recipe nothing").code, 2);
  EXPECT_EQ(Run("mnv4 data preview train --seed x").code, 2);
  EXPECT_THAT(Run("mnv4 data preview train --set data.per_class=3").err, HasSubstr("whole sets"));
}
#else
TEST_F(Data, PreviewSaysThatItIsNotInThisBuild) {
  const Outcome outcome = Run("mnv4 data preview train");
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(outcome.err, HasSubstr("preview is not in this build"));
}
#endif

TEST_F(Data, SaysWhatIsWrongWithACommandLine) {
  const auto error = [&](const std::string& words, int code) {
    const Outcome outcome = Run("mnv4 data " + words);
    EXPECT_EQ(outcome.code, code) << words;
    EXPECT_THAT(outcome.out, IsEmpty());
    return outcome.err;
  };
  EXPECT_THAT(error("chek train", 2), HasSubstr("did you mean check?"));
  EXPECT_THAT(error("check", 2), HasSubstr("check|stats|preview DATA... is missing"));
  EXPECT_THAT(error("stats train --against val", 2),
              HasSubstr("--against is an option of mnv4 data check, not of stats"));
  EXPECT_THAT(error("check train --img-size 64", 2), HasSubstr("an option of mnv4 data stats"));
  EXPECT_THAT(error("preview train --json", 2), HasSubstr("an option of mnv4 data check"));
  EXPECT_THAT(error("check train --count 3", 2), HasSubstr("an option of mnv4 data preview"));
  EXPECT_THAT(error("check nowhere", 2), HasSubstr("nowhere: expected one folder"));
  EXPECT_THAT(error("check val", 3), HasSubstr("val: 1 class folders with no picture"));
  Run("mkdir e; touch e/notes.txt; tar cf e.tar e; head -c 700 e.tar > cut.tar");
  EXPECT_THAT(error("check e.tar", 3), HasSubstr("e.tar: no pictures"));
}

TEST_F(Data, CtrlCPrintsWhatIsKnown) {
  std::string manifest;
  for (int i = 0; i < 20000; ++i) manifest += Name(i % 5) + ",1\n";
  WriteText("long.csv", manifest);
  const Outcome outcome =
      Run("mnv4 data stats long.csv --img-size 500 & sleep 2; kill -INT $!; wait $!");
  EXPECT_EQ(outcome.code, 130);
  EXPECT_THAT(outcome.out, HasSubstr(", interrupted"));
}

}  // namespace
}  // namespace mnv4
