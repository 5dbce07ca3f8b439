/// Panels of sums in fp16, of dense convolutions: what is around the products of fp16_tiles.cc.

#if defined(MNV4_KERNELS_FP16_PANELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MNV4_KERNELS_FP16_PANELS_INL_H_
#undef MNV4_KERNELS_FP16_PANELS_INL_H_
#else
#define MNV4_KERNELS_FP16_PANELS_INL_H_
#endif

#include "mnv4/kernels/fp16_tiles.h"
#include "mnv4/kernels/gemm-inl.h"
#include "mnv4/kernels/rows-inl.h"

namespace mnv4::kernels::HWY_NAMESPACE {
namespace {
/// Pixels of the highest tile.
template <class T>
constexpr int kTilePixels = std::is_same_v<T, F16> ? kFp16TileRows : kTileRows;
}  // namespace
}  // namespace mnv4::kernels::HWY_NAMESPACE

#ifdef MNV4_TARGET_FP16
HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

inline const Fp16TileFunction* Fp16TilesOf(int64_t row_stride) {
  return row_stride == kBlock               ? kFp16Tiles.side_by_side
         : row_stride == kFp16PictureStride ? kFp16Tiles.of_picture
                                            : kFp16Tiles.every_second;
}

constexpr int kPanelBlocks = kFp16Panel / kBlock;

// Blocks of 16 channels of the pixels of a tile, however they lie. Strides in elements.
template <class T>
struct Blocks {
  T* at;
  int64_t panel_stride, block_stride, pixel_stride;  // a panel is two blocks

  T* Of(int block) const {
    return at + block / kPanelBlocks * panel_stride + block % kPanelBlocks * block_stride;
  }
};
template <class T>
Blocks<T> PanelsOf(int pixels, T* at) {
  return {at, int64_t{pixels} * kFp16Panel, kBlock, kFp16Panel};
}
template <class T>
Blocks<T> BlocksOf(int64_t block_stride, T* at) {
  return {at, kPanelBlocks * block_stride, block_stride, kBlock};
}

// sums = terms + parts, which the sums may be
template <class Part>
HWY_INLINE void Add(int blocks, int pixels, const Blocks<const float>& terms,
                    const Blocks<const Part>& parts, const Blocks<float>& sums) {
  for (int block = 0; block < blocks; ++block) {
    const float* term = terms.Of(block);
    const Part* part = parts.Of(block);
    float* sum = sums.Of(block);
    for (int pixel = 0; pixel < pixels; ++pixel) {
      HWY_UNROLL(4)
      for (int i = 0; i < kBlock; i += kLanes) {
        hn::Store(hn::Add(hn::Load(kF32, term + i), LoadAsF32(part + i)), kF32, sum + i);
      }
      term += terms.pixel_stride;
      part += parts.pixel_stride;
      sum += sums.pixel_stride;
    }
  }
}

// y = clamp(sums)
template <class Y>
HWY_INLINE void Store(int blocks, int pixels, const Blocks<const float>& sums, ClampLimits limits,
                      const Blocks<Y>& y) {
  const Vec lo = hn::Set(kF32, limits.lo), hi = hn::Set(kF32, limits.hi);
  for (int block = 0; block < blocks; ++block) {
    const float* sum = sums.Of(block);
    Y* out = y.Of(block);
    for (int pixel = 0; pixel < pixels; ++pixel) {
      HWY_UNROLL(4)
      for (int i = 0; i < kBlock; i += kLanes) {
        StoreFromF32(Clamp(hn::Load(kF32, sum + i), lo, hi), out + i);
      }
      sum += sums.pixel_stride;
      out += y.pixel_stride;
    }
  }
}

inline Fp16Tile Fp16TileOf(const Tile<F16>& tile) {
  return {.x = reinterpret_cast<const uint16_t*>(tile.x),
          .taps = tile.taps,
          .num_taps = tile.num_taps,
          .depth = tile.depth,
          .x_block_stride = tile.x_block_stride,
          .weights = reinterpret_cast<const uint16_t*>(tile.weights) + 2 * kBlock,
          .panel_stride = kPanelBlocks * tile.panel_stride,
          .prefetch = tile.prefetch,
          .prefetch_lines = tile.prefetch_lines};
}

inline const float* BiasOf(const Tile<F16>& tile) {
  return reinterpret_cast<const float*>(tile.weights) - kBlock;
}

HWY_INLINE void RoundBias(const Tile<F16>& tile, uint16_t* bias) {
  for (int i = 0; i < kFp16Panel; i += kLanes) {
    StoreFromF32(hn::Load(kF32, BiasOf(tile) + i), reinterpret_cast<F16*>(bias) + i);
  }
}

// tile.terms + all products of a panel, chunk by chunk in fp16.
inline void SumInFp16(int rows, int64_t row_stride, Fp16Tile& tile, uint16_t* sums) {
  const Fp16TileFunction add_products = Fp16TilesOf(row_stride)[rows - 1];
  while (tile.tap < tile.num_taps) {
    add_products(tile, sums);
    tile.terms = sums;
    tile.term_stride = kFp16Panel;
  }
}

// A panel, all of it in fp16, the bias too.
HWY_INLINE void RunInFp16(int rows, int blocks, const Tile<F16>& tile, int64_t row_stride) {
  alignas(kCacheLine) uint16_t sums[kFp16TileRows * kFp16Panel], bias[kFp16Panel];
  RoundBias(tile, bias);
  Fp16Tile fp16 = Fp16TileOf(tile);
  fp16.terms = bias;
  SumInFp16(rows, row_stride, fp16, sums);
  const bool both = blocks == kPanelBlocks;
  FinishFp16Tile({.sums = sums,
                  .residual = static_cast<const uint16_t*>(tile.residual.at),
                  .residual_block_stride = both ? tile.residual.block_stride : 0,
                  .y = static_cast<uint16_t*>(tile.y.at),
                  .y_block_stride = both ? tile.y.block_stride : 0,
                  .lo = tile.limits.lo,
                  .hi = tile.limits.hi},
                 rows);
}

// Panels whose chunks add up in float32.
HWY_INLINE void RunAddingFloats(int rows, int blocks, const Tile<F16>& tile, int64_t row_stride) {
  constexpr int kMost = std::max(kFp16TileRows, kFp16PixelPanels) * kFp16Panel;
  alignas(kCacheLine) uint16_t chunk[kMost];
  alignas(kCacheLine) float sums[kMost];
  const Fp16TileFunction add_products =
      blocks > kPanelBlocks ? kFp16Tiles.pixel : Fp16TilesOf(row_stride)[rows - 1];
  Fp16Tile fp16 = Fp16TileOf(tile);
  constexpr int kHalves = sizeof(float) / sizeof(F16);
  Blocks<const float> terms = {BiasOf(tile), fp16.panel_stride / kHalves, kBlock, 0};
  const auto add = [&](const auto& parts) HWY_ATTR {
    Add(blocks, rows, terms, parts, PanelsOf(rows, sums));
    terms = PanelsOf<const float>(rows, sums);
  };
  if (tile.residual.at != nullptr) {
    WithTypeUpTo<F16>(tile.residual.dtype, tile.residual.at, [&](const auto* residual) HWY_ATTR {
      add(BlocksOf(tile.residual.block_stride, residual));
    });
  }
  while (fp16.tap < fp16.num_taps) {
    add_products(fp16, chunk);
    add(PanelsOf(rows, reinterpret_cast<const F16*>(chunk)));
  }
  WithTypeUpTo<F16>(tile.y.dtype, tile.y.at, [&](auto* y) HWY_ATTR {
    Store(blocks, rows, terms, tile.limits, BlocksOf(tile.y.block_stride, y));
  });
}

HWY_INLINE void RunFp16Tile(int rows, int blocks, const Tile<F16>& tile, int64_t row_stride) {
  const bool adds_float = tile.residual.at != nullptr && tile.residual.dtype != DType::kF16;
  if (tile.float_sums || tile.y.dtype != DType::kF16 || adds_float) {
    return RunAddingFloats(rows, blocks, tile, row_stride);
  }
  RunInFp16(rows, blocks, tile, row_stride);
}

/// As gemm-inl.h's, by reference for the same reason: `blocks` panels of 16 channels. Their sums
/// are fp16 but for maps of one pixel and for what adds or writes float32.
HWY_INLINE void RunPanels(int rows, int blocks, const Tile<F16>& tile, int64_t row_stride) {
  constexpr int kPixelBlocks = kFp16PixelPanels * kPanelBlocks;
  if (blocks <= kPanelBlocks || blocks > kPixelBlocks - kPanelBlocks) {
    return RunFp16Tile(rows, blocks, tile, row_stride);
  }
  Tile<F16> of_panel = tile;
  for (; blocks > 0; blocks -= kPanelBlocks) {
    RunFp16Tile(rows, std::min(blocks, kPanelBlocks), of_panel, row_stride);
    of_panel.weights += kPanelBlocks * tile.panel_stride;
    of_panel.y.Advance(kPanelBlocks * tile.y.block_stride);
    if (tile.residual.at != nullptr) {
      of_panel.residual.Advance(kPanelBlocks * tile.residual.block_stride);
    }
  }
}

}  // namespace
}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#endif
