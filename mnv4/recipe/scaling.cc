#include "mnv4/recipe/scaling.h"

#include <algorithm>
#include <cmath>

namespace mnv4::recipe {
namespace {

constexpr double kPartOfRun = 0.1;
constexpr int64_t kMinWarmupSteps = 500;
constexpr int64_t kShortRun = 20000;
constexpr double kShortRunBnMomentum = 0.99;

double Ratio(int64_t size, int64_t reference) {
  return static_cast<double>(size) / static_cast<double>(reference);
}

}  // namespace

double SqrtScaledLr(double lr, int64_t batch, int64_t batch_ref) {
  return lr * std::sqrt(Ratio(batch, batch_ref));
}

double LinearScaledLr(double lr, int64_t batch, int64_t batch_ref) {
  return lr * Ratio(batch, batch_ref);
}

double ScaledEmaDecay(double decay, int64_t batch, int64_t batch_ref, int64_t total_steps) {
  const double longest = std::max(1.0, kPartOfRun * static_cast<double>(total_steps));
  return std::min(std::pow(decay, Ratio(batch, batch_ref)), 1 - 1 / longest);
}

double ScaledBnMomentum(double momentum, int64_t group, int64_t group_ref, int64_t total_steps) {
  const double scaled = std::pow(momentum, Ratio(group, group_ref));
  return total_steps < kShortRun ? std::min(scaled, kShortRunBnMomentum) : scaled;
}

int64_t WarmupSteps(double warmup_epochs, double steps_per_epoch, int64_t total_steps) {
  if (warmup_epochs <= 0) return 0;
  const int64_t wanted = std::llround(warmup_epochs * steps_per_epoch);
  const auto longest = static_cast<int64_t>(kPartOfRun * static_cast<double>(total_steps));
  return std::min(std::max(wanted, kMinWarmupSteps), longest);
}

}  // namespace mnv4::recipe
