/// What a dense convolution sums over, and its weights packed in that order: shared by the kernels
/// on vectors and on tiles.

#if defined(MNV4_KERNELS_DENSE_SUM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MNV4_KERNELS_DENSE_SUM_INL_H_
#undef MNV4_KERNELS_DENSE_SUM_INL_H_
#else
#define MNV4_KERNELS_DENSE_SUM_INL_H_
#endif

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "mnv4/base/aligned_buffer.h"
#include "mnv4/base/tensor.h"
#include "mnv4/kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

constexpr int kMaxTaps = 81;  // as many as Winograd's planes

// What an output pixel sums over: taps, each of `depth` values that lie side by side. The picture's
// rows are c_in values per pixel side by side, so one tap covers a whole row of the kernel, or all
// of them if they are copied side by side: `patch`.
struct Sum {
  explicit Sum(const ConvProblem& p, bool patch = false)
      : rows(p.x.layout == Layout::kNhwc),
        taps(!rows   ? p.kernel.h * p.kernel.w
             : patch ? 1
                     : p.kernel.h),
        depth(!rows ? p.x.c : p.kernel.h / taps * p.kernel.w * p.x.c) {}

  // Where value `i` of tap `tap` has its weight, from the first one of its output channel.
  int64_t WeightAt(const ConvProblem& p, int tap, int i) const {
    const int channel = rows ? i % p.x.c : i;
    const int position = rows ? tap * p.kernel.w + i / p.x.c : tap;
    return int64_t{channel} * p.kernel.h * p.kernel.w + position;
  }

  bool rows;
  int taps, depth;
};

// Where the taps lie, in elements from the first.
struct Offsets {
  int64_t at[kMaxTaps];
};
inline Offsets OffsetsOf(const ConvProblem& p) {
  Offsets offsets;
  const int64_t pixel = p.x.pixel_stride(), row = p.x.columns() * pixel;
  const bool rows = p.x.layout == Layout::kNhwc;
  int count = 0;
  for (int ky = 0; ky < p.kernel.h; ++ky) {
    for (int kx = 0; kx < (rows ? 1 : p.kernel.w); ++kx) {
      offsets.at[count++] = ky * p.dilation.h * row + kx * p.dilation.w * pixel;
    }
  }
  return offsets;
}

// A panel is 16 floats of bias, then a row of 16 weights for each value of each tap, kStep<T> rows
// interlaced: a row is as wide as T is, so that a step is a cache line. The values of a tap are
// filled up to a multiple of `granule`; if that is more than a step, a picture is read in patches.
template <class T, int granule = kStep<T>>
int StepsOf(const Sum& sum) {  // of a tap
  return (sum.depth + granule - 1) / granule * (granule / kStep<T>);
}
template <class T, int granule>
Sum SumOf(const ConvProblem& p) {
  return Sum(p, granule > kStep<T>);
}
template <class T, int granule = kStep<T>>
int64_t PanelBytes(const ConvProblem& p) {
  const Sum sum = SumOf<T, granule>(p);
  return kCacheLine * (1 + int64_t{sum.taps} * StepsOf<T, granule>(sum));
}

template <class T>
T Rounded(float value) {
  if constexpr (std::is_same_v<T, BF16>) {
    return {FloatToBFloat16(value)};
  } else if constexpr (std::is_same_v<T, F16>) {
    T half;
    const uint16_t bits = FloatToHalf(value);
    std::memcpy(&half, &bits, sizeof(half));
    return half;
  } else {
    return value;
  }
}

template <class T, int granule = kStep<T>>
void PackPanels(const ConvProblem& p, const float* oihw, std::span<const float> scale,
                std::span<const float> bias, void* packed) {
  const Sum sum = SumOf<T, granule>(p);
  const int64_t channel = int64_t{sum.taps} * sum.depth;  // weights of an output channel
  const int64_t tap_weights = int64_t{StepsOf<T, granule>(sum)} * kStep<T> * kBlock;
  auto* panel = static_cast<std::byte*>(packed);
  for (int c = 0; c < p.y.c; c += kBlock, panel += PanelBytes<T, granule>(p)) {
    const int lanes = std::min(kBlock, p.y.c - c);
    auto* const biases = reinterpret_cast<float*>(panel);
    if (!bias.empty()) std::copy_n(&bias[c], lanes, biases);
    std::fill(biases + lanes, biases + kBlock, ExcessBias(p.activation));
    float factors[kBlock];
    for (int lane = 0; lane < lanes; ++lane) factors[lane] = scale.empty() ? 1 : scale[c + lane];
    T* of_tap = reinterpret_cast<T*>(panel + kCacheLine);
    for (int tap = 0; tap < sum.taps; ++tap, of_tap += tap_weights) {
      for (int i = 0; i < sum.depth; ++i) {
        const float* in = oihw + c * channel + sum.WeightAt(p, tap, i);
        T* const out = of_tap + i / kStep<T> * kStep<T> * kBlock + i % kStep<T>;
        for (int lane = 0; lane < lanes; ++lane, in += channel) {
          out[lane * kStep<T>] = Rounded<T>(*in * factors[lane]);
        }
      }
    }
  }
}

#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
/// The rows of the picture that an output row reads, rounded to T. A step may read a value past the
/// end of a tap, which meets a weight of zero and must be a number.
template <class T>
class RoundedRows {
 public:
  RoundedRows(const ConvProblem& p, const ConvArgs& args)
      : p_(p),
        picture_(static_cast<const float*>(args.x)),
        rounded_(static_cast<T*>(args.scratch)) {}

  static size_t Bytes(const ConvProblem& p) {
    return static_cast<size_t>(p.kernel.h * Stride(p)) * sizeof(T);
  }
  Offsets offsets() const {
    Offsets offsets;
    for (int ky = 0; ky < p_.kernel.h; ++ky) {
      offsets.at[ky] = int64_t{p_.x.halo.left - p_.pad.left} * p_.x.c + ky * Stride(p_);
    }
    return offsets;
  }
  // Where they begin.
  const T* For(int image, int row) {
    if (image == image_ && row == row_) return rounded_;
    image_ = image;
    row_ = row;
    const int64_t length = int64_t{p_.x.columns()} * p_.x.c, stride = Stride(p_);
    for (int ky = 0; ky < p_.kernel.h; ++ky) {
      const int y = row * p_.stride.h - p_.pad.top + ky * p_.dilation.h;
      const float* in = picture_ + p_.x.Offset(0, image, y, -p_.x.halo.left);
      T* const out = rounded_ + ky * stride;
      int64_t i = 0;
      for (; i + kLanes <= length; i += kLanes) StoreFromF32(hn::LoadU(kF32, in + i), out + i);
      for (; i < stride; ++i) out[i] = Rounded<T>(i < length ? in[i] : 0);
    }
    return rounded_;
  }

 private:
  static int64_t Stride(const ConvProblem& p) {
    const auto values = static_cast<size_t>(p.x.columns()) * p.x.c;
    return static_cast<int64_t>(RoundUp(values + 1, kBlock));
  }

  const ConvProblem& p_;
  const float* const picture_;
  T* const rounded_;
  int image_ = -1, row_ = -1;  // what lies in `rounded_`
};
#endif

#if HWY_TARGET == HWY_AVX3
/// What each pixel of an output row sums over, side by side and rounded to bfloat16: lines of 64
/// bytes, filled with zeros.
class RoundedPatches {
 public:
  RoundedPatches(const ConvProblem& p, const ConvArgs& args)
      : p_(p),
        picture_(static_cast<const float*>(args.x)),
        patches_(static_cast<BF16*>(args.scratch)) {}

  // Elements from a pixel's patch to the next one's.
  static int64_t Stride(const ConvProblem& p) {
    constexpr size_t kLine = kCacheLine / sizeof(BF16);
    return static_cast<int64_t>(RoundUp(static_cast<size_t>(Sum(p, true).depth), kLine));
  }
  static size_t Bytes(const ConvProblem& p) {
    return static_cast<size_t>(p.y.w * Stride(p)) * sizeof(BF16);
  }
  // Where they begin.
  const BF16* For(int image, int row) {
    if (image == image_ && row == row_) return patches_;
    image_ = image;
    row_ = row;
    const int of_row = p_.kernel.w * p_.x.c, depth = p_.kernel.h * of_row;
    const int stride = static_cast<int>(Stride(p_));
    const int64_t in_row = int64_t{p_.dilation.h} * p_.x.columns() * p_.x.c;
    const float* const in =
        picture_ + p_.x.Offset(0, image, row * p_.stride.h - p_.pad.top, -p_.pad.left);
    int filled = 0;
    for (int ky = 0; ky < p_.kernel.h; ++ky) {
      for (int i = 0; i < of_row; i += kBlock) {
        const int at = ky * of_row + i, count = std::min(kBlock, of_row - i);
        const int room = at + count < depth ? count : std::min(kBlock, stride - at);
        CopyToAll(in + ky * in_row + i, count, patches_ + at, room);
        filled = at + room;
      }
    }
    for (; filled < stride; filled += kBlock) {
      CopyToAll(in, 0, patches_ + filled, std::min(kBlock, stride - filled));
    }
    return patches_;
  }

 private:
  // `count` values to the same place in all patches, then zeros up to `room`, at most 16.
  void CopyToAll(const float* in, int count, BF16* out, int room) const {
    const auto real = hn::FirstN(kF32, static_cast<size_t>(count));
    const auto stored = static_cast<__mmask16>((1u << room) - 1);
    const int64_t step = int64_t{p_.stride.w} * p_.x.c, stride = Stride(p_);
    const int64_t ahead = int64_t{2 * p_.stride.h} * p_.x.columns() * p_.x.c;
    const int pixels = p_.y.w;
    for (int x = 0; x < pixels; ++x, in += step, out += stride) {
      __builtin_prefetch(in + ahead);
      const Vec v = hn::MaskedLoad(real, kF32, in);
      __m256i bits;
      __asm__("vcvtneps2bf16 %1, %0" : "=v"(bits) : "v"(v.raw));
      _mm256_mask_storeu_epi16(out, stored, bits);
    }
  }

  const ConvProblem& p_;
  const float* const picture_;
  BF16* const patches_;
  int image_ = -1, row_ = -1;  // whose lie in `patches_`
};
#endif

inline bool Covers(const Padding& halo, const Padding& pad) {
  return halo.top >= pad.top && halo.left >= pad.left && halo.bottom >= pad.bottom &&
         halo.right >= pad.right;
}

}  // namespace
}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
