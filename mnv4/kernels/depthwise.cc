// Depthwise 3x3 and 5x5 convolutions, strides 1 and 2, any padding below the kernel's side: a few
// output pixels of one or two rows stay in registers while the input slides past them.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/kernels/depthwise.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target
// must follow foreach_target.h
#include <hwy/highway.h>

#include <array>
#include <utility>

#include "mnv4/base/aligned_buffer.h"
#include "mnv4/kernels/math-inl.h"
#include "mnv4/kernels/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

// Output rows x pixels in registers, beside the weights of one kernel row each and one input.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr int kTileRows = 2;  // 16 + 10 + 1 of 32 registers; 15-30 % over one row for 5x5
#else
constexpr int kTileRows = 1;  // 8 + 5 + 1 of 16
#endif
constexpr int kTilePixels = 8;

// One or two output rows of one block of channels.
struct Rows {
  const float* in[7];  // pixel 0 of the input rows under the kernel; null outside the map
  int in_pixels = 0;
  const float* weights = nullptr;  // [side][side][16]
  const float* bias = nullptr;     // 16
  float* out = nullptr;
  int64_t out_stride = 0;  // from the first output row to the second
  ClampLimits limits;
};

// kPixels output pixels, one vector of channels, of kRows rows; `first_in` is the input pixel under
// the kernel's left column at the first of them. Inputs outside the map are skipped.
template <int kSide, int kStride, int kRows, int kPixels>
HWY_INLINE void Tile(const Rows& rows, int lane, int first_in, float* HWY_RESTRICT out) {
  constexpr int kInputs = (kPixels - 1) * kStride + kSide;
  const int begin = -first_in, end = rows.in_pixels - first_in;  // inputs [begin, end) exist
  Vec sums[kRows][kPixels];
  const Vec bias = hn::Load(kF32, rows.bias + lane);
  HWY_UNROLL(2)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(8)
    for (int p = 0; p < kPixels; ++p) sums[r][p] = bias;
  }

  // Input row `row` meets kernel row `row` of the first output row, `row - kStride` of the second.
  HWY_UNROLL(8)
  for (int row = 0; row < kSide + (kRows - 1) * kStride; ++row) {
    if (rows.in[row] == nullptr) continue;
    const float* HWY_RESTRICT in = rows.in[row] + first_in * kBlock + lane;
    Vec weights[kRows][kSide];
    HWY_UNROLL(2)
    for (int r = 0; r < kRows; ++r) {
      const int ky = row - r * kStride;
      if (ky < 0 || ky >= kSide) continue;
      HWY_UNROLL(8)
      for (int kx = 0; kx < kSide; ++kx) {
        weights[r][kx] = hn::Load(kF32, rows.weights + (ky * kSide + kx) * kBlock + lane);
      }
    }
    HWY_UNROLL(32)
    for (int i = 0; i < kInputs; ++i) {
      // Padding is narrower than the kernel, so only the outermost inputs need a look.
      if (i < kSide - 1 && i < begin) continue;
      if (i > kInputs - kSide && i >= end) continue;
      const Vec value = hn::Load(kF32, in + i * kBlock);
      HWY_UNROLL(2)
      for (int r = 0; r < kRows; ++r) {
        const int ky = row - r * kStride;
        if (ky < 0 || ky >= kSide) continue;
        HWY_UNROLL(8)
        for (int kx = 0; kx < kSide; ++kx) {
          const int p = (i - kx) / kStride;
          if (i < kx || (i - kx) % kStride != 0 || p >= kPixels) continue;
          sums[r][p] = hn::MulAdd(value, weights[r][kx], sums[r][p]);
        }
      }
    }
  }

  const Vec lo = hn::Set(kF32, rows.limits.lo), hi = hn::Set(kF32, rows.limits.hi);
  HWY_UNROLL(2)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(8)
    for (int p = 0; p < kPixels; ++p) {
      hn::Store(Clamp(sums[r][p], lo, hi), kF32, out + r * rows.out_stride + p * kBlock + lane);
    }
  }
}

// `count` tiles side by side, the first at output pixel `ox`.
template <int kSide, int kStride, int kRows, int kPixels>
HWY_NOINLINE void RunTiles(const Rows& rows, int pad_left, int ox, int count) {
  for (int lane = 0; lane < kBlock; lane += kLanes) {
    for (int x = ox; x < ox + count * kPixels; x += kPixels) {
      Tile<kSide, kStride, kRows, kPixels>(rows, lane, x * kStride - pad_left,
                                           rows.out + x * kBlock);
    }
  }
}

using TilesFunction = void (*)(const Rows&, int pad_left, int ox, int count);

template <int kSide, int kStride, int kRows, size_t... kIndex>
constexpr std::array<TilesFunction, sizeof...(kIndex)> TilesOfWidth(
    std::index_sequence<kIndex...>) {
  return {RunTiles<kSide, kStride, kRows, kIndex + 1>...};
}

// A row of output, cut evenly, so that widths differ by one pixel at most.
template <int kSide, int kStride, int kRows>
HWY_INLINE void RunRows(const Rows& rows, int pad_left, int pixels) {
  static constexpr auto kTiles =
      TilesOfWidth<kSide, kStride, kRows>(std::make_index_sequence<kTilePixels>());
  const int tiles = (pixels + kTilePixels - 1) / kTilePixels;
  const int width = pixels / tiles, wider = pixels % tiles;
  if (wider > 0) kTiles[width](rows, pad_left, 0, wider);
  kTiles[width - 1](rows, pad_left, wider * (width + 1), tiles - wider);
}

// A panel is one block of channels: 16 biases, then [side][side][16] weights.
int64_t PanelFloats(const ConvProblem& p) {
  return kBlock * (1 + int64_t{p.kernel.h} * p.kernel.w);
}

void Pack(const ConvProblem& p, const float* oihw, std::span<const float> scale,
          std::span<const float> bias, void* packed) {
  const int taps = p.kernel.h * p.kernel.w;
  for (int c = 0; c < p.y.blocks() * kBlock; ++c) {
    const bool real = c < p.y.c;
    float* out = static_cast<float*>(packed) + c / kBlock * PanelFloats(p) + c % kBlock;
    const float factor = real && !scale.empty() ? scale[c] : 1;
    *out = real && !bias.empty() ? bias[c] : 0;
    for (int tap = 0; tap < taps; ++tap) {
      out[(1 + tap) * kBlock] = real ? oihw[c * taps + tap] * factor : 0;
    }
  }
}

int RowPairs(const ConvProblem& p) { return (p.y.h + 1) / 2; }

// A unit is a pair of output rows of one block and image; blocks are outermost, so that threads
// take channels, as the expansion before them does.
int Units(const ConvProblem& p, int /*threads*/) { return p.y.blocks() * p.y.n * RowPairs(p); }

template <int kSide, int kStride>
void Run(const ConvProblem& p, const ConvArgs& args, int begin, int end, int /*threads*/) noexcept {
  const int pairs = RowPairs(p);
  const int64_t in_stride = p.x.columns() * p.x.pixel_stride();
  Rows rows;
  rows.in_pixels = p.x.w;
  rows.out_stride = p.y.columns() * p.y.pixel_stride();
  rows.limits = LimitsOf(p.activation);
  for (int unit = begin; unit < end; ++unit) {
    const int block = unit / (pairs * p.y.n), image = unit / pairs % p.y.n;
    const int oy_begin = unit % pairs * 2, oy_end = std::min(oy_begin + 2, p.y.h);
    rows.bias = static_cast<const float*>(args.packed) + block * PanelFloats(p);
    rows.weights = rows.bias + kBlock;
    const float* map = static_cast<const float*>(args.x) + p.x.Offset(block, image, 0, 0);
    for (int oy = oy_begin; oy < oy_end; oy += kTileRows) {
      for (int row = 0; row < kSide + (kTileRows - 1) * kStride; ++row) {
        const int iy = oy * kStride - p.pad.top + row;
        rows.in[row] = iy >= 0 && iy < p.x.h ? map + iy * in_stride : nullptr;
      }
      rows.out = static_cast<float*>(args.y) + p.y.Offset(block, image, oy, 0);
      if (kTileRows == 2 && oy + 1 < oy_end) {
        RunRows<kSide, kStride, 2>(rows, p.pad.left, p.y.w);
      } else {
        RunRows<kSide, kStride, 1>(rows, p.pad.left, p.y.w);
      }
    }
    float* out = static_cast<float*>(args.y) + p.y.Offset(block, image, oy_begin, 0);
    for (int oy = oy_begin; oy < oy_end; ++oy, out += rows.out_stride) {
      ActivateStored(p.activation, out, int64_t{p.y.w} * kBlock);
    }
  }
}

template <int kSide, int kStride>
bool Accepts(const ConvProblem& p) {
  return p.depthwise() && IsF32C16(p.x) && IsF32C16(p.y) && !p.has_residual &&
         p.kernel == Size2{kSide, kSide} && p.stride == Size2{kStride, kStride} &&
         p.dilation == Size2{1, 1} && std::max(p.pad.left, p.pad.right) < kSide &&
         KeepsZeroLanes(p.activation, p.y);
}

template <int kSide, int kStride>
constexpr ConvKernel Row(const char* name) {
  return {
      .name = name,
      .needs = MNV4_TARGET_ISA,
      .x = Layout::kC16,
      .y = Layout::kC16,
      .accepts = Accepts<kSide, kStride>,
      .wants_halo = false,
      .packed_bytes =
          [](const ConvProblem& p) { return p.y.blocks() * PanelFloats(p) * sizeof(float); },
      .scratch_bytes = [](const ConvProblem&) -> size_t { return 0; },
      .pack = Pack,
      .units = Units,
      .run = Run<kSide, kStride>,
  };
}

}  // namespace

constinit const ConvKernel kDepthwise3 = Row<3, 1>("depthwise-3x3-" MNV4_TARGET_NAME);
constinit const ConvKernel kDepthwise3Stride2 = Row<3, 2>("depthwise-3x3-s2-" MNV4_TARGET_NAME);
constinit const ConvKernel kDepthwise5 = Row<5, 1>("depthwise-5x5-" MNV4_TARGET_NAME);
constinit const ConvKernel kDepthwise5Stride2 = Row<5, 2>("depthwise-5x5-s2-" MNV4_TARGET_NAME);

}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
