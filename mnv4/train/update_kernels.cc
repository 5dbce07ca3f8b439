#include "mnv4/train/update_kernels.h"

#include <type_traits>

#include "mnv4/train/update_kernels_ref.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/train/update_kernels.cc"
#include <hwy/foreach_target.h>  // compiles this file once per ISA
// must follow foreach_target.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mnv4::train::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// Whole vectors of elements first, the rest one at a time, with the same roundings.
#define MNV4_FOR_ALL(T, size, body)                           \
  do {                                                        \
    const hn::ScalableTag<T> wide;                            \
    const hn::CappedTag<T, 1> one;                            \
    const auto lanes = static_cast<int64_t>(hn::Lanes(wide)); \
    int64_t i = 0;                                            \
    for (; i + lanes <= (size); i += lanes) body(wide, i);    \
    for (; i < (size); ++i) body(one, i);                     \
  } while (false)

template <class D>
HWY_INLINE hn::Vec<D> Value(D d, double value) {
  return hn::Set(d, static_cast<hn::TFromD<D>>(value));
}

// x := keep * x + (1 - keep) * y
template <class D>
HWY_INLINE hn::Vec<D> Average(D d, double keep, hn::Vec<D> x, hn::Vec<D> y) {
  return hn::MulAdd(Value(d, keep), x, hn::Mul(Value(d, 1 - keep), y));
}

template <class D, class T>
HWY_INLINE hn::Vec<D> Gradient(D d, double l2, const Stretch<T>& s, int64_t i) {
  return hn::MulAdd(Value(d, l2), hn::LoadU(d, s.w + i), hn::LoadU(d, s.g + i));
}

template <class T>
void Adam(const AdamRule& r, const Stretch<T>& s) noexcept {
  const auto body = [&](auto d, int64_t i) HWY_ATTR {
    const auto g = Gradient(d, r.l2, s, i);
    const auto m = Average(d, r.beta1, hn::LoadU(d, s.a + i), g);
    const auto v = Average(d, r.beta2, hn::LoadU(d, s.b + i), hn::Mul(g, g));
    const auto below = hn::MulAdd(Value(d, r.root_scale), hn::Sqrt(v), Value(d, r.eps));
    const auto kept = hn::Mul(Value(d, r.keep), hn::LoadU(d, s.w + i));
    hn::StoreU(m, d, s.a + i);
    hn::StoreU(v, d, s.b + i);
    hn::StoreU(hn::NegMulAdd(Value(d, r.rate), hn::Div(m, below), kept), d, s.w + i);
  };
  MNV4_FOR_ALL(T, s.size, body);
}

template <class T>
void Sgd(const SgdRule& r, const Stretch<T>& s) noexcept {
  const auto body = [&](auto d, int64_t i) HWY_ATTR {
    const auto g = Gradient(d, r.l2, s, i);
    auto update = g;
    if (s.a) {
      update = hn::MulAdd(Value(d, r.momentum), hn::LoadU(d, s.a + i), g);
      hn::StoreU(update, d, s.a + i);
      if (r.nesterov) update = hn::MulAdd(Value(d, r.momentum), update, g);
    }
    hn::StoreU(hn::NegMulAdd(Value(d, r.rate), update, hn::LoadU(d, s.w + i)), d, s.w + i);
  };
  MNV4_FOR_ALL(T, s.size, body);
}

template <class T>
void RmsProp(const RmsPropRule& r, const Stretch<T>& s) noexcept {
  const auto body = [&](auto d, int64_t i) HWY_ATTR {
    const auto g = Gradient(d, r.l2, s, i);
    const auto square = Average(d, r.rho, hn::LoadU(d, s.b + i), hn::Mul(g, g));
    const auto step = hn::Div(g, hn::Sqrt(hn::Add(square, Value(d, r.eps))));
    const auto kept = hn::Mul(Value(d, r.momentum), hn::LoadU(d, s.a + i));
    const auto moved = hn::MulAdd(Value(d, r.rate), step, kept);
    hn::StoreU(square, d, s.b + i);
    hn::StoreU(moved, d, s.a + i);
    hn::StoreU(hn::Sub(hn::LoadU(d, s.w + i), moved), d, s.w + i);
  };
  MNV4_FOR_ALL(T, s.size, body);
}

template <class D>
HWY_INLINE hn::Vec<D> LambUpdate(D d, const LambRule& r, hn::Vec<D> w, hn::Vec<D> m, hn::Vec<D> v) {
  const auto below = hn::MulAdd(Value(d, r.root_scale), hn::Sqrt(v), Value(d, r.eps));
  return hn::MulAdd(Value(d, r.decay), w, hn::Div(hn::Mul(Value(d, r.m_scale), m), below));
}

// Lanes are summed in T, which is exact enough over a stretch; what is returned, in double.
template <class T>
SquareSums LambMoments(const LambRule& r, const Stretch<T>& s) noexcept {
  const hn::ScalableTag<T> wide;
  auto sum_w = hn::Zero(wide), sum_u = hn::Zero(wide);
  SquareSums sums;
  const auto body = [&](auto d, int64_t i) HWY_ATTR {
    const auto w = hn::LoadU(d, s.w + i);
    const auto g = Gradient(d, r.l2, s, i);
    const auto m = Average(d, r.beta1, hn::LoadU(d, s.a + i), g);
    const auto v = Average(d, r.beta2, hn::LoadU(d, s.b + i), hn::Mul(g, g));
    const auto u = LambUpdate(d, r, w, m, v);
    hn::StoreU(m, d, s.a + i);
    hn::StoreU(v, d, s.b + i);
    if constexpr (std::is_same_v<decltype(d), hn::ScalableTag<T>>) {
      sum_w = hn::MulAdd(w, w, sum_w);
      sum_u = hn::MulAdd(u, u, sum_u);
    } else {
      sums.w += static_cast<double>(hn::GetLane(hn::Mul(w, w)));
      sums.u += static_cast<double>(hn::GetLane(hn::Mul(u, u)));
    }
  };
  MNV4_FOR_ALL(T, s.size, body);
  sums.w += static_cast<double>(hn::GetLane(hn::SumOfLanes(wide, sum_w)));
  sums.u += static_cast<double>(hn::GetLane(hn::SumOfLanes(wide, sum_u)));
  return sums;
}

template <class T>
void LambApply(const LambRule& r, double rate, const Stretch<T>& s) noexcept {
  const auto body = [&](auto d, int64_t i) HWY_ATTR {
    const auto w = hn::LoadU(d, s.w + i);
    const auto u = LambUpdate(d, r, w, hn::LoadU(d, s.a + i), hn::LoadU(d, s.b + i));
    hn::StoreU(hn::NegMulAdd(Value(d, rate), u, w), d, s.w + i);
  };
  MNV4_FOR_ALL(T, s.size, body);
}

template <class T>
void Lerp(double weight, const T* w, T* average, int64_t size) noexcept {
  const auto body = [&](auto d, int64_t i) HWY_ATTR {
    const auto old = hn::LoadU(d, average + i);
    const auto away = hn::Sub(hn::LoadU(d, w + i), old);
    hn::StoreU(hn::MulAdd(Value(d, weight), away, old), d, average + i);
  };
  MNV4_FOR_ALL(T, size, body);
}

template <class T>
double SquareSum(const T* x, int64_t size) noexcept {
  const hn::ScalableTag<T> wide;
  auto sum = hn::Zero(wide);
  double rest = 0;
  const auto body = [&](auto d, int64_t i) HWY_ATTR {
    const auto v = hn::LoadU(d, x + i);
    if constexpr (std::is_same_v<decltype(d), hn::ScalableTag<T>>) {
      sum = hn::MulAdd(v, v, sum);
    } else {
      rest += static_cast<double>(hn::GetLane(hn::Mul(v, v)));
    }
  };
  MNV4_FOR_ALL(T, size, body);
  return rest + static_cast<double>(hn::GetLane(hn::SumOfLanes(wide, sum)));
}

#undef MNV4_FOR_ALL

}  // namespace

template <class T>
struct Updates {
  static constexpr UpdateKernels<T> kKernels = {Adam<T>,      Sgd<T>,  RmsProp<T>,  LambMoments<T>,
                                                LambApply<T>, Lerp<T>, SquareSum<T>};
};

}  // namespace mnv4::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnv4::train {

template <class T>
const UpdateKernels<T>& UpdateKernelsFor(IsaSet isa) {
#if HWY_ARCH_X86
  if (isa.Has(Isa::kAvx512)) return N_AVX3::Updates<T>::kKernels;
  if (isa.Has(Isa::kAvx2)) return N_AVX2::Updates<T>::kKernels;
  if (isa.Has(Isa::kSse4)) return N_SSE4::Updates<T>::kKernels;
#elif HWY_ARCH_ARM_A64
  if (isa.Has(Isa::kNeon)) return N_NEON::Updates<T>::kKernels;
#endif
  return kUpdateRef<T>;
}

template const UpdateKernels<float>& UpdateKernelsFor(IsaSet isa);
template const UpdateKernels<double>& UpdateKernelsFor(IsaSet isa);

}  // namespace mnv4::train
#endif
