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
template <class A, class B, class Y>
HWY_INLINE void Lane(const PointwiseArgs& args, int c, const A* a, const B* b, Y* y, int pixels,
                     ClampLimits limits) {
  const Vec scale = args.scale != nullptr ? hn::LoadU(kF32, args.scale + c) : hn::Set(kF32, 1.0f);
  const Vec bias = args.bias != nullptr ? hn::LoadU(kF32, args.bias + c) : hn::Zero(kF32);
  const Vec lo = hn::Set(kF32, limits.lo), hi = hn::Set(kF32, limits.hi);
  for (int x = 0; x < pixels; ++x) {
    Vec v = hn::MulAdd(LoadAsF32(a + x * kBlock), scale, bias);
    if (b != nullptr) v = hn::Add(v, LoadAsF32(b + x * kBlock));
    StoreFromF32(Clamp(v, lo, hi), y + x * kBlock);
  }
}

template <class A, class B, class Y>
void Run(const PointwiseProblem& p, const PointwiseArgs& args, const A* a, const B* b, Y* y,
         int begin, int end) {
  const ClampLimits limits = LimitsOf(p.activation);
  for (int unit = begin; unit < end; ++unit) {
    const RowUnit row = RowUnitAt(p.y, unit);
    const A* row_a = a + p.a.Offset(row.block, row.image, row.y, 0);
    const B* row_b = p.has_b ? b + p.b.Offset(row.block, row.image, row.y, 0) : nullptr;
    Y* row_y = y + p.y.Offset(row.block, row.image, row.y, 0);
    for (int lane = 0; lane < kBlock; lane += kLanes) {
      Lane(args, row.block * kBlock + lane, row_a + lane, row_b != nullptr ? row_b + lane : nullptr,
           row_y + lane, p.y.w, limits);
    }
    ActivateStored(p.activation, row_y, int64_t{p.y.w} * kBlock);
  }
}

template <class T>
bool Accepts(const PointwiseProblem& p) {
  return IsC16UpTo<T>(p.a) && IsC16UpTo<T>(p.y) && (!p.has_b || IsC16UpTo<T>(p.b)) &&
         KeepsZeroLanes(p.activation, p.y);
}

template <class T>
constexpr PointwiseKernel Row(const char* name, Isa needs) {
  return {
      .name = name,
      .needs = needs,
      .accepts = Accepts<T>,
      .units = [](const PointwiseProblem& p) { return CountRowUnits(p.y); },
      .run =
          [](const PointwiseProblem& p, const PointwiseArgs& args, int begin, int end) noexcept {
            WithType(p.a.dtype, args.a, [&](auto* a) {
              WithType(p.b.dtype, args.b, [&](auto* b) {
                WithType(p.y.dtype, args.y, [&](auto* y) { Run(p, args, a, b, y, begin, end); });
              });
            });
          }};
}

}  // namespace

constinit const PointwiseKernel kPointwise =
    Row<float>("pointwise-" MNV4_TARGET_NAME, MNV4_TARGET_ISA);
#if HWY_TARGET == HWY_AVX3
constinit const PointwiseKernel kPointwiseBf16 = Row<BF16>("pointwise-bf16", Isa::kBf16);
#endif
#ifdef MNV4_TARGET_FP16
constinit const PointwiseKernel kPointwiseFp16 = Row<F16>("pointwise-fp16", MNV4_TARGET_FP16);
#endif

}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
