#include "mnv4/train_cli/show.h"

#include <gtest/gtest.h>

namespace mnv4::train_cli {
namespace {

TEST(Show, SaysHowFarAnEpochIs) {
  EXPECT_EQ(StepLine({.step = 1536,
                      .steps = 3000,
                      .epoch = 3,
                      .epochs = 300,
                      .step_in_epoch = 512,
                      .steps_per_epoch = 1024,
                      .loss = 2.3104,
                      .lr = 0.001,
                      .images_per_second = 528.04,
                      .seconds_left = 3725},
                     31),
            "epoch 3/300  50% |##########          | 512/1024 [00:31<1:02:05, 528.0 pictures/s, "
            "loss 2.310]");
}

TEST(Show, SaysHowAnEpochEnded) {
  train::EpochReport report{.epoch = 3, .epochs = 300, .train_loss = 2.31, .evaluation = {}};
  EXPECT_EQ(EpochLine(report), "epoch 3/300: loss 2.310");
  train::Evaluation evaluation(4);
  const int best[] = {1, 0, 2, 3}, right[] = {1}, second[] = {0};
  evaluation.accuracy.Add(best, 0.5, right);
  evaluation.accuracy.Add(best, 0.5, second);
  evaluation.loss = 2.1;
  evaluation.broken = 1;
  report.evaluation = evaluation;
  report.best = true;
  EXPECT_EQ(EpochLine(report),
            "epoch 3/300: loss 2.310, validation 2.100, top-1 50.00 %, top-5 100.00 %, 1 broken, "
            "best so far");
}

}  // namespace
}  // namespace mnv4::train_cli
