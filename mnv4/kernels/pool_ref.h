#pragma once
/// Reference average pooling.

#include "mnv4/kernels/reference.h"

namespace mnv4::kernels {

inline void PoolRefRun(const PoolProblem& p, const void* x, void* y, int begin, int end) noexcept {
  const Size2 window = p.global ? Size2{p.x.h, p.x.w} : p.kernel;
  const Size2 stride = p.global ? Size2{} : p.stride;
  StoreRows(p.y, y, begin, end, [&](int image, int oy, int ox, int c) {
    double sum = 0;
    for (int ky = 0; ky < window.h; ++ky) {
      for (int kx = 0; kx < window.w; ++kx) {
        const int64_t pixel = p.x.Offset(0, image, oy * stride.h + ky, ox * stride.w + kx);
        sum += ElementAt(p.x, x, pixel + ChannelOffset(p.x, c));
      }
    }
    return sum / (window.h * window.w);
  });
}

inline constexpr PoolKernel kPoolRef = {
    .name = "pool-ref",
    .needs = Isa::kScalar,
    .accepts = [](const PoolProblem&) { return true; },
    .units = [](const PoolProblem& p) { return CountRowUnits(p.y); },
    .run = PoolRefRun,
};

}  // namespace mnv4::kernels
