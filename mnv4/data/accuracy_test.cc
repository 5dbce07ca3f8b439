#include "mnv4/data/accuracy.h"

#include <gtest/gtest.h>

#include "mnv4/io/json_cursor.h"
#include "mnv4/io/testing.h"

namespace mnv4::data {
namespace {

using Classes = std::vector<int>;

TEST(Accuracy, CountsTheBestAnswerAndTheBestFive) {
  Accuracy accuracy(10);
  accuracy.Add(Classes{1, 2, 3, 4, 5}, 0.9, Classes{1});
  accuracy.Add(Classes{1, 2, 3, 4, 5}, 0.9, Classes{5});
  accuracy.Add(Classes{1, 2, 3, 4, 5, 6}, 0.9, Classes{6});  // the sixth does not count
  EXPECT_EQ(accuracy.pictures(), 3);
  EXPECT_EQ(accuracy.right(), 1);
  EXPECT_EQ(accuracy.right_in_top5(), 2);
  EXPECT_EQ(accuracy.classes()[5].pictures, 1);
  EXPECT_EQ(accuracy.classes()[5].right, 0);
  EXPECT_EQ(accuracy.classes()[5].right_in_top5, 1);
  EXPECT_EQ(accuracy.classes()[0].pictures, 0);
}

TEST(Accuracy, TakesAnyOfSeveralLabelsAndCountsForTheFirst) {
  Accuracy accuracy(4);
  accuracy.Add(Classes{3, 0}, 0.6, Classes{1, 3});
  accuracy.Add(Classes{0, 3}, 0.6, Classes{1, 3});
  EXPECT_EQ(accuracy.right(), 1);
  EXPECT_EQ(accuracy.right_in_top5(), 2);
  EXPECT_EQ(accuracy.classes()[1].pictures, 2);
  EXPECT_EQ(accuracy.classes()[3].pictures, 0);
}

TEST(Accuracy, RanksConfusedPairs) {
  Accuracy accuracy(5);
  for (int i = 0; i < 3; ++i) accuracy.Add(Classes{2}, 0.5, Classes{4});
  for (int i = 0; i < 3; ++i) accuracy.Add(Classes{4}, 0.5, Classes{2});
  accuracy.Add(Classes{0}, 0.5, Classes{1});
  accuracy.Add(Classes{1}, 0.5, Classes{1});
  const std::vector<Confusion> pairs = accuracy.MostConfused(2);
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].truth, 2);
  EXPECT_EQ(pairs[0].answer, 4);
  EXPECT_EQ(pairs[0].pictures, 3);
  EXPECT_EQ(pairs[1].truth, 4);
  EXPECT_EQ(accuracy.MostConfused(9).size(), 3u);
}

TEST(CalibrationError, IsTheDistanceOfConfidenceFromTruthBinByBin) {
  Accuracy accuracy(2);
  EXPECT_EQ(accuracy.CalibrationError(), 0);
  // Bin (0.8, 0.867]: two at 0.85, one right: |1.7 - 1|. Bin (0.533, 0.6]: one at 0.6, right: 0.4.
  accuracy.Add(Classes{0}, 0.85, Classes{0});
  accuracy.Add(Classes{0}, 0.85, Classes{1});
  accuracy.Add(Classes{1}, 0.6, Classes{1});
  EXPECT_NEAR(accuracy.CalibrationError(), (0.7 + 0.4) / 3, 1e-15);
}

TEST(CalibrationError, PutsTheEndsIntoTheOuterBins) {
  Accuracy accuracy(2);
  accuracy.Add(Classes{0}, 0.0, Classes{0});
  accuracy.Add(Classes{0}, 1.0, Classes{0});
  EXPECT_EQ(accuracy.bins().front().pictures, 1);
  EXPECT_EQ(accuracy.bins().back().pictures, 1);
}

// tests/oracles/make_accuracy_golden.py computed these with numpy from random logits.
TEST(Accuracy, AgreesWithNumpy) {
  const std::string path = mnv4::test::Golden("accuracy.json");
  const Json json = ParseJson(ReadTextFile(path, 1 << 20), "accuracy.json");
  const JsonCursor golden(json, "accuracy.json");
  const auto integers = [](const JsonCursor& list) {
    Classes values;
    for (const JsonCursor& value : list.Elements()) {
      values.push_back(static_cast<int>(value.Integer(0, 1000)));
    }
    return values;
  };
  Accuracy accuracy(12);
  for (const JsonCursor& picture : golden.At("pictures").Elements()) {
    accuracy.Add(integers(picture.At("best")), picture.At("confidence").Number(0, 1),
                 integers(picture.At("labels")));
  }
  EXPECT_EQ(accuracy.pictures(), 200);
  EXPECT_EQ(accuracy.right(), golden.At("right").Integer(1, 199));
  EXPECT_EQ(accuracy.right_in_top5(), golden.At("right_in_top5").Integer(1, 199));
  EXPECT_NEAR(accuracy.CalibrationError(), golden.At("ece").Number(0.01, 1), 1e-12);
}

}  // namespace
}  // namespace mnv4::data
