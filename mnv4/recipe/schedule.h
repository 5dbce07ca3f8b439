#pragma once
/// Learning rates as pure functions of the step: a resumed run needs no state for them.

#include <cstdint>
#include <optional>
#include <string_view>

namespace mnv4::recipe {

enum class ScheduleKind : uint8_t { kConstant, kCosine, kStep, kExponential, kPoly };
const char* Name(ScheduleKind kind);  ///< "constant", "cosine", "step", "exponential", "poly"
std::optional<ScheduleKind> ParseScheduleKind(std::string_view name);

/// Steps are updates of the weights, from 0.
struct Schedule {
  ScheduleKind kind = ScheduleKind::kCosine;
  double lr = 0.001;  ///< the peak
  double floor = 0;   ///< cosine, poly: the end as a part of the peak (Garden's alpha)
  int64_t steps = 1;  ///< cosine and poly end here
  int64_t warmup_steps = 0;
  double warmup_lr = 0;     ///< where the ramp begins
  double decay_rate = 0.1;  ///< step, exponential: factor per decay_steps
  int64_t decay_steps = 1;
  double power = 1;       ///< poly
  bool staircase = true;  ///< exponential: only at whole multiples of decay_steps
  bool operator==(const Schedule&) const = default;
};

/// The learning rate of update `step`. During the warm-up it rises from warmup_lr to what the
/// schedule has at its end; the schedule itself counts from 0 and is not moved by the warm-up
/// (Model Garden's). Published values: schedule_test.cc.
double LearningRate(const Schedule& schedule, int64_t step);

}  // namespace mnv4::recipe
