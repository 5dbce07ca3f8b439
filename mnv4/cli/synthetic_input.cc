#include "mnv4/cli/synthetic_input.h"

#include <cstdint>

namespace mnv4::cli {

void FillInput(runtime::Session& session) {
  const Shape& shape = session.plan().input_shape();
  uint32_t state = 1;
  for (int image = 0; image < shape[0]; ++image) {
    const runtime::Session::Input input = session.input(image);
    for (int64_t y = 0; y < shape[1]; ++y) {
      for (int64_t x = 0; x < shape[2]; ++x) {
        for (int64_t c = 0; c < shape[3]; ++c) {
          state = state * 1664525 + 1013904223;  // Numerical Recipes' generator
          input.data[y * input.row_stride + x * input.pixel_stride + c] =
              static_cast<float>(state >> 8) / (1 << 22) - 2.0f;  // in [-2, 2)
        }
      }
    }
  }
}

}  // namespace mnv4::cli
