// The glue that no convolution absorbed: scale or gate, bias, add, activation.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/kernels/pointwise.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target
// must follow foreach_target.h
#include <hwy/highway.h>

#include <algorithm>

#include "mnv4/kernels/math-inl.h"
#include "mnv4/kernels/reference.h"
#include "mnv4/kernels/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

// One vector of channels along a row of pixels; its scale and bias, or null.
template <class A, class B, class Y>
HWY_INLINE void Lane(const PointwiseProblem& p, const float* scale_at, const float* bias_at,
                     const A* a, const B* b, Y* y) {
  const ClampLimits limits = LimitsOf(p.activation);
  const int64_t a_pixel = p.a.pixel_stride(), b_pixel = p.b.pixel_stride();
  const int64_t y_pixel = p.y.pixel_stride();
  const Vec scale = scale_at != nullptr ? hn::LoadU(kF32, scale_at) : hn::Set(kF32, 1.0f);
  const Vec bias = bias_at != nullptr ? hn::LoadU(kF32, bias_at) : hn::Zero(kF32);
  const Vec lo = hn::Set(kF32, limits.lo), hi = hn::Set(kF32, limits.hi);
  for (int x = 0; x < p.y.w; ++x) {
    Vec v = hn::MulAdd(LoadAsF32(a + x * a_pixel), scale, bias);
    if (b != nullptr) v = hn::Add(v, LoadAsF32(b + x * b_pixel));
    StoreFromF32(Clamp(v, lo, hi), y + x * y_pixel);
  }
}

template <class A, class B, class Y>
void Run(const PointwiseProblem& p, const PointwiseArgs& args, const A* a, const B* b, Y* y,
         int begin, int end) {
  for (int unit = begin; unit < end; ++unit) {
    const RowUnit row = RowUnitAt(p.y, unit);
    Y* row_y = y + p.y.PanelOffset(row.block, row.image, row.y, 0);
    if (row.block >= p.y.panels()) {  // of a line that ends in zeros
      for (int x = 0; x < p.y.w; ++x) std::fill_n(row_y + x * p.y.pixel_stride(), kBlock, Y());
      continue;
    }
    const A* row_a = a + p.a.PanelOffset(row.block, row.image, row.y, 0);
    const B* row_b = p.has_b ? b + p.b.PanelOffset(row.block, row.image, row.y, 0) : nullptr;
    const int64_t channel = int64_t{row.block} * kBlock;
    const int64_t scale = p.has_gate ? p.gate.Offset(row.block, row.image, 0, 0) : channel;
    const auto at = [](auto* values, int64_t i) {
      return values != nullptr ? values + i : nullptr;
    };
    for (int lane = 0; lane < kBlock; lane += kLanes) {
      Lane(p, at(args.scale, scale + lane), at(args.bias, channel + lane), row_a + lane,
           at(row_b, lane), row_y + lane);
    }
    ActivateStored(p.activation, row_y, int64_t{p.y.w} * kBlock);
  }
}

template <class T>
bool Accepts(const PointwiseProblem& p) {
  const auto reads = [](const Desc& desc) {
    return IsC16UpTo<T>(desc) || (std::is_same_v<T, BF16> && IsLines(desc));
  };
  const bool lines = std::is_same_v<T, BF16> && IsLines(p.y) && p.activation == Activation::kNone;
  return reads(p.a) && (IsC16UpTo<T>(p.y) || lines) && (!p.has_b || reads(p.b)) &&
         (!p.has_gate || IsF32C16(p.gate)) && KeepsZeroLanes(p.activation, p.y);
}

template <class T>
constexpr PointwiseKernel Row(const char* name, Isa needs) {
  return {
      .name = name,
      .needs = needs,
      .accepts = Accepts<T>,
      .units =
          [](const PointwiseProblem& p) {
            return CountRowUnits(p.y) * (p.y.block_channels() / kBlock);
          },
      .run =
          [](const PointwiseProblem& p, const PointwiseArgs& args, int begin, int end) noexcept {
            WithTypeUpTo<T>(p.a.dtype, args.a, [&](auto* a) {
              WithTypeUpTo<T>(p.b.dtype, args.b, [&](auto* b) {
                WithTypeUpTo<T>(p.y.dtype, args.y,
                                [&](auto* y) { Run(p, args, a, b, y, begin, end); });
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
