/// What every SIMD kernel uses: the vector type, and elementwise functions on it. Compiled once per
/// target (include after hwy/foreach_target.h), not once per file: tiles are most of the library.
///
/// NaN passes through every function, as in PyTorch: Max and Min of x86 return their second
/// argument when one is NaN, so the value always comes second; NEON has instructions of its own.

#if defined(MNV4_KERNELS_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MNV4_KERNELS_MATH_INL_H_
#undef MNV4_KERNELS_MATH_INL_H_
#else
#define MNV4_KERNELS_MATH_INL_H_
#endif

#include <hwy/highway.h>

#include <limits>
#include <type_traits>

#include "mnv4/kernels/kernel.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// At most one C16 block: 16 lanes (AVX-512), 8 (AVX2) or 4 (SSE4, NEON).
using F32 = hn::CappedTag<float, kBlock>;
using Vec = hn::Vec<F32>;
inline constexpr F32 kF32;
inline constexpr int kLanes = static_cast<int>(hn::MaxLanes(kF32));
inline constexpr int kBlockVectors = kBlock / kLanes;

/// Tensors in memory are float32 or, where rows need Isa::kBf16 or Isa::kFp16, of 16 bits.
using BF16 = hwy::bfloat16_t;
using F16 = hwy::float16_t;
inline constexpr bool kHasBf16 = HWY_TARGET == HWY_AVX3;
inline constexpr bool kHasF16 = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON;

/// One step of a sum takes a float32, or as many bits of bfloat16.
template <class T>
inline constexpr int kStep = sizeof(float) / sizeof(T);

HWY_INLINE Vec LoadAsF32(const float* values) { return hn::Load(kF32, values); }
HWY_INLINE void StoreFromF32(Vec v, float* values) { hn::Store(v, kF32, values); }

#if HWY_TARGET == HWY_AVX3
/// One permutation of words into the upper halves of floats costs half of a widening and a shift.
HWY_INLINE Vec LoadAsF32(const BF16* values) {
  alignas(64) static constexpr uint16_t kWords[32] = {0, 0,  0, 1,  0, 2,  0, 3,  0, 4, 0,
                                                      5, 0,  6, 0,  7, 0,  8, 0,  9, 0, 10,
                                                      0, 11, 0, 12, 0, 13, 0, 14, 0, 15};
  const __m256i words = _mm256_load_si256(reinterpret_cast<const __m256i*>(values));
  return Vec{_mm512_castsi512_ps(_mm512_maskz_permutexvar_epi16(
      0xAAAAAAAA, _mm512_load_si512(kWords), _mm512_castsi256_si512(words)))};
}
/// Rounds to nearest even. Highway 1.0.3 does not know the instruction, and a function that may use
/// its intrinsic cannot be inlined into Highway's: hence the assembly.
HWY_INLINE void StoreFromF32(Vec v, BF16* values) {
  __m256i bits;
  __asm__("vcvtneps2bf16 %1, %0" : "=v"(bits) : "v"(v.raw));
  _mm256_store_si256(reinterpret_cast<__m256i*>(values), bits);
}
/// Two vectors side by side, a line.
HWY_INLINE void StorePairFromF32(Vec low, Vec high, BF16* values) {
  __m512i bits;
  __asm__("vcvtne2ps2bf16 %1, %2, %0" : "=v"(bits) : "v"(low.raw), "v"(high.raw));
  _mm512_store_si512(values, bits);
}
#else
HWY_INLINE Vec LoadAsF32(const BF16* values) {
  return hn::PromoteTo(kF32, hn::LoadU(hn::Rebind<BF16, F32>(), values));
}
#endif

HWY_INLINE Vec LoadAsF32(const F16* values) {
  const Vec v = hn::PromoteTo(kF32, hn::LoadU(hn::Rebind<F16, F32>(), values));
#if HWY_TARGET == HWY_SSE4  // where Highway 1.0.3 takes infinities and NaN for 2^16 and more
  const Vec infinity = hn::Set(kF32, std::numeric_limits<float>::infinity());
  return hn::IfThenElse(hn::Lt(hn::Abs(v), hn::Set(kF32, 65536.0f)), v, hn::Or(v, infinity));
#else
  return v;
#endif
}
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
/// Rounds to nearest even; to infinity from 65520 on.
HWY_INLINE void StoreFromF32(Vec v, F16* values) {
  const hn::Rebind<F16, F32> f16;
  hn::StoreU(hn::DemoteTo(f16, v), f16, values);
}
#endif

/// The larger and the smaller of a bound and a value, NaN if the value is.
HWY_INLINE Vec AtLeast(Vec bound, Vec v) {
#if HWY_TARGET == HWY_NEON  // where Highway's Max prefers the number
  return Vec(vmaxq_f32(bound.raw, v.raw));
#else
  return hn::Max(bound, v);
#endif
}
HWY_INLINE Vec AtMost(Vec bound, Vec v) {
#if HWY_TARGET == HWY_NEON
  return Vec(vminq_f32(bound.raw, v.raw));
#else
  return hn::Min(bound, v);
#endif
}
HWY_INLINE Vec Clamp(Vec v, Vec lo, Vec hi) { return AtMost(hi, AtLeast(lo, v)); }

/// 2^x, but at least 2^-64, so that products with it stay far from denormals, which cost Intel's
/// CPUs a hundred cycles each; relative error 1e-7. Not for x above 127.
HWY_INLINE Vec Exp2(Vec x) {
  const hn::RebindToSigned<F32> i32;
  x = AtLeast(hn::Set(kF32, -64.0f), x);
  // The sum's last bit is worth 1: it is rounded to nearest, and its low bits are the exponent.
  const Vec shift = hn::Set(kF32, 12582912.0f);  // 1.5 * 2^23
  const Vec shifted = hn::Add(x, shift), whole = hn::Sub(shifted, shift);
  const Vec part = hn::Sub(x, whole);  // [-0.5, 0.5]; a minimax polynomial of degree 5
  Vec p = hn::Set(kF32, 0.001327647f);
  p = hn::MulAdd(p, part, hn::Set(kF32, 0.009675541f));
  p = hn::MulAdd(p, part, hn::Set(kF32, 0.055507135f));
  p = hn::MulAdd(p, part, hn::Set(kF32, 0.2402212f));
  p = hn::MulAdd(p, part, hn::Set(kF32, 0.69314694f));
  p = hn::MulAdd(p, part, hn::Set(kF32, 1.0000001f));
  const auto exponent = hn::Add(hn::BitCast(i32, shifted), hn::Set(i32, 127));
  return hn::Mul(p, hn::BitCast(kF32, hn::ShiftLeft<23>(exponent)));
}

/// Vectors whose GELU is computed side by side: its polynomial is a chain of products that wait for
/// each other (AVX-512, AMD Zen 5: 0.93 of the time of one by one). 16 registers hold too few.
inline constexpr int kGeluVectors = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON ? 4 : 1;

/// p = p t + c for each of the coefficients c but the first, which p begins as.
template <int kVectors, int kTerms>
HWY_INLINE void EvaluatePolynomial(const float (&coefficients)[kTerms], const Vec (&t)[kVectors],
                                   Vec (&p)[kVectors]) {
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) p[v] = hn::Set(kF32, coefficients[0]);
  HWY_UNROLL(16)
  for (int i = 1; i < kTerms; ++i) {
    HWY_UNROLL(4)
    for (int v = 0; v < kVectors; ++v) {
      p[v] = hn::MulAdd(p[v], t[v], hn::Set(kF32, coefficients[i]));
    }
  }
}

/// x * normal_cdf(x), exact GELU; absolute error below 1e-6, without fused multiply-adds 1.2e-6.
/// normal_cdf(x) = 0.5 + x P(x^2) / Q(x^2) for |x| <= 5.4, P and Q the minimax polynomials of
/// degree 5, bent so that the ends clamp to exactly 0 and 1. A polynomial alone would be of degree
/// 13: the division takes less (AVX-512, AMD Zen 5: 0.78 of the time).
template <int kVectors>
HWY_INLINE void Gelu(Vec (&x)[kVectors]) {
  constexpr float kEnd = 5.4f;
  constexpr float kP[] = {2.51195242e-08f, 6.34129128e-06f, 0.00015040423f,
                          0.00457112631f,  0.0319359228f,   0.398942411f};
  constexpr float kQ[] = {1.26493195e-06f, 6.82750396e-05f, 0.00178182593f,
                          0.0275769681f,   0.246719211f,    1};
  Vec z[kVectors], square[kVectors], p[kVectors], q[kVectors];
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) {
    z[v] = Clamp(x[v], hn::Set(kF32, -kEnd), hn::Set(kF32, kEnd));
    square[v] = hn::Mul(z[v], z[v]);
  }
  EvaluatePolynomial(kP, square, p);
  EvaluatePolynomial(kQ, square, q);
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) {
    const Vec cdf = hn::MulAdd(z[v], hn::Div(p[v], q[v]), hn::Set(kF32, 0.5f));
    x[v] = hn::Mul(x[v], Clamp(cdf, hn::Zero(kF32), hn::Set(kF32, 1.0f)));
  }
}

/// The same for results of 16 bits: error below 8e-5 max(1, |x|), which is less than an fp16's last
/// place of positive results, and a good part of the small ones below x = -2. P is of degree 7 in
/// x^2 for |x| <= 4, bent so that the lower end clamps to exactly 0.
template <int kVectors>
HWY_INLINE void GeluFor16Bits(Vec (&x)[kVectors]) {
  constexpr float kEnd = 4.0f;
  constexpr float kPolynomial[] = {-9.31876798e-10f, 8.3218552e-08f,   -3.18706861e-06f,
                                   6.95838244e-05f,  -0.000975403527f, 0.00941059925f,
                                   -0.0657358095f,   0.398524165f};
  Vec z[kVectors], t[kVectors], p[kVectors];
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) {
    z[v] = Clamp(x[v], hn::Set(kF32, -kEnd), hn::Set(kF32, kEnd));
    t[v] = hn::Mul(z[v], z[v]);
  }
  EvaluatePolynomial(kPolynomial, t, p);
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) {
    const Vec cdf = hn::MulAdd(z[v], p[v], hn::Set(kF32, 0.5f));
    x[v] = hn::Mul(x[v], AtLeast(hn::Zero(kF32), cdf));
  }
}

HWY_INLINE Vec HardSigmoid(Vec x) {
  const Vec ramp = Clamp(hn::Add(x, hn::Set(kF32, 3.0f)), hn::Zero(kF32), hn::Set(kF32, 6.0f));
  return hn::Mul(ramp, hn::Set(kF32, 1.0f / 6));
}

/// None, ReLU and ReLU6 are a clamp, which every kernel applies in its registers.
struct ClampLimits {
  float lo, hi;
};
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();
inline ClampLimits LimitsOf(Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return {0, kInfinity};
    case Activation::kRelu6:
      return {0, 6};
    default:
      return {-kInfinity, kInfinity};
  }
}

/// Clamps sums with the bounds there are, which spares 1 % of a network on AVX2.
template <int kRows, int kColumns>
HWY_INLINE void ClampAll(Vec (&sums)[kRows][kColumns], ClampLimits limits) {
  if (limits.lo > -kInfinity) {
    const Vec lo = hn::Set(kF32, limits.lo);
    HWY_UNROLL(16)
    for (int r = 0; r < kRows; ++r) {
      HWY_UNROLL(16)
      for (int i = 0; i < kColumns; ++i) sums[r][i] = AtLeast(lo, sums[r][i]);
    }
  }
  if (limits.hi < kInfinity) {
    const Vec hi = hn::Set(kF32, limits.hi);
    HWY_UNROLL(16)
    for (int r = 0; r < kRows; ++r) {
      HWY_UNROLL(16)
      for (int i = 0; i < kColumns; ++i) sums[r][i] = AtMost(hi, sums[r][i]);
    }
  }
}

inline bool IsClamp(Activation activation) {
  return activation == Activation::kNone || activation == Activation::kRelu ||
         activation == Activation::kRelu6;
}

/// Applies a function of kVectors vectors to whole blocks in their place.
template <int kVectors, class T, class Function>
HWY_INLINE void Transform(T* values, int64_t count, Function function) {
  constexpr int kAtOnce = kVectors * kLanes;
  for (; count >= kAtOnce; count -= kAtOnce, values += kAtOnce) {
    Vec v[kVectors];
    HWY_UNROLL(4)
    for (int i = 0; i < kVectors; ++i) v[i] = LoadAsF32(values + i * kLanes);
    function(v);
    HWY_UNROLL(4)
    for (int i = 0; i < kVectors; ++i) StoreFromF32(v[i], values + i * kLanes);
  }
  if constexpr (kVectors > 1) Transform<1>(values, count, function);
}

/// Applies an activation that is no clamp to whole blocks. Result: the type they will have.
template <class Result, class T>
HWY_NOINLINE void Activate(Activation activation, T* values, int64_t count) {
  switch (activation) {
    case Activation::kGelu:
      return Transform<kGeluVectors>(values, count, [](auto& v) HWY_ATTR {
        if constexpr (sizeof(Result) == sizeof(float)) {
          Gelu(v);
        } else {
          GeluFor16Bits(v);
        }
      });
    case Activation::kHardSwish:
      return Transform<1>(values, count,
                          [](auto& v) HWY_ATTR { v[0] = hn::Mul(v[0], HardSigmoid(v[0])); });
    case Activation::kHardSigmoid:
      return Transform<1>(values, count, [](auto& v) HWY_ATTR { v[0] = HardSigmoid(v[0]); });
    case Activation::kNone:
    case Activation::kRelu:
    case Activation::kRelu6:
      return;
  }
}

/// The bias of the lanes past the last channel, whose weights are zeros: what the activation turns
/// into the 0 that they must hold.
inline float ExcessBias(Activation activation) {
  return activation == Activation::kHardSigmoid ? -3.0f : 0.0f;
}
/// For kernels without: hard_sigmoid(0) = 0.5 in the lanes past the last channel is not theirs.
inline bool KeepsZeroLanes(Activation activation, const Desc& y) {
  return activation != Activation::kHardSigmoid || y.c % y.block_channels() == 0;
}

/// To what was just stored, while L1 still holds it.
template <class T>
HWY_INLINE void ActivateStored(Activation activation, T* values, int64_t count) {
  if (!IsClamp(activation)) Activate<T>(activation, values, count);
}

template <class T>
inline constexpr DType kTypeOf = DType::kF32;
template <>
inline constexpr DType kTypeOf<BF16> = DType::kBF16;
template <>
inline constexpr DType kTypeOf<F16> = DType::kF16;

template <class T>
bool IsC16Of(const Desc& desc) {
  return desc.dtype == kTypeOf<T> && desc.layout == Layout::kC16;
}
inline bool IsF32C16(const Desc& desc) { return IsC16Of<float>(desc); }
/// Whether a row may write or add this tensor: float32 always, T if the precision it is for has
/// tensors of T.
template <class T>
bool IsC16UpTo(const Desc& desc) {
  return IsC16Of<float>(desc) || IsC16Of<T>(desc);
}

/// Calls function(pointer) with `values` as what they are: float32 or T.
template <class T, class Void, class Function>
HWY_INLINE void WithTypeUpTo(DType dtype, Void* values, Function function) {
  constexpr bool kConst = std::is_const_v<Void>;
  if constexpr (!std::is_same_v<T, float>) {
    if (dtype == kTypeOf<T>) {
      return function(static_cast<std::conditional_t<kConst, const T*, T*>>(values));
    }
  }
  function(static_cast<std::conditional_t<kConst, const float*, float*>>(values));
}

/// What tiles read: bfloat16 in lines.
inline bool IsLines(const Desc& desc) {
  return desc.dtype == DType::kBF16 && desc.layout == Layout::kLine64;
}

#if HWY_TARGET == HWY_AVX3
/// Who writes lines panel by panel owes the zeros behind the last: the upper half of its line.
inline void ZeroRestOfLine(const Desc& desc, int panel, BF16* at, int pixels) {
  if (panel % 2 != 0 || panel + 1 != desc.panels()) return;
  const Vec zero = hn::Zero(kF32);
  for (int i = 0; i < pixels; ++i) StoreFromF32(zero, at + i * desc.pixel_stride() + kBlock);
}
#endif

}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
