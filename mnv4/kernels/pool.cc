// Average pooling: whole blocks of 16 channels, sums in registers.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/kernels/pool.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target
// must follow foreach_target.h
#include <hwy/highway.h>

#include "mnv4/kernels/math-inl.h"
#include "mnv4/kernels/reference.h"
#include "mnv4/kernels/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

struct BlockSum {
  Vec v[kBlockVectors];
};

template <class X>
HWY_INLINE void AddPixel(BlockSum& sum, const X* HWY_RESTRICT pixel) {
  HWY_UNROLL(4)
  for (int i = 0; i < kBlockVectors; ++i) {
    sum.v[i] = hn::Add(sum.v[i], LoadAsF32(pixel + i * kLanes));
  }
}

// One pixel of y: the mean of a window of x. Four sums, because an add waits for the one before.
template <class X, class Y>
HWY_INLINE void MeanOfWindow(const X* HWY_RESTRICT x, int64_t row_stride, Size2 window,
                             Y* HWY_RESTRICT y) {
  constexpr int kSums = 4;
  BlockSum sums[kSums];
  for (BlockSum& sum : sums) {
    for (Vec& v : sum.v) v = hn::Zero(kF32);
  }
  for (int ky = 0; ky < window.h; ++ky, x += row_stride) {
    int kx = 0;
    for (; kx + kSums <= window.w; kx += kSums) {
      HWY_UNROLL(4)
      for (int i = 0; i < kSums; ++i) AddPixel(sums[i], x + (kx + i) * kBlock);
    }
    for (; kx < window.w; ++kx) AddPixel(sums[0], x + kx * kBlock);
  }
  const Vec factor = hn::Set(kF32, 1.0f / static_cast<float>(window.h * window.w));
  HWY_UNROLL(4)
  for (int i = 0; i < kBlockVectors; ++i) {
    const Vec total =
        hn::Add(hn::Add(sums[0].v[i], sums[1].v[i]), hn::Add(sums[2].v[i], sums[3].v[i]));
    StoreFromF32(hn::Mul(total, factor), y + i * kLanes);
  }
}

template <class X, class Y>
void Run(const PoolProblem& p, const X* x, Y* y, int begin, int end) {
  const Size2 window = p.global ? Size2{p.x.h, p.x.w} : p.kernel;
  const int64_t row_stride = p.x.columns() * p.x.pixel_stride();
  for (int unit = begin; unit < end; ++unit) {
    const RowUnit row = RowUnitAt(p.y, unit);
    const X* in = x + p.x.Offset(row.block, row.image, p.global ? 0 : row.y * p.stride.h, 0);
    Y* out = y + p.y.Offset(row.block, row.image, row.y, 0);
    for (int ox = 0; ox < p.y.w; ++ox) {
      MeanOfWindow(in + ox * p.stride.w * kBlock, row_stride, window, out + ox * kBlock);
    }
  }
}

template <class T>
bool Accepts(const PoolProblem& p) {
  return IsC16UpTo<T>(p.x) && IsC16UpTo<T>(p.y);
}

template <class T>
constexpr PoolKernel Row(const char* name, Isa needs) {
  return {.name = name,
          .needs = needs,
          .accepts = Accepts<T>,
          .units = [](const PoolProblem& p) { return CountRowUnits(p.y); },
          .run =
              [](const PoolProblem& p, const void* x, void* y, int begin, int end) noexcept {
                WithTypeUpTo<T>(p.x.dtype, x, [&](auto* from) {
                  WithTypeUpTo<T>(p.y.dtype, y, [&](auto* to) { Run(p, from, to, begin, end); });
                });
              }};
}

}  // namespace

constinit const PoolKernel kPool = Row<float>("pool-" MNV4_TARGET_NAME, MNV4_TARGET_ISA);
#if HWY_TARGET == HWY_AVX3
constinit const PoolKernel kPoolBf16 = Row<BF16>("pool-bf16", Isa::kBf16);
#endif
#ifdef MNV4_TARGET_FP16
constinit const PoolKernel kPoolFp16 = Row<F16>("pool-fp16", MNV4_TARGET_FP16);
#endif

}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
