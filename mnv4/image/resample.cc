#include "mnv4/image/resample.h"

#include <algorithm>
#include <cstring>

#include "mnv4/image/resample_ref.h"

// A pixel has 8 bits and a weight 23 and a sign, so a product takes two 16-bit multiplications, by
// the weight's low and high half: sum = (sum of high products << 16) + sum of low products. Each of
// the two may wrap; modulo 2^32 their sum is exact, and it fits.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/image/resample.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace mnv4::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

// The wide vectors of this target: bytes, and the same register seen as wider lanes.
using Bytes = hn::ScalableTag<uint8_t>;
using Words = hn::Repartition<int16_t, Bytes>;
using Sums = hn::Repartition<int32_t, Bytes>;

// Lane i is the sum of pixels[2i] * weights[2i] + pixels[2i + 1] * weights[2i + 1] over all Add.
struct Accumulator {
  using V = hn::Vec<Sums>;
  V low, low2, high, high2;  // how a half is spread over its two differs by target

  HWY_INLINE Accumulator() {  // not by initialisers: their code would miss the target's attributes
    low = low2 = high = high2 = hn::Zero(Sums());
  }
  HWY_INLINE void Add(hn::Vec<Words> pixels, hn::Vec<Words> lows, hn::Vec<Words> highs) {
    low = hn::ReorderWidenMulAccumulate(Sums(), pixels, lows, low, low2);
    high = hn::ReorderWidenMulAccumulate(Sums(), pixels, highs, high, high2);
  }
  HWY_INLINE V Sum() const {
    const V high_sum = hn::RearrangeToOddPlusEven(high, high2);
    return hn::Add(hn::ShiftLeft<16>(high_sum), hn::RearrangeToOddPlusEven(low, low2));
  }
};

// Rounded, clamped bytes, one a lane.
HWY_INLINE hn::Vec<hn::Rebind<uint8_t, Sums>> ToBytes(hn::Vec<Sums> sum) {
  constexpr int kBits = AxisWeights::kBits;
  const auto rounded = hn::Add(sum, hn::Set(Sums(), 1 << (kBits - 1)));
  return hn::DemoteTo(hn::Rebind<uint8_t, Sums>(), hn::ShiftRight<kBits>(rounded));
}

// Two neighbouring weights in every pair of 16-bit lanes.
HWY_INLINE hn::Vec<Words> BroadcastPair(const int16_t* weights) {
  int32_t pair;
  std::memcpy(&pair, weights, sizeof(pair));
  return hn::BitCast(Words(), hn::Set(Sums(), pair));
}

// ---- Horizontal: every 128-bit block of a register holds one row of the picture.

constexpr int kBlocks = static_cast<int>(hn::MaxLanes(Bytes())) / 16;

template <class D>
HWY_INLINE hn::Vec<D> LoadBlocks(D d, const uint8_t* const* rows, ptrdiff_t offset) {
  if constexpr (hn::MaxLanes(d) == 16) {
    return hn::LoadU(d, rows[0] + offset);
  } else {
    const hn::Half<D> half;
    return hn::Combine(d, LoadBlocks(half, rows + hn::MaxLanes(half) / 16, offset),
                       LoadBlocks(half, rows, offset));
  }
}

// Which bytes of a block become the 16-bit lanes that meet one load of weights; 0x80 gives zero.
constexpr uint8_t Z = 0x80;
alignas(16) constexpr uint8_t kRgbLanes[2][16] = {  // pixels 0 and 1, pixels 2 and 3
    {0, Z, 3, Z, 1, Z, 4, Z, 2, Z, 5, Z, Z, Z, Z, Z},
    {6, Z, 9, Z, 7, Z, 10, Z, 8, Z, 11, Z, Z, Z, Z, Z}};
alignas(16) constexpr uint8_t kGreyLanes[2][16] = {  // pixels 0 to 7, pixels 8 to 15
    {0, Z, 1, Z, 2, Z, 3, Z, 4, Z, 5, Z, 6, Z, 7, Z},
    {8, Z, 9, Z, 10, Z, 11, Z, 12, Z, 13, Z, 14, Z, 15, Z}};

// Pixel x of the kBlocks rows in `sum`.
template <int kChannels>
HWY_INLINE void StorePixel(hn::Vec<Sums> sum, int x, uint8_t* const* out) {
  if (kChannels == 1) {  // every lane gets the sum over its block
    sum = hn::Add(sum, hn::Shuffle2301(sum));
    sum = hn::Add(sum, hn::Shuffle1032(sum));
  }
  uint8_t pixels[kBlocks * 4];
  hn::StoreU(ToBytes(sum), hn::Rebind<uint8_t, Sums>(), pixels);
  for (int b = 0; b < kBlocks; ++b) {
    std::memcpy(out[b] + ptrdiff_t{x} * kChannels, pixels + b * 4, kChannels);
  }
}

// kGroup rows side by side, so that every weight is loaded once for all of them.
constexpr int kGroup = 2 * kBlocks;

template <int kChannels>
void HorizontalGroup(const AxisWeights& weights, const uint8_t* const* rows, uint8_t* const* out) {
  constexpr int kPixels = kChannels == 3 ? 4 : 16;  // of a block
  const Bytes d8;
  const Words d16;
  const auto& lanes = kChannels == 3 ? kRgbLanes : kGreyLanes;
  const auto lanes0 = hn::LoadDup128(d8, lanes[0]);
  const auto lanes1 = hn::LoadDup128(d8, lanes[1]);
  for (int x = 0; x < weights.outputs(); ++x) {
    const AxisWeights::Window window = weights.windows[x];
    const int16_t* low = weights.low.data() + ptrdiff_t{x} * weights.stride;
    const int16_t* high = weights.high.data() + ptrdiff_t{x} * weights.stride;
    Accumulator a, b;  // not an array: g++ would keep it in memory
    for (int t = 0; t < window.count; t += kPixels) {
      const auto load = [&](const int16_t* from) HWY_ATTR {
        return kChannels == 3 ? BroadcastPair(from + t) : hn::LoadDup128(d16, from + t);
      };
      const auto words = [&](auto block, auto lanes) HWY_ATTR {
        return hn::BitCast(d16, hn::TableLookupBytesOr0(block, lanes));
      };
      const ptrdiff_t offset = ptrdiff_t{window.first + t} * kChannels;
      const auto block_a = LoadBlocks(d8, rows, offset);
      const auto block_b = LoadBlocks(d8, rows + kBlocks, offset);
      const auto low0 = load(low), low1 = load(low + kPixels / 2);
      const auto high0 = load(high), high1 = load(high + kPixels / 2);
      a.Add(words(block_a, lanes0), low0, high0);
      b.Add(words(block_b, lanes0), low0, high0);
      a.Add(words(block_a, lanes1), low1, high1);
      b.Add(words(block_b, lanes1), low1, high1);
    }
    StorePixel<kChannels>(a.Sum(), x, out);
    StorePixel<kChannels>(b.Sum(), x, out + kBlocks);
  }
}

template <int kChannels>
void HorizontalOf(const AxisWeights& weights, const uint8_t* const* rows, int num_rows,
                  uint8_t* const* out) {
  int r = 0;
  for (; r + kGroup <= num_rows; r += kGroup)
    HorizontalGroup<kChannels>(weights, rows + r, out + r);
  if (r == num_rows) return;
  const uint8_t* last_rows[kGroup];
  uint8_t* last_out[kGroup];
  for (int i = 0; i < kGroup; ++i) {  // the last row stands in for those missing
    last_rows[i] = rows[std::min(r + i, num_rows - 1)];
    last_out[i] = out[std::min(r + i, num_rows - 1)];
  }
  HorizontalGroup<kChannels>(weights, last_rows, last_out);
}

void Horizontal(const AxisWeights& weights, int channels, const uint8_t* const* rows, int num_rows,
                uint8_t* const* out) noexcept {
  const auto run = channels == 3 ? HorizontalOf<3> : HorizontalOf<1>;
  run(weights, rows, num_rows, out);
}

// ---- Vertical: a lane is a column, two rows at a time.

constexpr int kLanes = static_cast<int>(hn::MaxLanes(Sums()));

// The 2 * kLanes columns from `first` on.
HWY_INLINE void VerticalColumns(const int16_t* low, const int16_t* high, int count,
                                const uint8_t* first, ptrdiff_t stride, uint8_t* out) {
  const hn::Rebind<uint8_t, Sums> d8;
  const hn::Rebind<uint32_t, Sums> du32;
  Accumulator a, b;
  for (int t = 0; t < count; t += 2) {
    const uint8_t* upper = first + t * stride;
    const uint8_t* lower = t + 1 < count ? upper + stride : upper;  // then its weight is zero
    const auto columns = [&](int i) HWY_ATTR {
      const auto above = hn::PromoteTo(du32, hn::LoadU(d8, upper + i));
      const auto below = hn::PromoteTo(du32, hn::LoadU(d8, lower + i));
      return hn::BitCast(Words(), hn::Or(above, hn::ShiftLeft<16>(below)));
    };
    const auto low_pair = BroadcastPair(low + t), high_pair = BroadcastPair(high + t);
    a.Add(columns(0), low_pair, high_pair);
    b.Add(columns(kLanes), low_pair, high_pair);
  }
  hn::StoreU(ToBytes(a.Sum()), d8, out);
  hn::StoreU(ToBytes(b.Sum()), d8, out + kLanes);
}

void Vertical(const AxisWeights& weights, int index, const uint8_t* first, ptrdiff_t stride,
              int num_bytes, uint8_t* out) noexcept {
  const int16_t* low = weights.low.data() + ptrdiff_t{index} * weights.stride;
  const int16_t* high = weights.high.data() + ptrdiff_t{index} * weights.stride;
  const int count = weights.windows[index].count;
  constexpr int kStep = 2 * kLanes;
  int i = 0;
  for (; i + kStep <= num_bytes; i += kStep) {
    VerticalColumns(low, high, count, first + i, stride, out + i);
  }
  VerticalRef(weights, index, first + i, stride, num_bytes - i, out + i);
}

}  // namespace

extern const ResampleKernels kResample;
const ResampleKernels kResample = {HWY_STR(HWY_NAMESPACE), Horizontal, Vertical};

}  // namespace mnv4::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnv4 {
namespace {
constexpr ResampleKernels kReference = {"reference", HorizontalRef, VerticalRef};
}  // namespace

const ResampleKernels& ResampleKernelsFor(IsaSet isa) {
#if HWY_ARCH_X86
  if (isa.Has(Isa::kAvx512)) return N_AVX3::kResample;
  if (isa.Has(Isa::kAvx2)) return N_AVX2::kResample;
  if (isa.Has(Isa::kSse4)) return N_SSE4::kResample;
#elif HWY_ARCH_ARM_A64
  if (isa.Has(Isa::kNeon)) return N_NEON::kResample;
#endif
  return kReference;
}

}  // namespace mnv4
#endif
