#include "mnv4/recipe/schedule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace mnv4::recipe {
namespace {

constexpr std::array<const char*, 5> kNames = {"constant", "cosine", "step", "exponential", "poly"};

// Without the warm-up.
double AfterWarmup(const Schedule& s, int64_t step) {
  const double done = std::min(1.0, static_cast<double>(step) / static_cast<double>(s.steps));
  const double decays = static_cast<double>(step) / static_cast<double>(s.decay_steps);
  switch (s.kind) {
    case ScheduleKind::kConstant:
      return s.lr;
    case ScheduleKind::kCosine:
      return s.lr * ((1 - s.floor) * 0.5 * (1 + std::cos(std::numbers::pi * done)) + s.floor);
    case ScheduleKind::kStep:
      return s.lr * std::pow(s.decay_rate, std::floor(decays));
    case ScheduleKind::kExponential:
      return s.lr * std::pow(s.decay_rate, s.staircase ? std::floor(decays) : decays);
    case ScheduleKind::kPoly:
      return s.lr * ((1 - s.floor) * std::pow(1 - done, s.power) + s.floor);
  }
  return s.lr;
}

}  // namespace

const char* Name(ScheduleKind kind) { return kNames[static_cast<size_t>(kind)]; }

std::optional<ScheduleKind> ParseScheduleKind(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<ScheduleKind>(found - kNames.begin());
}

double LearningRate(const Schedule& schedule, int64_t step) {
  if (step >= schedule.warmup_steps) return AfterWarmup(schedule, step);
  const double target = AfterWarmup(schedule, schedule.warmup_steps);
  const double done = static_cast<double>(step) / static_cast<double>(schedule.warmup_steps);
  return schedule.warmup_lr + done * (target - schedule.warmup_lr);
}

}  // namespace mnv4::recipe
