#include "mnv4/recipe/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mnv4::recipe {
namespace {

// Of the five published recipes, by the authors' code, to nine digits.
TEST(Schedule, GivesThePresetsTheirPublishedRates) {
  struct Row {
    double lr, floor;
    int64_t steps;
    double at_1, at_780, at_1560, at_half, at_end;
  };
  const Row rows[] = {
      {0.002, 0, 3002368, 1.28205043e-6, 9.99999334e-4, 1.99999867e-3, 1e-3, 0},         // Conv-S
      {0.004, 0, 156000, 2.56346995e-6, 1.99950656e-3, 3.99901312e-3, 2e-3, 0},          // Conv-M
      {0.016, 0, 39000, 1.02159728e-5, 7.96845881e-3, 1.59369176e-2, 8e-3, 0},           // Hybrid-M
      {0.004, 0, 39000, 2.55399321e-6, 1.9921147e-3, 3.9842294e-3, 2e-3, 0},             // Conv-L
      {0.01, 0.001, 39000, 6.38500829e-6, 4.98030647e-3, 9.96061293e-3, 5.005e-3, 1e-5}  // Hybrid-L
  };
  for (const Row& row : rows) {
    const Schedule schedule = {
        .lr = row.lr, .floor = row.floor, .steps = row.steps, .warmup_steps = 1560};
    const auto expect = [&](int64_t step, double want) {
      EXPECT_NEAR(LearningRate(schedule, step), want, 6e-9 * want + 1e-18) << step;
    };
    EXPECT_EQ(LearningRate(schedule, 0), 0);
    expect(1, row.at_1);
    expect(780, row.at_780);
    expect(1560, row.at_1560);
    expect(row.steps / 2, row.at_half);
    expect(row.steps, row.at_end);
    expect(row.steps + 1000, row.at_end);
  }
}

TEST(Schedule, RampsFromItsOwnBeginning) {
  const Schedule schedule = {
      .kind = ScheduleKind::kConstant, .lr = 0.01, .warmup_steps = 4, .warmup_lr = 0.002};
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 0), 0.002);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1), 0.004);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 3), 0.008);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 4), 0.01);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 4000), 0.01);
}

TEST(Schedule, StepsDownAtMultiples) {
  const Schedule schedule = {
      .kind = ScheduleKind::kStep, .lr = 0.1, .decay_rate = 0.1, .decay_steps = 30};
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 29), 0.1);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 30), 0.01);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 89), 0.001);
}

// MobileNetV1's recipe in the Model Garden.
TEST(Schedule, DecaysExponentiallyInStairsOrSmoothly) {
  Schedule schedule = {.kind = ScheduleKind::kExponential,
                       .lr = 0.256,
                       .warmup_steps = 1560,
                       .decay_rate = 0.94,
                       .decay_steps = 780};
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 780), 0.5 * 0.256 * 0.94 * 0.94);  // half way of the ramp
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1560), 0.256 * 0.94 * 0.94);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 2339), 0.256 * 0.94 * 0.94);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 2340), 0.256 * 0.94 * 0.94 * 0.94);
  schedule.staircase = false;
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1950), 0.256 * std::pow(0.94, 2.5));
}

TEST(Schedule, FallsPolynomiallyToItsFloor) {
  const Schedule schedule = {
      .kind = ScheduleKind::kPoly, .lr = 1, .floor = 0.2, .steps = 10, .power = 2};
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 0), 1);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 5), 0.8 * 0.25 + 0.2);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 10), 0.2);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 99), 0.2);
}

TEST(Schedule, ReadsTheNamesItPrints) {
  for (int i = 0; i <= static_cast<int>(ScheduleKind::kPoly); ++i) {
    const auto kind = static_cast<ScheduleKind>(i);
    EXPECT_EQ(ParseScheduleKind(Name(kind)), kind);
  }
  EXPECT_EQ(ParseScheduleKind("cosin"), std::nullopt);
}

}  // namespace
}  // namespace mnv4::recipe
