#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "mnv4/base/error.h"
#include "mnv4/train/optimizer.h"

namespace mnv4::train {
namespace {

struct Training {
  explicit Training(OptimizerKind kind)
      : w(at::linspace(-1, 1, 24)
              .view({2, 3, 2, 2})
              .contiguous(at::MemoryFormat::ChannelsLast)
              .set_requires_grad(true)),
        optimizer(MakeOptimizer({.kind = kind, .weight_decay = 0.1}, {{.name = "w", .value = w}})) {
  }
  void Step(int seed) const {
    at::manual_seed(seed);
    w.mutable_grad() = at::randn({2, 3, 2, 2});
    optimizer->Step(0.01);
  }

  at::Tensor w;
  std::unique_ptr<Optimizer> optimizer;
};

// As a checkpoint gives them: in memory of their own, contiguous.
TensorDict Saved(const TensorDict& state) {
  TensorDict saved;
  for (const auto& [name, tensor] : state) {
    saved[name] = tensor.clone(at::MemoryFormat::Contiguous);
  }
  return saved;
}

TEST(OptimizerState, ContinuesToTheBit) {
  for (int kind = 0; kind <= static_cast<int>(OptimizerKind::kLamb); ++kind) {
    const Training whole(static_cast<OptimizerKind>(kind)), first(static_cast<OptimizerKind>(kind)),
        second(static_cast<OptimizerKind>(kind));
    for (int step = 0; step < 4; ++step) whole.Step(step);
    for (int step = 0; step < 2; ++step) first.Step(step);
    second.w.detach().copy_(first.w.detach());
    second.optimizer->Load(Saved(first.optimizer->State()), first.optimizer->steps());
    for (int step = 2; step < 4; ++step) second.Step(step);
    EXPECT_EQ(second.optimizer->steps(), 4);
    EXPECT_TRUE(at::equal(whole.w, second.w)) << kind;
  }
}

TEST(OptimizerState, HasNamesOfMomentsAndTensors) {
  const Training run(OptimizerKind::kAdamWKeras);
  const TensorDict state = run.optimizer->State();
  ASSERT_EQ(state.size(), 2u);
  EXPECT_TRUE(state.count("exp_avg/w"));
  EXPECT_TRUE(state.count("exp_avg_sq/w"));
}

// Each row breaks a good state in one way; the message names the tensor and nothing changes.
TEST(OptimizerState, RefusesWhatNoRunLeaves) {
  const Training run(OptimizerKind::kAdamW);
  run.Step(1);
  const TensorDict good = Saved(run.optimizer->State());
  const auto refuses = [&](const char* name, auto&& spoil) {
    TensorDict bad = Saved(good);
    spoil(bad);
    try {
      run.optimizer->Load(bad, 9);
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidFile);
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
    EXPECT_EQ(run.optimizer->steps(), 1);
    for (const auto& [own, tensor] : run.optimizer->State()) {
      EXPECT_TRUE(at::equal(tensor, good.at(own)));
    }
  };
  refuses("exp_avg_sq/w", [](TensorDict& s) { s.erase("exp_avg_sq/w"); });
  refuses("exp_avg/w", [](TensorDict& s) { s["exp_avg/w"] = at::Tensor(); });
  refuses("exp_avg/v", [](TensorDict& s) { s["exp_avg/v"] = at::ones({1}); });
  refuses("exp_avg/w: [24], expected [2, 3, 2, 2]",
          [](TensorDict& s) { s["exp_avg/w"] = at::ones({24}); });
  refuses("exp_avg/w", [](TensorDict& s) { s["exp_avg/w"] = s["exp_avg/w"].to(at::kLong); });
  refuses("exp_avg/w", [](TensorDict& s) { s["exp_avg/w"].view(-1)[3] = NAN; });
  refuses("exp_avg/w", [](TensorDict& s) { s["exp_avg/w"].view(-1)[3] = -INFINITY; });
  refuses("exp_avg_sq/w", [](TensorDict& s) { s["exp_avg_sq/w"].view(-1)[3] = -1e-9f; });
  EXPECT_THROW(run.optimizer->Load(good, -1), Error);
  run.optimizer->Load(good, 9);
  EXPECT_EQ(run.optimizer->steps(), 9);
}

}  // namespace
}  // namespace mnv4::train
