/// The dense kernel: a tile of pixels x 16 (or 32) output channels in registers, summed over
/// k-blocks of 16 consecutive channels whose addresses come from a short list of taps. 1x1, k x k
/// and stem convolutions and both products of attention are this tile with other addresses.

#if defined(MNV4_KERNELS_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MNV4_KERNELS_GEMM_INL_H_
#undef MNV4_KERNELS_GEMM_INL_H_
#else
#define MNV4_KERNELS_GEMM_INL_H_
#endif

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

#include "mnv4/base/aligned_buffer.h"
#include "mnv4/kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {

// Pixels x panels of 16 channels that fit the registers: accumulators, the weights of one k, and
// one broadcast value. 8 accumulators hide the latency of two FMA units.
#if HWY_TARGET == HWY_AVX3
inline constexpr int kTileRows = 14, kTilePanels = 2;  // 28 + 2 + 1 of 32 registers
#elif HWY_TARGET == HWY_AVX2
inline constexpr int kTileRows = 6, kTilePanels = 1;  // 12 + 2 + 1 of 16
#elif HWY_TARGET == HWY_NEON
inline constexpr int kTileRows = 6, kTilePanels = 1;  // 24 + 4 + 1 of 32
#else
inline constexpr int kTileRows = 2, kTilePanels = 1;  // 8 + 4 + 1 of 16, and one for the product
#endif

// A single pixel (the layers after global pooling) would leave most accumulators idle and wait for
// the few: it takes 8 vectors of channels at once.
inline constexpr int kPixelPanels = 8 / kBlockVectors;

/// A tensor that a tile writes or adds: its blocks are C16.
template <class Void>
struct TileMap {
  Void* at = nullptr;  ///< the first pixel's channel 0 of the first panel
  DType dtype = DType::kF32;
  int64_t block_stride = 0;

  void Advance(int64_t elements) {
    using Byte = std::conditional_t<std::is_const_v<Void>, const std::byte, std::byte>;
    at = static_cast<Byte*>(at) + elements * static_cast<int64_t>(SizeOf(dtype));
  }
};

/// What a tile reads and writes. Strides and offsets in elements.
template <class T>
struct Tile {
  const T* x = nullptr;  ///< channel 0 of the first pixel at tap offset 0
  const int64_t* taps = nullptr;
  int num_taps = 1;
  int depth = 0;               ///< channels of one tap, in blocks of 16 (the last may be shorter)
  int64_t x_block_stride = 0;  ///< from a block to the next
  int64_t next = 0;            ///< from x to where the first tap of the tile that follows begins
  /// Of the first panel: [taps][depth / kStep][16][kStep], behind 16 floats of bias if `biased`.
  const T* weights = nullptr;
  bool biased = false;
  bool float_sums = false;       ///< in fp16: chunks of products add up in float32
  int64_t panel_stride = 0;      ///< to the same weight of the next panel
  const float* start = nullptr;  ///< C16 blocks that sums begin with; null for none or !kMayStart
  int64_t start_stride = 0;      ///< from one of them to the next
  TileMap<void> y;
  TileMap<const void> residual;  ///< null for none
  ClampLimits limits;
  const std::byte* prefetch = nullptr;  ///< lines fetched into L2 meanwhile, `prefetch_lines`
  int prefetch_lines = 0;               ///< for every k-block
  int64_t prefetch_also = 0;  ///< from each of them to another line, whose time is later; may be 0
};

/// What a tile of T may read and write besides float32: rows that compute in float32 serve fp16
/// too.
template <class T>
using OtherOf = std::conditional_t<std::is_same_v<T, float> && kHasF16, F16, T>;

template <int kRows, int kPanels>
struct Sums {
  Vec v[kRows][kPanels * kBlockVectors];
};

// One k: a column of kRows values of x times a row of weights.
template <int kRows, int kPanels, class W>
HWY_INLINE void AddProduct(Sums<kRows, kPanels>& sums, const float* HWY_RESTRICT x,
                           int64_t row_stride, const W* HWY_RESTRICT weights,
                           int64_t panel_stride) {
  Vec w[kPanels * kBlockVectors];
  HWY_UNROLL(8)
  for (int i = 0; i < kPanels * kBlockVectors; ++i) {
    w[i] = LoadAsF32(weights + i / kBlockVectors * panel_stride + i % kBlockVectors * kLanes);
  }
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    const Vec value = hn::Set(kF32, x[r * row_stride]);
    HWY_UNROLL(8)
    for (int i = 0; i < kPanels * kBlockVectors; ++i) {
      sums.v[r][i] = hn::MulAdd(value, w[i], sums.v[r][i]);
    }
  }
}

// Of one pixel, weights of 16 bits: each vector is widened when it is needed, lest all of them and
// the sums be more than the registers.
template <int kPanels, class W>
requires(!std::is_same_v<W, float>) HWY_INLINE
    void AddProduct(Sums<1, kPanels>& sums, const float* HWY_RESTRICT x, int64_t,
                    const W* HWY_RESTRICT weights, int64_t panel_stride) {
  const Vec value = hn::Set(kF32, *x);
  HWY_UNROLL(8)
  for (int i = 0; i < kPanels * kBlockVectors; ++i) {
    const W* at = weights + i / kBlockVectors * panel_stride + i % kBlockVectors * kLanes;
    sums.v[0][i] = hn::MulAdd(value, LoadAsF32(at), sums.v[0][i]);
  }
}

#if HWY_TARGET == HWY_AVX3
// Two k at once: pairs of bfloat16. As assembly for the reason that StoreFromF32 gives.
template <int kRows, int kPanels>
HWY_INLINE void AddProduct(Sums<kRows, kPanels>& sums, const BF16* HWY_RESTRICT x,
                           int64_t row_stride, const BF16* HWY_RESTRICT weights,
                           int64_t panel_stride) {
  __m512i w[kPanels];
  HWY_UNROLL(8)
  for (int i = 0; i < kPanels; ++i) w[i] = _mm512_load_si512(weights + i * panel_stride);
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    int32_t pair;
    std::memcpy(&pair, x + r * row_stride, sizeof(pair));
    const __m512i value = _mm512_set1_epi32(pair);
    HWY_UNROLL(8)
    for (int i = 0; i < kPanels; ++i) {
      __m512 sum = sums.v[r][i].raw;  // g++ keeps no array in registers whose elements it is given
      __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(value), "v"(w[i]));
      sums.v[r][i] = Vec{sum};
    }
  }
}
#endif

template <int kRows, int kPanels, class T>
HWY_INLINE void AddResidual(Sums<kRows, kPanels>& sums, int64_t block_stride, const T* residual) {
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(8)
    for (int i = 0; i < kPanels * kBlockVectors; ++i) {
      const T* at = residual + i / kBlockVectors * block_stride + r * kBlock;
      sums.v[r][i] = hn::Add(sums.v[r][i], LoadAsF32(at + i % kBlockVectors * kLanes));
    }
  }
}

template <int kRows, int kPanels, class T>
HWY_INLINE void StoreSums(const Sums<kRows, kPanels>& sums, int64_t block_stride, T* y) {
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(8)
    for (int i = 0; i < kPanels * kBlockVectors; ++i) {
      T* at = y + i / kBlockVectors * block_stride + r * kBlock;
      StoreFromF32(sums.v[r][i], at + i % kBlockVectors * kLanes);
    }
  }
}

/// Whether a tile may go on from other sums.
template <class T, int kPanels, int kRowStride>
inline constexpr bool kMayStart =
    std::is_same_v<T, float>&& kPanels == kTilePanels&& kRowStride == kBlock;

/// kRowStride: elements from a pixel of x to the next; 0 takes it from `stride`. W: the type that
/// the weights really have.
template <class T, int kRows, int kPanels, int kRowStride, class W = T>
HWY_NOINLINE void RunTile(const Tile<T>& tile, int64_t stride) {
  const int64_t row_stride = kRowStride != 0 ? kRowStride : stride;
  const int64_t panel_stride = tile.panel_stride;
  const W* HWY_RESTRICT weights = reinterpret_cast<const W*>(tile.weights);
  Sums<kRows, kPanels> sums;
  HWY_UNROLL(8)
  for (int i = 0; i < kPanels * kBlockVectors; ++i) {
    const W* panel = weights + i / kBlockVectors * panel_stride;
    const float* bias = reinterpret_cast<const float*>(panel) - kBlock + i % kBlockVectors * kLanes;
    const Vec first = tile.biased ? hn::Load(kF32, bias) : hn::Zero(kF32);
    HWY_UNROLL(16)
    for (int r = 0; r < kRows; ++r) sums.v[r][i] = first;
  }
  if constexpr (kMayStart<T, kPanels, kRowStride>) {
    if (tile.start != nullptr) AddResidual(sums, tile.start_stride, tile.start);
  }

  const std::byte* prefetch = tile.prefetch;
  const T* const behind = tile.x + tile.next;  // the tile that follows
  for (int tap = 0; tap < tile.num_taps; ++tap) {
    const T* HWY_RESTRICT block = tile.x + tile.taps[tap];
    for (int left = tile.depth; left > 0; left -= kBlock) {
#if HWY_TARGET == HWY_AVX3
      // What is not needed for every product is read again: g++ would keep it in vector or mask
      // registers, and what comes from there queues with the multiply-adds.
      __asm__ volatile("" : : : "memory");
#endif
      for (int i = 0; i < tile.prefetch_lines; ++i, prefetch += kCacheLine) {
        __builtin_prefetch(prefetch, 0, 2);
        __builtin_prefetch(prefetch + tile.prefetch_also, 0, 2);
      }
      // The next block of x comes into L1 meanwhile: too many rows for the hardware to follow, and
      // from L2 or beyond each block would be waited for. Not a picture's, whose pixels share
      // lines.
      const T* const next = left > kBlock             ? block + tile.x_block_stride
                            : tap + 1 < tile.num_taps ? tile.x + tile.taps[tap + 1]
                                                      : behind;
      if constexpr (kRowStride != 0) {
        HWY_UNROLL(16)
        for (int r = 0; r < kRows; ++r) __builtin_prefetch(next + r * row_stride);
      }
      const int depth = std::min(left, kBlock);
      for (int k = 0; k < depth; k += kStep<T>) {
        AddProduct(sums, block + k, row_stride, weights, panel_stride);
        weights += kStep<T> * kBlock;
      }
      block += tile.x_block_stride;
    }
  }

  if (tile.residual.at != nullptr) {
    WithTypeUpTo<OtherOf<T>>(tile.residual.dtype, tile.residual.at,
                             [&](const auto* residual) HWY_ATTR {
                               AddResidual(sums, tile.residual.block_stride, residual);
                             });
  }
  ClampAll(sums.v, tile.limits);
  WithTypeUpTo<OtherOf<T>>(tile.y.dtype, tile.y.at,
                           [&](auto* y) HWY_ATTR { StoreSums(sums, tile.y.block_stride, y); });
}

template <class T>
using TileFunction = void (*)(const Tile<T>&, int64_t stride);

/// RunTile for 1, 2, ... kTileRows pixels.
template <class T, int kPanels, int kRowStride, size_t... kIndex>
inline constexpr std::array<TileFunction<T>, sizeof...(kIndex)> TilesOfHeight(
    std::index_sequence<kIndex...>) {
  return {RunTile<T, kIndex + 1, kPanels, kRowStride>...};
}

/// By data(): g++ 12 takes operator[] of one target's arrays for that of another's, and warns.
template <class T, int kPanels, int kRowStride>
inline constexpr auto kTiles =
    TilesOfHeight<T, kPanels, kRowStride>(std::make_index_sequence<kTileRows>());

/// The tile for that many pixels. Usual row strides are constants in the code: the next pixel, and
/// in whole tiles every second one.
template <int kPanels, class T>
HWY_INLINE void RunTileOf(int rows, const Tile<T>& tile, int64_t row_stride) {
  if (row_stride == kBlock) return kTiles<T, kPanels, kBlock>.data()[rows - 1](tile, row_stride);
  if constexpr (kPanels == kTilePanels) {
    if (row_stride == 2 * kBlock) {
      return kTiles<T, kPanels, 2 * kBlock>.data()[rows - 1](tile, row_stride);
    }
  }
  kTiles<T, kPanels, 0>.data()[rows - 1](tile, row_stride);
}

/// Up to kTileRows pixels times `panels` panels: in one tile if there is one, else one by one.
/// By reference: a copy of fields just written waits until the stores before them, the sums of the
/// last tile, are in L1, which takes 1 to 2 % of a network.
template <class T>
HWY_INLINE void RunPanels(int rows, int panels, const Tile<T>& tile, int64_t row_stride) {
  if (panels == kTilePanels) return RunTileOf<kTilePanels>(rows, tile, row_stride);
  if (rows == 1 && panels == kPixelPanels) return RunTile<T, 1, kPixelPanels, 0>(tile, row_stride);
  Tile<T> of_panel = tile;
  for (int panel = 0; panel < panels; ++panel) {
    RunTileOf<1>(rows, of_panel, row_stride);
    of_panel.weights += tile.panel_stride;
    of_panel.y.Advance(tile.y.block_stride);
    if (tile.residual.at != nullptr) of_panel.residual.Advance(tile.residual.block_stride);
  }
}

}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
