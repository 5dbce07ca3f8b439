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
#include <utility>

#include "mnv4/base/aligned_buffer.h"
#include "mnv4/kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

// Pixels x panels of 16 channels that fit the registers: accumulators, the weights of one k, and
// one broadcast value. 8 accumulators hide the latency of two FMA units.
#if HWY_TARGET == HWY_AVX3
constexpr int kTileRows = 14, kTilePanels = 2;  // 28 + 2 + 1 of 32 registers
#elif HWY_TARGET == HWY_AVX2
constexpr int kTileRows = 6, kTilePanels = 1;  // 12 + 2 + 1 of 16
#elif HWY_TARGET == HWY_NEON
constexpr int kTileRows = 6, kTilePanels = 1;  // 24 + 4 + 1 of 32
#else
constexpr int kTileRows = 2, kTilePanels = 1;  // 8 + 4 + 1 of 16, and one for the product
#endif

// A single pixel (the layers after global pooling) would leave most accumulators idle and wait for
// the few: it takes 8 vectors of channels at once.
constexpr int kPixelPanels = 8 / kBlockVectors;

/// What a tile reads and writes. Strides and offsets in floats; blocks of y are C16.
struct Tile {
  const float* x = nullptr;  ///< channel 0 of the first pixel at tap offset 0
  const int64_t* taps = nullptr;
  int num_taps = 1;
  int depth = 0;               ///< channels of one tap, in blocks of 16 (the last may be shorter)
  int64_t x_block_stride = 0;  ///< from a block to the next
  const float* weights = nullptr;  ///< [taps][depth][16] of the first panel
  int64_t panel_stride = 0;        ///< to the same weight of the next panel
  const float* bias = nullptr;     ///< 16 of the first panel; others at panel_stride; null for 0
  float* y = nullptr;
  int64_t y_block_stride = 0;
  const float* residual = nullptr;  ///< laid out as y, or null
  int64_t residual_block_stride = 0;
  ClampLimits limits;
  bool prefetch_x = false;              ///< fetch the pixels behind this tile meanwhile
  const std::byte* prefetch = nullptr;  ///< lines fetched into L2 meanwhile, `prefetch_lines`
  int prefetch_lines = 0;               ///< for every k-block
};

template <int kRows, int kPanels>
struct Sums {
  Vec v[kRows][kPanels * kBlockVectors];
};

// One k: a column of kRows values of x times a row of weights.
template <int kRows, int kPanels>
HWY_INLINE void AddProduct(Sums<kRows, kPanels>& sums, const float* HWY_RESTRICT x,
                           int64_t row_stride, const float* HWY_RESTRICT weights,
                           int64_t panel_stride) {
  Vec w[kPanels * kBlockVectors];
  HWY_UNROLL(8)
  for (int i = 0; i < kPanels * kBlockVectors; ++i) {
    w[i] = hn::Load(kF32, weights + i / kBlockVectors * panel_stride + i % kBlockVectors * kLanes);
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

/// kRowStride: floats from a pixel of x to the next; 0 takes it from `stride`.
template <int kRows, int kPanels, int kRowStride>
HWY_NOINLINE void RunTile(const Tile& tile, int64_t stride) {
  const int64_t row_stride = kRowStride != 0 ? kRowStride : stride;
  const int64_t panel_stride = tile.panel_stride;
  Sums<kRows, kPanels> sums;
  HWY_UNROLL(8)
  for (int i = 0; i < kPanels * kBlockVectors; ++i) {
    const int64_t offset = i / kBlockVectors * panel_stride + i % kBlockVectors * kLanes;
    const Vec bias = tile.bias != nullptr ? hn::Load(kF32, tile.bias + offset) : hn::Zero(kF32);
    HWY_UNROLL(16)
    for (int r = 0; r < kRows; ++r) sums.v[r][i] = bias;
  }

  const float* HWY_RESTRICT weights = tile.weights;
  const std::byte* prefetch = tile.prefetch;
  for (int tap = 0; tap < tile.num_taps; ++tap) {
    const float* HWY_RESTRICT block = tile.x + tile.taps[tap];
    for (int left = tile.depth; left > 0; left -= kBlock) {
      for (int i = 0; i < tile.prefetch_lines; ++i, prefetch += kCacheLine) {
        __builtin_prefetch(prefetch, 0, 2);
      }
      if (tile.prefetch_x) {
        HWY_UNROLL(16)
        for (int r = 0; r < kRows; ++r) __builtin_prefetch(block + (kRows + r) * row_stride);
      }
      const int depth = std::min(left, kBlock);
      for (int k = 0; k < depth; ++k) {
        AddProduct(sums, block + k, row_stride, weights + k * kBlock, panel_stride);
      }
      weights += depth * kBlock;
      block += tile.x_block_stride;
    }
  }

  if (tile.residual != nullptr) {
    HWY_UNROLL(16)
    for (int r = 0; r < kRows; ++r) {
      HWY_UNROLL(8)
      for (int i = 0; i < kPanels * kBlockVectors; ++i) {
        const float* residual = tile.residual + i / kBlockVectors * tile.residual_block_stride +
                                r * kBlock + i % kBlockVectors * kLanes;
        sums.v[r][i] = hn::Add(sums.v[r][i], hn::Load(kF32, residual));
      }
    }
  }
  const Vec lo = hn::Set(kF32, tile.limits.lo), hi = hn::Set(kF32, tile.limits.hi);
  HWY_UNROLL(16)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(8)
    for (int i = 0; i < kPanels * kBlockVectors; ++i) {
      float* y = tile.y + i / kBlockVectors * tile.y_block_stride + r * kBlock +
                 i % kBlockVectors * kLanes;
      hn::Store(Clamp(sums.v[r][i], lo, hi), kF32, y);
    }
  }
}

using TileFunction = void (*)(const Tile&, int64_t stride);

/// RunTile for 1, 2, ... kTileRows pixels.
template <int kPanels, int kRowStride, size_t... kIndex>
constexpr std::array<TileFunction, sizeof...(kIndex)> TilesOfHeight(
    std::index_sequence<kIndex...>) {
  return {RunTile<kIndex + 1, kPanels, kRowStride>...};
}

template <int kPanels, int kRowStride>
constexpr auto kTiles = TilesOfHeight<kPanels, kRowStride>(std::make_index_sequence<kTileRows>());

/// The tile for that many pixels. Usual row strides are constants in the code: the next pixel, and
/// every second one.
template <int kPanels>
HWY_INLINE void RunTileOf(int rows, const Tile& tile, int64_t row_stride) {
  switch (row_stride) {
    case kBlock:
      return kTiles<kPanels, kBlock>[rows - 1](tile, row_stride);
    case 2 * kBlock:
      return kTiles<kPanels, 2 * kBlock>[rows - 1](tile, row_stride);
    default:
      return kTiles<kPanels, 0>[rows - 1](tile, row_stride);
  }
}

/// Up to kTileRows pixels times `panels` panels: in one tile if there is one, else one by one.
HWY_INLINE void RunPanels(int rows, int panels, Tile tile, int64_t row_stride) {
  if (panels == kTilePanels) return RunTileOf<kTilePanels>(rows, tile, row_stride);
  if (rows == 1 && panels == kPixelPanels) return RunTile<1, kPixelPanels, 0>(tile, row_stride);
  for (int panel = 0; panel < panels; ++panel) {
    RunTileOf<1>(rows, tile, row_stride);
    tile.weights += tile.panel_stride;
    if (tile.bias != nullptr) tile.bias += tile.panel_stride;
    tile.y += tile.y_block_stride;
    if (tile.residual != nullptr) tile.residual += tile.residual_block_stride;
  }
}

}  // namespace
}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
