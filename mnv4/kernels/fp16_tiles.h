#pragma once
/// The loops that multiply in fp16, compiled for AVX512-FP16 or Armv8.2's FP16 as a whole file.
/// This header has no inline functions and fp16_tiles.cc uses none of others: the linker keeps one
/// copy of such a function, and on a CPU without fp16 it must not be the one that was compiled
/// there.

#include <cstddef>
#include <cstdint>

namespace mnv4::kernels {

inline constexpr int kFp16Panel = 32;  ///< output channels of a tile: two blocks of 16
#if defined(__aarch64__)
inline constexpr int kFp16TileRows = 6;  // x 4 vectors, + 4 weights + 1 broadcast of 32 registers
#else
inline constexpr int kFp16TileRows = 28;  // x 1 vector, + 1 weight; broadcasts are memory operands
#endif

/// So many k-blocks, of up to 16 products each, are summed at once; the sums of such chunks are
/// added up. Longer sums would lose more.
inline constexpr int kFp16ChunkBlocks = 8;

extern const uint16_t kFp16Zeros[kFp16Panel];

/// A tile of pixels times 32 output channels of a convolution without groups, summed chunk by
/// chunk: `weights`, `prefetch`, `tap` and `channel` move on. fp16 values are given as their bits;
/// strides and offsets are in elements.
struct Fp16Tile {
  const uint16_t* x = nullptr;  ///< channel 0 of the first pixel at tap offset 0
  const int64_t* taps = nullptr;
  int num_taps = 0;
  int depth = 0;               ///< channels of one tap, in blocks of 16 (the last may be shorter)
  int64_t x_block_stride = 0;  ///< from a block to the next
  const uint16_t* weights = nullptr;    ///< [taps][depth][32], 64-byte aligned
  int64_t panel_stride = 0;             ///< to the weights of the next 32 channels
  const std::byte* prefetch = nullptr;  ///< lines fetched into L2 meanwhile, `prefetch_lines`
  int prefetch_lines = 0;               ///< for every k-block
  int tap = 0, channel = 0;             ///< where the next chunk begins; none if tap == num_taps
  const uint16_t* terms = kFp16Zeros;   ///< [pixels][32] that chunks are added to, 64-byte aligned
  int64_t term_stride = 0;              ///< from a pixel to the next
};
/// terms + the products of the next chunk: [panels][pixels][32], 64-byte aligned.
using Fp16TileFunction = void (*)(Fp16Tile&, uint16_t* chunk);

/// Panels of 32 channels of a tile of a single pixel: enough sums to hide the latency of one.
inline constexpr int kFp16PixelPanels = 4;
inline constexpr int kFp16PictureStride = 6;  ///< of `of_picture`
struct Fp16TileTable {
  /// [pixels - 1]: pixels of x that lie side by side; every second one; every second one of a
  /// picture with three channels.
  Fp16TileFunction side_by_side[kFp16TileRows], every_second[kFp16TileRows],
      of_picture[kFp16TileRows];
  Fp16TileFunction pixel;  ///< kFp16PixelPanels panels
};
extern const Fp16TileTable kFp16Tiles;

/// What becomes of a tile of one panel: y = clamp(sums + residual). y and residual are C16, pixels
/// side by side; block strides lead to the upper 16 channels, 0 if there are none.
struct Fp16Finish {
  const uint16_t* sums = nullptr;      ///< [pixels][32], 64-byte aligned
  const uint16_t* residual = nullptr;  ///< null for none
  int64_t residual_block_stride = 0;
  uint16_t* y = nullptr;
  int64_t y_block_stride = 0;
  float lo = 0, hi = 0;  ///< NaN stays NaN
};
void FinishFp16Tile(const Fp16Finish& finish, int pixels) noexcept;

/// Winograd's planes (winograd.h) of one block, [planes][kFp16TileRows][16], of `quads` quads of
/// results side by side; x: the first pixel that they read.
void FillFp16Planes(const uint16_t* x, int64_t row_stride, int quads, uint16_t* planes) noexcept;

/// One row of what becomes of a tile of quads of one panel: y = clamp(sums + of_columns), even and
/// odd pixels.
struct Fp16Quads {
  const uint16_t *sums[2], *of_columns[2];  ///< [quads][32], 64-byte aligned
  uint16_t* y = nullptr;
  int64_t y_block_stride = 0;  ///< to the upper 16 channels, 0 if there are none
  float lo = 0, hi = 0;        ///< NaN stays NaN
};
void FinishFp16Quads(const Fp16Quads& finish, int quads) noexcept;

/// One block of channels of one image for a depthwise convolution, all of it in fp16.
struct Fp16Map {
  const uint16_t* in = nullptr;
  int in_height = 0, in_width = 0;
  int64_t in_stride = 0;              ///< elements from a row to the next
  const uint16_t* weights = nullptr;  ///< [side][side][32]: 16 channels, twice; 64-byte aligned
  const uint16_t* bias = nullptr;     ///< [32]: as the weights
  uint16_t* out = nullptr;
  int out_width = 0;
  int64_t out_stride = 0;
  int pad_top = 0, pad_left = 0;  ///< below the kernel's side
  float lo = 0, hi = 0;           ///< results are clamped; NaN stays NaN
};
using Fp16DepthwiseFunction = void (*)(const Fp16Map&, int oy_begin, int oy_end);

/// [kernel side: 3 or 5][stride - 1]
struct Fp16DepthwiseTable {
  Fp16DepthwiseFunction of[2][2];
};
extern const Fp16DepthwiseTable kFp16Depthwise;

/// For peaks.cc: twice the products of a round of its float32 loop.
float Fp16MultiplyAdd(const float* seeds, float factor, float term, int rounds) noexcept;

}  // namespace mnv4::kernels
