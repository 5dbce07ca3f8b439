#include "mnv4/train/optimizer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include <cmath>

namespace mnv4::train {
namespace {

// A leaf with random values and gradient; 4-d ones as networks have them, channels last.
at::Tensor Leaf(at::IntArrayRef shape, at::ScalarType dtype = at::kDouble) {
  at::Tensor leaf = at::randn(shape, dtype);
  if (shape.size() == 4) leaf = leaf.contiguous(at::MemoryFormat::ChannelsLast);
  return leaf.set_requires_grad(true);
}

std::vector<Trained> RandomTrained(at::ScalarType dtype = at::kDouble) {
  at::manual_seed(7);
  return {{.name = "conv_stem.weight", .value = Leaf({16, 3, 3, 3}, dtype), .l2 = true},
          {.name = "dw.weight", .value = Leaf({33, 1, 5, 5}, dtype)},
          {.name = "bn1.weight", .value = Leaf({17}, dtype), .decay = false, .lr_scale = 0.5},
          {.name = "classifier.weight", .value = Leaf({50, 403}, dtype), .l2 = true}};
}

std::vector<Trained> CopyOf(const std::vector<Trained>& trained) {
  std::vector<Trained> copy = trained;
  for (Trained& t : copy) t.value = t.value.detach().clone().set_requires_grad(true);
  return copy;
}

void SetGradients(const std::vector<Trained>& trained, int seed) {
  at::manual_seed(seed);
  for (const Trained& t : trained) {
    const at::Tensor gradient = at::randn(t.value.sizes(), t.value.scalar_type());
    t.value.mutable_grad() = at::empty_like(t.value.detach()).copy_(gradient);
  }
}

void ExpectClose(const std::vector<Trained>& got, const std::vector<Trained>& want,
                 double tolerance) {
  for (size_t i = 0; i < got.size(); ++i) {
    const at::Tensor away = (got[i].value.detach() - want[i].value.detach()).abs().max();
    EXPECT_LE(away.item<double>(), tolerance) << got[i].name;
  }
}

// Five steps of ours beside those of `reference`, a function of the tensors' group.
template <class Reference, class Options>
void CompareWithTorch(const OptimizerOptions& options, const Options& torch_options, double lr) {
  std::vector<Trained> ours = RandomTrained();
  for (Trained& t : ours) t.l2 = false;  // torch has one decay for all
  std::vector<Trained> theirs = CopyOf(ours);
  const auto optimizer = MakeOptimizer(options, ours);
  std::vector<torch::optim::OptimizerParamGroup> groups;
  for (const Trained& t : theirs) {
    auto group = std::make_unique<Options>(torch_options);
    group->lr(lr * t.lr_scale);
    if (!t.decay) group->weight_decay(0);
    groups.emplace_back(std::vector<at::Tensor>{t.value}, std::move(group));
  }
  Reference reference(groups, torch_options);
  for (int step = 0; step < 5; ++step) {
    SetGradients(ours, step);
    SetGradients(theirs, step);
    optimizer->Step(lr);
    reference.step();
  }
  ExpectClose(ours, theirs, 1e-12);
}

TEST(AdamW, AgreesWithTorch) {
  CompareWithTorch<torch::optim::AdamW>(
      {.kind = OptimizerKind::kAdamW,
       .weight_decay = 0.1,
       .beta1 = 0.6,
       .beta2 = 0.99,
       .eps = 1e-6},
      torch::optim::AdamWOptions(0.01).betas({0.6, 0.99}).eps(1e-6).weight_decay(0.1), 0.01);
}

TEST(Sgd, AgreesWithTorch) {
  for (const bool nesterov : {false, true}) {
    CompareWithTorch<torch::optim::SGD>(
        {.kind = OptimizerKind::kSgd, .weight_decay = 0.1, .momentum = 0.9, .nesterov = nesterov},
        torch::optim::SGDOptions(0.05).momentum(0.9).nesterov(nesterov).weight_decay(0.1), 0.05);
  }
  CompareWithTorch<torch::optim::SGD>(
      {.kind = OptimizerKind::kSgd, .weight_decay = 0.1, .momentum = 0},
      torch::optim::SGDOptions(0.05).weight_decay(0.1), 0.05);
}

// The values of one weight, from 1, after each gradient.
std::vector<double> Path(const OptimizerOptions& options, double lr,
                         const std::vector<double>& gradients, bool l2 = false) {
  const at::Tensor w = at::ones({1}, at::kDouble).set_requires_grad(true);
  const auto optimizer = MakeOptimizer(options, {{.name = "w", .value = w, .l2 = l2}});
  std::vector<double> path;
  for (const double gradient : gradients) {
    w.mutable_grad() = at::full({1}, gradient, at::kDouble);
    optimizer->Step(lr);
    path.push_back(w.detach().item<double>());
  }
  return path;
}

void ExpectPath(const std::vector<double>& got, const std::vector<double>& want, double tolerance) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], tolerance) << i;
}

// Three updates each, worked out from the definitions to twelve digits.
TEST(AdamW, GivesThePublishedVectorsInBothForms) {
  OptimizerOptions options = {.kind = OptimizerKind::kAdamWKeras,
                              .weight_decay = 0.1,
                              .beta1 = 0.6,
                              .beta2 = 0.999,
                              .eps = 1e-6};
  const std::vector<double> large = {0.1, -0.2, 0.3}, small(3, 1e-6);
  ExpectPath(Path(options, 0.01, large), {0.989003161278, 0.993546531222, 0.987453415807}, 6e-13);
  ExpectPath(Path(options, 0.01, small), {0.998693465700, 0.997266804949, 0.995750503889}, 6e-13);
  options.kind = OptimizerKind::kAdamW;
  ExpectPath(Path(options, 0.01, large), {0.989000099999, 0.993544220489, 0.987450699901}, 6e-13);
  ExpectPath(Path(options, 0.01, small), {0.994000000000, 0.988006000000, 0.982017994000}, 6e-13);
}

TEST(AdamW, AddsL2ToTheGradient) {
  const OptimizerOptions plain = {.weight_decay = 0.1};
  OptimizerOptions with_l2 = plain;
  with_l2.l2 = 0.25;
  EXPECT_EQ(Path(with_l2, 0.01, {0.5}, true), Path(plain, 0.01, {0.75}));
  EXPECT_EQ(Path(with_l2, 0.01, {0.5}, false), Path(plain, 0.01, {0.5}));
}

// ms = 0.1 g^2, mom = lr g / sqrt(ms + eps); then ms = 0.9 ms + 0.1 g^2, mom = 0.8 mom + ...
TEST(RmsProp, HasEpsilonInTheRootAndTheRateInTheMomentum) {
  const OptimizerOptions options = {
      .kind = OptimizerKind::kRmsPropTf, .eps = 0.002, .momentum = 0.8, .rho = 0.9};
  const double ms1 = 0.1 * 0.25, mom1 = 0.01 * 0.5 / std::sqrt(ms1 + 0.002);
  const double ms2 = 0.9 * ms1 + 0.1, mom2 = 0.8 * mom1 - 0.01 / std::sqrt(ms2 + 0.002);
  EXPECT_NEAR(mom1, 0.0304290309725, 1e-12);
  EXPECT_NEAR(mom2, -0.0039977852852, 1e-12);
  ExpectPath(Path(options, 0.01, {0.5, -1}), {1 - mom1, 1 - mom1 - mom2}, 1e-14);
}

TEST(RmsProp, AddsDecayToTheGradient) {
  const OptimizerOptions plain = {.kind = OptimizerKind::kRmsPropTf, .eps = 0.002};
  OptimizerOptions decayed = plain;
  decayed.weight_decay = 0.25;
  EXPECT_EQ(Path(decayed, 0.01, {0.5}), Path(plain, 0.01, {0.75}));
}

TEST(Lamb, AgreesWithItsDefinition) {
  const OptimizerOptions options = {.kind = OptimizerKind::kLamb,
                                    .weight_decay = 0.02,
                                    .beta1 = 0.9,
                                    .beta2 = 0.99,
                                    .eps = 1e-6,
                                    .l2 = 0.1};
  std::vector<Trained> ours = RandomTrained(), plain = CopyOf(ours);
  std::vector<at::Tensor> m, v;
  for (const Trained& t : plain) {
    m.push_back(at::zeros_like(t.value));
    v.push_back(at::zeros_like(t.value));
  }
  const auto optimizer = MakeOptimizer(options, ours);
  const at::NoGradGuard no_grad;
  for (int step = 1; step <= 5; ++step) {
    SetGradients(ours, step);
    SetGradients(plain, step);
    optimizer->Step(0.01);
    for (size_t i = 0; i < plain.size(); ++i) {
      const Trained& t = plain[i];
      const at::Tensor g = t.value.grad() + (t.l2 ? 0.1 : 0) * t.value;
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.99 * v[i] + 0.01 * g * g;
      const at::Tensor m_hat = m[i] / (1 - std::pow(0.9, step));
      const at::Tensor v_hat = v[i] / (1 - std::pow(0.99, step));
      at::Tensor u = m_hat / (v_hat.sqrt() + 1e-6);
      if (t.decay) {
        u = u + 0.02 * t.value;
        u = u * (t.value.norm() / u.norm());
      }
      t.value.sub_(0.01 * t.lr_scale * u);
    }
  }
  ExpectClose(ours, plain, 1e-12);
}

TEST(Lamb, TrustsWeightsOfZero) {
  const at::Tensor w = at::zeros({2}, at::kDouble).set_requires_grad(true);
  const auto optimizer = MakeOptimizer(
      {.kind = OptimizerKind::kLamb, .weight_decay = 0.1, .eps = 0}, {{.name = "w", .value = w}});
  w.mutable_grad() = at::ones({2}, at::kDouble);
  optimizer->Step(0.5);
  EXPECT_NEAR(w.detach()[0].item<double>(), -0.5, 1e-12);
}

const OptimizerOptions kAll[] = {
    {.kind = OptimizerKind::kAdamW, .weight_decay = 0.1, .l2 = 0.01},
    {.kind = OptimizerKind::kAdamWKeras, .weight_decay = 0.1, .l2 = 0.01},
    {.kind = OptimizerKind::kSgd, .weight_decay = 0.1, .nesterov = true, .l2 = 0.01},
    {.kind = OptimizerKind::kSgd, .weight_decay = 0.1, .momentum = 0, .l2 = 0.01},
    {.kind = OptimizerKind::kRmsPropTf, .weight_decay = 0.1, .eps = 1e-3, .l2 = 0.01},
    {.kind = OptimizerKind::kLamb, .weight_decay = 0.1, .l2 = 0.01},
};

// Every second column of a larger tensor has gaps, so ATen's operators update it.
TEST(Optimizers, UpdateTensorsWithGapsAlike) {
  for (const OptimizerOptions& options : kAll) {
    std::vector<Trained> plain = RandomTrained(), gaps = CopyOf(plain);
    for (Trained& t : gaps) {
      const at::Tensor larger = at::zeros({t.value.numel(), 2}, at::kDouble);
      const at::Tensor values = t.value.detach();
      t.value = larger.select(1, 0).view(values.sizes()).copy_(values).set_requires_grad(true);
      ASSERT_FALSE(t.value.is_non_overlapping_and_dense());
    }
    const auto one = MakeOptimizer(options, plain), other = MakeOptimizer(options, gaps);
    for (int step = 0; step < 3; ++step) {
      SetGradients(plain, step);
      SetGradients(gaps, step);
      one->Step(0.01);
      other->Step(0.01);
    }
    ExpectClose(plain, gaps, 1e-12);
  }
}

TEST(Optimizers, TakeGradientsInAnyLayout) {
  for (const OptimizerOptions& options : kAll) {
    std::vector<Trained> same = RandomTrained(), other = CopyOf(same);
    const auto a = MakeOptimizer(options, same), b = MakeOptimizer(options, other);
    SetGradients(same, 1);
    SetGradients(other, 1);
    for (Trained& t : other) t.value.mutable_grad() = t.value.grad().contiguous();
    a->Step(0.01);
    b->Step(0.01);
    ExpectClose(same, other, 0);
  }
}

TEST(Optimizers, GiveTheSameBitsWithAnyNumberOfThreads) {
  const int before = at::get_num_threads();
  for (const OptimizerOptions& options : kAll) {
    std::vector<Trained> start = RandomTrained(at::kFloat);
    start.push_back({.name = "conv_head.weight", .value = Leaf({300, 500}, at::kFloat)});
    std::vector<std::vector<Trained>> results;
    for (const int threads : {1, 2, 3}) {
      at::set_num_threads(threads);
      results.push_back(CopyOf(start));
      const auto optimizer = MakeOptimizer(options, results.back());
      for (int step = 0; step < 3; ++step) {
        SetGradients(results.back(), step);
        ClipGradients(results.back(), 1);
        optimizer->Step(0.01);
      }
    }
    ExpectClose(results[1], results[0], 0);
    ExpectClose(results[2], results[0], 0);
  }
  at::set_num_threads(before);
}

TEST(Optimizers, LeaveTensorsWithoutGradientAsTheyAre) {
  for (const OptimizerOptions& options : kAll) {
    std::vector<Trained> trained = RandomTrained();
    const std::vector<Trained> before = CopyOf(trained);
    const auto optimizer = MakeOptimizer(options, trained);
    optimizer->Step(0.1);
    ExpectClose(trained, before, 0);
    EXPECT_EQ(optimizer->steps(), 1);
  }
}

TEST(ClipGradients, ScalesToTheGlobalNorm) {
  const at::Tensor a = at::zeros({2}).set_requires_grad(true);
  const at::Tensor b = at::zeros({1}).set_requires_grad(true), none = at::zeros({1});
  const std::vector<Trained> trained = {
      {.name = "a", .value = a}, {.name = "b", .value = b}, {.name = "none", .value = none}};
  a.mutable_grad() = at::full({2}, 2.0f);
  b.mutable_grad() = at::full({1}, 1.0f);
  EXPECT_DOUBLE_EQ(ClipGradients(trained, 3.1), 3);
  EXPECT_EQ(a.grad()[0].item<float>(), 2);
  EXPECT_DOUBLE_EQ(ClipGradients(trained, 1.5), 3);
  EXPECT_NEAR(a.grad()[1].item<float>(), 1, 1e-6);
  EXPECT_NEAR(b.grad()[0].item<float>(), 0.5, 1e-6);
}

TEST(ClipGradients, CountsGradientsOfAllTypesAndLayouts) {
  std::vector<Trained> trained;
  for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kBFloat16}) {
    const at::Tensor value = at::zeros({3}, type).set_requires_grad(true);
    value.mutable_grad() = at::full({3, 2}, 2.0, type).select(1, 0);
    trained.push_back({.name = "gaps", .value = value});
    const at::Tensor dense = at::zeros({1}, type).set_requires_grad(true);
    dense.mutable_grad() = at::full({1}, 2.0, type);
    trained.push_back({.name = "dense", .value = dense});
  }
  EXPECT_NEAR(ClipGradients(trained, 1), std::sqrt(12 * 4.0), 1e-6);
  for (const Trained& t : trained) {
    EXPECT_NEAR(t.value.grad()[0].item<double>(), 2 / std::sqrt(48.0), 1e-3);
  }
}

TEST(ClipGradients, ReportsWhatIsNoNumber) {
  const at::Tensor a = at::zeros({2}).set_requires_grad(true);
  a.mutable_grad() = at::full({2}, 2.0f);
  a.grad()[1] = NAN;
  EXPECT_TRUE(std::isnan(ClipGradients({{.name = "a", .value = a}}, 1)));
  EXPECT_EQ(a.grad()[0].item<float>(), 2);
}

}  // namespace
}  // namespace mnv4::train
