// The glue that no convolution absorbed: scale and bias, add, activation.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/kernels/pointwise.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target
// must follow foreach_target.h
#include <hwy/highway.h>

#include "mnv4/kernels/math-inl.h"
#include "mnv4/kernels/reference.h"
#include "mnv4/kernels/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

// One vector of channels along a row of pixels.
HWY_INLINE void Lane(const PointwiseArgs& args, int c, const float* a, const float* b, float* y,
                     int pixels, ClampLimits limits) {
  const Vec scale = args.scale != nullptr ? hn::LoadU(kF32, args.scale + c) : hn::Set(kF32, 1.0f);
  const Vec bias = args.bias != nullptr ? hn::LoadU(kF32, args.bias + c) : hn::Zero(kF32);
  const Vec lo = hn::Set(kF32, limits.lo), hi = hn::Set(kF32, limits.hi);
  for (int x = 0; x < pixels; ++x) {
    Vec v = hn::MulAdd(hn::Load(kF32, a + x * kBlock), scale, bias);
    if (b != nullptr) v = hn::Add(v, hn::Load(kF32, b + x * kBlock));
    hn::Store(Clamp(v, lo, hi), kF32, y + x * kBlock);
  }
}

void Run(const PointwiseProblem& p, const PointwiseArgs& args, int begin, int end) noexcept {
  const ClampLimits limits = LimitsOf(p.activation);
  for (int unit = begin; unit < end; ++unit) {
    const RowUnit row = RowUnitAt(p.y, unit);
    const float* a = static_cast<const float*>(args.a) + p.a.Offset(row.block, row.image, row.y, 0);
    const float* b =
        p.has_b ? static_cast<const float*>(args.b) + p.b.Offset(row.block, row.image, row.y, 0)
                : nullptr;
    float* y = static_cast<float*>(args.y) + p.y.Offset(row.block, row.image, row.y, 0);
    for (int lane = 0; lane < kBlock; lane += kLanes) {
      Lane(args, row.block * kBlock + lane, a + lane, b != nullptr ? b + lane : nullptr, y + lane,
           p.y.w, limits);
    }
    ActivateStored(p.activation, y, int64_t{p.y.w} * kBlock);
  }
}

}  // namespace

constinit const PointwiseKernel kPointwise = {
    .name = "pointwise-" MNV4_TARGET_NAME,
    .needs = MNV4_TARGET_ISA,
    .accepts =
        [](const PointwiseProblem& p) {
          return IsF32C16(p.a) && IsF32C16(p.y) && (!p.has_b || IsF32C16(p.b)) &&
                 KeepsZeroLanes(p.activation, p.y);
        },
    .units = [](const PointwiseProblem& p) { return CountRowUnits(p.y); },
    .run = Run,
};

}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
