#include "mnv4/cli/synthetic_input.h"

#include <cstdint>

#include "mnv4/base/check.h"

namespace mnv4::cli {

SyntheticInput::SyntheticInput(const Shape& input_shape)
    : values_(static_cast<size_t>(NumElements(input_shape))) {
  uint32_t state = 1;
  for (float& value : values_) {
    state = state * 1664525 + 1013904223;                       // Numerical Recipes' generator
    value = static_cast<float>(state >> 8) / (1 << 22) - 2.0f;  // in [-2, 2)
  }
}

void SyntheticInput::CopyTo(runtime::Session& session, ThreadPool& pool) const {
  const Shape& shape = session.plan().input_shape();
  MNV4_CHECK(values_.size() == static_cast<size_t>(NumElements(shape)));
  const int64_t height = shape[1], width = shape[2], channels = shape[3], rows = shape[0] * height;
  pool.RunSteps(1, [&](size_t, int thread) noexcept {
    const int64_t end = rows * (thread + 1) / pool.threads();
    for (int64_t row = rows * thread / pool.threads(); row < end; ++row) {
      const runtime::Session::Input input = session.input(static_cast<int>(row / height));
      const float* values = &values_[static_cast<size_t>(row * width * channels)];
      float* const out = input.data + row % height * input.row_stride;
      for (int64_t x = 0; x < width; ++x, values += channels) {
        for (int64_t c = 0; c < channels; ++c) out[x * input.pixel_stride + c] = values[c];
      }
    }
  });
}

}  // namespace mnv4::cli
