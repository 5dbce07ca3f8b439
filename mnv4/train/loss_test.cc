#include "mnv4/train/loss.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace mnv4::train {
namespace {

using at::Tensor;

Tensor Logits() {
  at::manual_seed(3);
  return (3 * at::randn({6, 5}, at::kDouble)).set_requires_grad(true);
}
Tensor Labels() { return at::tensor({0, 4, 2, 2, 1, 3}, at::kLong); }
Tensor Weights() { return at::tensor({0.5, 1.0, 2.0, 1.5, 0.25}, at::kDouble); }
Tensor Soft() { return at::softmax(at::arange(30, at::kDouble).sin().view({6, 5}), -1); }
Tensor OneHot() { return at::one_hot(Labels(), 5).to(at::kDouble); }

// Values and gradients of two losses of the same logits.
template <class F, class G>
void ExpectSame(F&& ours, G&& reference, double tolerance = 1e-12) {
  const Tensor a = Logits(), b = Logits();
  const Tensor x = ours(a), y = reference(b);
  EXPECT_NEAR(x.template item<double>(), y.template item<double>(), tolerance);
  x.backward();
  y.backward();
  EXPECT_LE((a.grad() - b.grad()).abs().max().template item<double>(), tolerance);
}

Tensor TorchCrossEntropy(const Tensor& z, const Tensor& targets, double smoothing = 0,
                         const Tensor& weights = {}) {
  return at::cross_entropy_loss(z, targets, weights, at::Reduction::Mean, -100, smoothing);
}

TEST(Loss, OfSoftTargetsIsTorchsCrossEntropy) {
  ExpectSame([](const Tensor& z) { return SoftCrossEntropy(z, Soft()); },
             [](const Tensor& z) { return TorchCrossEntropy(z, Soft()); });
}

TEST(Loss, OfSmoothedLabelsIsTorchsCrossEntropy) {
  ExpectSame([](const Tensor& z) { return SmoothedCrossEntropy(z, Labels(), 0.1, Weights()); },
             [](const Tensor& z) { return TorchCrossEntropy(z, Labels(), 0.1, Weights()); });
}

TEST(Loss, OfSmoothedLabelsIsThatOfSmoothedTargets) {
  ExpectSame([](const Tensor& z) { return SmoothedCrossEntropy(z, Labels(), 0.1); },
             [](const Tensor& z) { return SoftCrossEntropy(z, 0.9 * OneHot() + 0.1 / 5); });
}

TEST(Loss, WeighsSamplesOfHardTargetsAsTorchDoes) {
  ExpectSame([](const Tensor& z) { return SoftCrossEntropy(z, OneHot(), Weights()); },
             [](const Tensor& z) { return TorchCrossEntropy(z, Labels(), 0, Weights()); });
}

TEST(Loss, WeighsSamplesOfMixedTargetsByTheMixedWeight) {
  ExpectSame([](const Tensor& z) { return SoftCrossEntropy(z, Soft(), Weights()); },
             [](const Tensor& z) {
               const Tensor weights = Soft().matmul(Weights());
               const Tensor losses = -(Soft() * z.log_softmax(-1)).sum(-1);
               return (losses * weights).sum() / weights.sum();
             });
}

// -t log s(z) - (1 - t) log s(-z)
Tensor BinaryLosses(const Tensor& z, const Tensor& t) {
  return -(t * at::log_sigmoid(z) + (1 - t) * at::log_sigmoid(-z));
}

TEST(Loss, OfEachClassAloneIsTheMeanOrTheSumOverClasses) {
  ExpectSame([](const Tensor& z) { return BinaryCrossEntropy(z, Soft()); },
             [](const Tensor& z) { return BinaryLosses(z, Soft()).mean(); });
  ExpectSame([](const Tensor& z) { return BinaryCrossEntropy(z, Soft(), -1, true); },
             [](const Tensor& z) { return BinaryLosses(z, Soft()).sum(-1).mean(); });
}

TEST(Loss, OfEachClassAloneTakesThresholdAndWeights) {
  ExpectSame([](const Tensor& z) { return BinaryCrossEntropy(z, Soft(), 0.2, false, Weights()); },
             [](const Tensor& z) {
               return (BinaryLosses(z, Soft().gt(0.2).to(at::kDouble)) * Weights()).mean();
             });
}

TEST(Loss, IsComputedInFloat32FromBfloat16) {
  const Tensor z = Logits().detach().to(at::kBFloat16).set_requires_grad(true);
  const Tensor wide = z.detach().to(at::kFloat);
  const Tensor soft = Soft().to(at::kFloat);
  EXPECT_TRUE(at::equal(SoftCrossEntropy(z, soft), SoftCrossEntropy(wide, soft)));
  EXPECT_TRUE(
      at::equal(SmoothedCrossEntropy(z, Labels(), 0.1), SmoothedCrossEntropy(wide, Labels(), 0.1)));
  const Tensor loss = BinaryCrossEntropy(z, soft);
  EXPECT_EQ(loss.scalar_type(), at::kFloat);
  loss.backward();
  EXPECT_EQ(z.grad().scalar_type(), at::kBFloat16);
}

}  // namespace
}  // namespace mnv4::train
