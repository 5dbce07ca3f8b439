#include "mnv4/cli/synthetic_input.h"

#include <cstdint>

namespace mnv4::cli {

SyntheticInput::SyntheticInput(const Shape& input_shape) {
  int64_t count = 1;
  for (const int64_t dimension : input_shape) count *= dimension;
  values_.resize(static_cast<size_t>(count));
  uint32_t state = 1;
  for (float& value : values_) {
    state = state * 1664525 + 1013904223;                       // Numerical Recipes' generator
    value = static_cast<float>(state >> 8) / (1 << 22) - 2.0f;  // in [-2, 2)
  }
}

void SyntheticInput::CopyTo(runtime::Session& session) const {
  const Shape& shape = session.plan().input_shape();
  const float* values = values_.data();
  for (int image = 0; image < shape[0]; ++image) {
    const runtime::Session::Input input = session.input(image);
    for (int64_t y = 0; y < shape[1]; ++y) {
      for (int64_t x = 0; x < shape[2]; ++x, values += shape[3]) {
        float* const pixel = input.data + y * input.row_stride + x * input.pixel_stride;
        for (int64_t c = 0; c < shape[3]; ++c) pixel[c] = values[c];
      }
    }
  }
}

}  // namespace mnv4::cli
