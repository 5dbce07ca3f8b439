#include "mnv4/train/ema.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "mnv4/base/error.h"

namespace mnv4::train {
namespace {

double Value(const at::Tensor& tensor) { return tensor.view(-1)[0].item<double>(); }

TEST(Ema, FollowsTheWeightsUntilItStarts) {
  const at::Tensor w = at::zeros({1}, at::kDouble);
  Ema ema({.decay = 0.9, .start_step = 3}, {{"w", w}});
  const at::Tensor& average = ema.averages().at("w");
  for (int step = 1; step <= 2; ++step) {
    w.fill_(step / 3.0);
    ema.Update(step);
    EXPECT_EQ(Value(average), step / 3.0);
  }
  w.fill_(1);
  ema.Update(3);
  EXPECT_NEAR(Value(average), 0.9 * (2 / 3.0) + 0.1, 1e-15);
  ema.Update(4);
  EXPECT_NEAR(Value(average), 0.81 * (2 / 3.0) + 0.19, 1e-15);
}

TEST(Ema, BeginsQuicklyIfDynamic) {
  const EmaOptions options = {.decay = 0.5, .start_step = 10, .dynamic = true};
  EXPECT_EQ(EmaDecay(options, 9), 0);
  EXPECT_EQ(EmaDecay(options, 10), 0.1);
  EXPECT_EQ(EmaDecay(options, 11), 2.0 / 11);
  EXPECT_EQ(EmaDecay(options, 17), 8.0 / 17);
  EXPECT_EQ(EmaDecay(options, 18), 0.5);
  EXPECT_EQ(EmaDecay(options, 1000), 0.5);
}

TEST(Ema, AveragesInTheTypeAndLayoutOfEachTensor) {
  at::manual_seed(1);
  const at::Tensor conv = at::randn({40, 30, 3, 3}).contiguous(at::MemoryFormat::ChannelsLast);
  const TensorDict live = {{"conv", conv},
                           {"double", at::randn({5}, at::kDouble)},
                           {"half", at::randn({5}).to(at::kBFloat16)},
                           {"gaps", at::randn({5, 2}).select(1, 0)}};
  Ema ema({.decay = 0.75}, live);
  TensorDict want;
  for (const auto& [name, tensor] : live) {
    want[name] = 0.75 * tensor.to(at::kDouble);
    tensor.mul_(-2);
    want[name] += 0.25 * tensor.to(at::kDouble);
  }
  ema.Update(1);
  for (const auto& [name, tensor] : live) {
    const at::Tensor& average = ema.averages().at(name);
    EXPECT_EQ(average.scalar_type(), tensor.scalar_type());
    EXPECT_TRUE(
        at::allclose(average.to(at::kDouble), want[name], 1e-6, name == "half" ? 1e-2 : 1e-6))
        << name;
  }
}

TEST(Ema, SwapsThereAndBack) {
  const at::Tensor w = at::ones({2, 3}).set_requires_grad(true);
  Ema ema({.decay = 0.5}, {{"w", w}});
  w.detach().fill_(3);
  ema.Update(1);
  ema.Swap();
  EXPECT_EQ(Value(w.detach()), 2);
  EXPECT_EQ(Value(ema.averages().at("w")), 3);
  ema.Swap();
  EXPECT_EQ(Value(w.detach()), 3);
  EXPECT_EQ(Value(ema.averages().at("w")), 2);
}

TEST(Ema, LoadsWhatItSavedAndRefusesTheRest) {
  Ema ema({}, {{"w", at::ones({2})}, {"b", at::ones({1})}});
  ema.Load({{"w", at::full({2}, 5.0f)}, {"b", at::zeros({1})}});
  EXPECT_EQ(Value(ema.averages().at("w")), 5);
  const TensorDict bad[] = {{{"w", at::ones({2})}},
                            {{"w", at::ones({2})}, {"b", at::ones({2})}},
                            {{"w", at::ones({2})}, {"b", at::full({1}, NAN)}},
                            {{"w", at::ones({2})}, {"b", at::ones({1})}, {"c", at::ones({1})}}};
  for (const TensorDict& state : bad) EXPECT_THROW(ema.Load(state), Error);
  EXPECT_EQ(Value(ema.averages().at("w")), 5);
}

}  // namespace
}  // namespace mnv4::train
