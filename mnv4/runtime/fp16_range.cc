#include "mnv4/runtime/fp16_range.h"

#include <cmath>
#include <numbers>

namespace mnv4::runtime {
namespace {
constexpr double kLargestFp16 = 65504;
}  // namespace

bool MayPassFp16(std::span<const float> weights, std::span<const float> scale,
                 std::span<const float> bias, size_t channels, double growth) {
  const size_t of_channel = weights.size() / channels;
  for (size_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (const float weight : weights.subspan(c * of_channel, of_channel)) sum += std::abs(weight);
    if (!scale.empty()) sum *= std::abs(scale[c]);
    sum *= growth * kLargestActivation;
    if (!bias.empty()) sum += std::abs(bias[c]);
    if (!(sum <= kLargestFp16)) return true;
  }
  return false;
}

bool ScoresMayPassFp16(int dim, double scale) {
  const double largest = double{kLargestActivation} * kLargestActivation * dim * std::abs(scale);
  return !(largest * std::numbers::log2e <= kLargestFp16);
}

bool FitFp16(std::span<const float> weights, std::span<const float> scale, size_t channels) {
  const size_t of_channel = weights.size() / channels;
  for (size_t c = 0; c < channels; ++c) {
    const float factor = scale.empty() ? 1 : scale[c];
    for (const float weight : weights.subspan(c * of_channel, of_channel)) {
      if (!(std::abs(weight * factor) <= kLargestFp16)) return false;
    }
  }
  return true;
}

}  // namespace mnv4::runtime
