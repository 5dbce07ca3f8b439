// Depthwise 3x3 and 5x5 convolutions, strides 1 and 2, any padding below the kernel's side: some
// output pixels of one row and one vector of channels stay in registers while the input slides
// past.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/kernels/depthwise.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target
// must follow foreach_target.h
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "mnv4/base/tensor.h"
#include "mnv4/kernels/fp16_tiles.h"
#include "mnv4/kernels/math-inl.h"
#include "mnv4/kernels/panel_split.h"
#include "mnv4/kernels/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

// Output pixels in registers, beside the weights of a kernel row or two and one input. Two rows of
// output share what they read: 15 to 20 % faster where there are registers for both.
#if HWY_TARGET == HWY_AVX3
constexpr int kTileRows = 2, kTilePixels = 8;  // 16 + 2 * 5 + 1 of 32
#elif HWY_TARGET == HWY_NEON
constexpr int kTileRows = 1, kTilePixels = 14;  // + 5 + 1 of 32
#else
constexpr int kTileRows = 1, kTilePixels = 8;  // + 5 + 1 of 16
#endif

// So many panels of weights before they are used they begin to come.
constexpr int kPanelsAhead = 4;

// One block of channels of one image. Strides in elements, from a row to the next.
template <class T>
struct Map {
  const T* in = nullptr;
  int in_height = 0, in_width = 0;
  int64_t in_stride = 0;
  const float* weights = nullptr;  // [side][side][16]
  const float* bias = nullptr;     // 16
  T* out = nullptr;
  int64_t out_stride = 0, out_pixel = 0;
  int pad_top = 0, pad_left = 0;
  ClampLimits limits;
};

// What row `y` of the inputs of a tile adds to it; y is a constant where there are several rows.
template <int kSide, int kStride, int kRows, int kPixels, class T>
HWY_INLINE void AddRow(Vec (&sums)[kRows][kPixels], const T* in, const float* weights, int y,
                       int begin, int end) {
  constexpr int kInputs = (kPixels - 1) * kStride + kSide;
  Vec w[kRows][kSide];
  HWY_UNROLL(2)
  for (int r = 0; r < kRows; ++r) {
    const int ky = y - r * kStride;
    if (kRows > 1 && (ky < 0 || ky >= kSide)) continue;
    HWY_UNROLL(8)
    for (int kx = 0; kx < kSide; ++kx) {
      w[r][kx] = hn::Load(kF32, weights + (ky * kSide + kx) * kBlock);
    }
  }
  HWY_UNROLL(32)
  for (int i = 0; i < kInputs; ++i) {
    // Padding is narrower than the kernel, so only the outermost inputs need a look.
    if (i < kSide - 1 && i < begin) continue;
    if (i > kInputs - kSide && i >= end) continue;
    const Vec value = LoadAsF32(in + i * kBlock);
    HWY_UNROLL(2)
    for (int r = 0; r < kRows; ++r) {
      const int ky = y - r * kStride;
      if (kRows > 1 && (ky < 0 || ky >= kSide)) continue;
      HWY_UNROLL(8)
      for (int kx = 0; kx < kSide; ++kx) {
        const int p = (i - kx) / kStride;
        if (i < kx || (i - kx) % kStride != 0 || p >= kPixels) continue;
        sums[r][p] = hn::MulAdd(value, w[r][kx], sums[r][p]);
      }
    }
  }
}

// kTileRows x kPixels output pixels from (oy, ox) on, one vector of channels. Taps on padding are
// skipped. If only `rows_left` rows are wanted, the first covers the others where they are stored.
template <int kSide, int kStride, int kPixels, class T>
HWY_INLINE void RunTile(const Map<T>& map, int lane, int oy, int ox, int rows_left) {
  constexpr int kRows = kTileRows;
  const int first_x = ox * kStride - map.pad_left, first_y = oy * kStride - map.pad_top;
  const int begin = -first_x, end = map.in_width - first_x;  // inputs [begin, end) exist

  Vec sums[kRows][kPixels];
  const Vec bias = hn::Load(kF32, map.bias + lane);
  HWY_UNROLL(2)
  for (int r = 0; r < kRows; ++r) {
    HWY_UNROLL(16)
    for (int p = 0; p < kPixels; ++p) sums[r][p] = bias;
  }
  const int y_begin = std::max(0, -first_y), y_end = map.in_height - first_y;
  const int64_t first = first_y * map.in_stride + first_x * kBlock + lane;
  const float* const weights = map.weights + lane;
  if constexpr (kRows == 1) {
    const T* in = map.in + (first + y_begin * map.in_stride);
    for (int y = y_begin; y < std::min(kSide, y_end); ++y, in += map.in_stride) {
      AddRow<kSide, kStride>(sums, in, weights, y, begin, end);
    }
  } else {
    HWY_UNROLL(8)
    for (int y = 0; y < (kRows - 1) * kStride + kSide; ++y) {
      if (y < y_begin || y >= y_end) continue;
      AddRow<kSide, kStride>(sums, map.in + (first + y * map.in_stride), weights, y, begin, end);
    }
  }

  const Vec lo = hn::Set(kF32, map.limits.lo), hi = hn::Set(kF32, map.limits.hi);
  const int64_t to_next = rows_left >= kRows ? map.out_stride : 0;
  HWY_UNROLL(2)
  for (int r = kRows - 1; r >= 0; --r) {
    T* out = map.out + oy * map.out_stride + r * to_next + ox * map.out_pixel + lane;
    HWY_UNROLL(16)
    for (int p = 0; p < kPixels; ++p, out += map.out_pixel) {
      StoreFromF32(Clamp(sums[r][p], lo, hi), out);
    }
  }
}

// `count` tiles side by side, the first at output pixel `ox`, of rows [oy_begin, oy_end).
template <int kSide, int kStride, int kPixels, class T>
HWY_NOINLINE void RunTiles(const Map<T>& map, int oy_begin, int oy_end, int ox, int count) {
  for (int oy = oy_begin; oy < oy_end; oy += kTileRows) {
    for (int lane = 0; lane < kBlock; lane += kLanes) {
      for (int x = ox; x < ox + count * kPixels; x += kPixels) {
        RunTile<kSide, kStride, kPixels>(map, lane, oy, x, oy_end - oy);
      }
    }
  }
}

template <class T>
using TilesFunction = void (*)(const Map<T>&, int oy_begin, int oy_end, int ox, int count);

// RunTiles for 1, 2, ... kTilePixels pixels.
template <int kSide, int kStride, class T, size_t... kIndex>
constexpr std::array<TilesFunction<T>, sizeof...(kIndex)> TilesOfWidth(
    std::index_sequence<kIndex...>) {
  return {RunTiles<kSide, kStride, kIndex + 1, T>...};
}

// A panel is one block of channels: 16 biases, then [side][side][16] weights.
int64_t PanelFloats(const ConvProblem& p) {
  return kBlock * (1 + int64_t{p.kernel.h} * p.kernel.w);
}

void Pack(const ConvProblem& p, const float* oihw, std::span<const float> scale,
          std::span<const float> bias, void* packed) {
  const int taps = p.kernel.h * p.kernel.w;
  for (int c = 0; c < p.y.panels() * kBlock; ++c) {
    const bool real = c < p.y.c;
    float* out = static_cast<float*>(packed) + c / kBlock * PanelFloats(p) + c % kBlock;
    const float factor = real && !scale.empty() ? scale[c] : 1;
    *out = !real ? ExcessBias(p.activation) : bias.empty() ? 0 : bias[c];
    for (int tap = 0; tap < taps; ++tap) {
      out[(1 + tap) * kBlock] = real ? oihw[c * taps + tap] * factor : 0;
    }
  }
}

// A unit is an output row of a block; units are ordered chunk of rows, block, row. One chunk makes
// consecutive ranges of units a split by channels.
int Units(const ConvProblem& p, int /*threads*/) { return p.y.panels() * p.y.n * p.y.h; }

// Rows of one block and one image.
struct RowRun {
  int block, image, oy_begin, oy_end, unit_end;
};
RowRun RunAt(const ConvProblem& p, const EvenSplit& chunks, int unit, int end) {
  const int blocks = p.y.panels();
  const int chunk = chunks.PartOf(unit / blocks);
  const int first = chunks.Begin(chunk), rows = chunks.Size(chunk);
  const int block = (unit - first * blocks) / rows, row = first + (unit - first * blocks) % rows;
  const int oy = row % p.y.h;
  const int length = std::min({first + rows - row, p.y.h - oy, end - unit});
  return {block, row / p.y.h, oy, oy + length, unit + length};
}

// Asks for the input rows beside those of a thread's chunk, which another core has written, in all
// blocks at once: one after another they would be waited for.
void PrefetchNeighbours(const ConvProblem& p, const void* x, const EvenSplit& chunks, int unit) {
  const int chunk = chunks.PartOf(unit / p.y.panels());
  const int begin = chunks.Begin(chunk), image = begin / p.y.h, oy_begin = begin % p.y.h;
  const int oy_end = std::min(p.y.h, oy_begin + chunks.Size(chunk));
  const int first = oy_begin * p.stride.h, last = oy_end * p.stride.h;
  const int64_t row_bytes = int64_t{p.x.w} * kBlock * static_cast<int64_t>(SizeOf(p.x.dtype));
  const auto prefetch = [&](int from, int to) {
    for (int block = 0; block < p.x.blocks(); ++block) {
      for (int row = std::max(from, 0); row < std::min(to, p.x.h); ++row) {
        const auto* const at =
            static_cast<const std::byte*>(p.x.Forward(x, p.x.Offset(block, image, row, 0)));
        for (int64_t i = 0; i < row_bytes; i += 64) __builtin_prefetch(at + i);
      }
    }
  };
  if (oy_begin > 0) prefetch(first - p.pad.top, first);
  prefetch(last, last - p.stride.h - p.pad.top + p.kernel.h);
}

template <int kSide, int kStride, int kOutPixel, class T>
void Run(const ConvProblem& p, const ConvArgs& args, int begin, int end, int threads) noexcept {
  static constexpr auto kTiles =
      TilesOfWidth<kSide, kStride, T>(std::make_index_sequence<kTilePixels>());
  // A row is cut evenly, so that widths differ by one pixel at most.
  const int tiles = (p.y.w + kTilePixels - 1) / kTilePixels;
  const int width = p.y.w / tiles, wider = p.y.w % tiles;
  Map<T> map;
  map.in_height = p.x.h;
  map.in_width = p.x.w;
  map.in_stride = p.x.columns() * p.x.pixel_stride();
  map.out_stride = p.y.columns() * p.y.pixel_stride();
  map.out_pixel = p.y.pixel_stride();
  map.pad_top = p.pad.top;
  map.pad_left = p.pad.left;
  map.limits = LimitsOf(p.activation);
  // As the layers around it are split: by pixels beside tiles, else by channels.
  const int rows = p.y.n * p.y.h;
  const bool by_rows = kOutPixel != kBlock && rows * p.y.w >= kTileMinPixels * threads;
  const EvenSplit chunks(rows, by_rows ? std::min(threads, rows) : 1);
  if (by_rows && threads > 1) PrefetchNeighbours(p, args.x, chunks, begin);
  for (int unit = begin; unit < end;) {
    const auto [block, image, oy_begin, oy_end, unit_end] = RunAt(p, chunks, unit, end);
    map.in = static_cast<const T*>(args.x) + p.x.PanelOffset(block, image, 0, 0);
    map.out = static_cast<T*>(args.y) + p.y.PanelOffset(block, image, 0, 0);
    map.bias = static_cast<const float*>(args.packed) + block * PanelFloats(p);
    map.weights = map.bias + kBlock;
    for (int64_t i = 0; i < PanelFloats(p); i += kBlock) {  // of a panel soon to come
      __builtin_prefetch(map.bias + kPanelsAhead * PanelFloats(p) + i);
    }
    if (wider > 0) kTiles[width](map, oy_begin, oy_end, 0, wider);
    kTiles[width - 1](map, oy_begin, oy_end, wider * (width + 1), tiles - wider);
    for (int oy = oy_begin; oy < oy_end; ++oy) {
      T* const row = map.out + oy * map.out_stride;
      if constexpr (kOutPixel == kBlock) {
        ActivateStored(p.activation, row, int64_t{p.y.w} * kBlock);
      } else {
        for (int x = 0; !IsClamp(p.activation) && x < p.y.w; ++x) {
          ActivateStored(p.activation, row + x * kOutPixel, kBlock);
        }
        ZeroRestOfLine(p.y, block, row, p.y.w);
      }
    }
    unit = unit_end;
  }
}

#ifdef MNV4_TARGET_FP16
// A row of 16 weights twice is as wide as one of floats, and so are panels.
void PackFp16(const ConvProblem& p, const float* oihw, std::span<const float> scale,
              std::span<const float> bias, void* packed) {
  std::vector<float> floats(static_cast<size_t>(p.y.blocks() * PanelFloats(p)));
  Pack(p, oihw, scale, bias, floats.data());
  auto* out = static_cast<uint16_t*>(packed);
  for (size_t i = 0; i < floats.size(); ++i) {
    const size_t at = i / kBlock * 2 * kBlock + i % kBlock;
    out[at] = out[at + kBlock] = FloatToHalf(floats[i]);
  }
}

template <int kSide, int kStride>
void RunFp16(const ConvProblem& p, const ConvArgs& args, int begin, int end,
             int /*threads*/) noexcept {
  const ClampLimits limits = LimitsOf(p.activation);
  Fp16Map map = {.in_height = p.x.h,
                 .in_width = p.x.w,
                 .in_stride = p.x.columns() * p.x.pixel_stride(),
                 .out_width = p.y.w,
                 .out_stride = p.y.columns() * p.y.pixel_stride(),
                 .pad_top = p.pad.top,
                 .pad_left = p.pad.left,
                 .lo = limits.lo,
                 .hi = limits.hi};
  for (int unit = begin; unit < end;) {
    const int block = unit / (p.y.h * p.y.n), image = unit / p.y.h % p.y.n;
    const int oy_begin = unit % p.y.h, oy_end = std::min(p.y.h, oy_begin + end - unit);
    map.in = static_cast<const uint16_t*>(args.x) + p.x.Offset(block, image, 0, 0);
    map.out = static_cast<uint16_t*>(args.y) + p.y.Offset(block, image, 0, 0);
    map.bias = static_cast<const uint16_t*>(args.packed) + block * 2 * PanelFloats(p);
    map.weights = map.bias + 2 * kBlock;
    kFp16Depthwise.of[kSide / 2 - 1][kStride - 1](map, oy_begin, oy_end);
    for (int oy = oy_begin; oy < oy_end; ++oy) {
      ActivateStored(p.activation, reinterpret_cast<F16*>(map.out + oy * map.out_stride),
                     int64_t{p.y.w} * kBlock);
    }
    unit += oy_end - oy_begin;
  }
}
#endif

template <int kSide, int kStride, int kOutPixel, class T>
bool Accepts(const ConvProblem& p) {
  const bool writes = kOutPixel == kBlock ? IsC16Of<T>(p.y) : IsLines(p.y);
  return p.depthwise() && IsC16Of<T>(p.x) && writes && !p.has_residual &&
         p.kernel == Size2{kSide, kSide} && p.stride == Size2{kStride, kStride} &&
         p.dilation == Size2{1, 1} && std::max(p.pad.left, p.pad.right) < kSide;
}

template <int kSide, int kStride, class T, int kOutPixel = kBlock>
constexpr ConvKernel Row(const char* name, Isa needs) {
  return {
      .name = name,
      .needs = needs,
      .x = Layout::kC16,
      .x_type = kTypeOf<T>,
      .accepts = Accepts<kSide, kStride, kOutPixel, T>,
      .wants_halo = false,
      .packed_bytes =
          [](const ConvProblem& p) { return p.y.panels() * PanelFloats(p) * sizeof(float); },
      .scratch_bytes = [](const ConvProblem&) -> size_t { return 0; },
      .pack = Pack,
      .units = Units,
      .run = Run<kSide, kStride, kOutPixel, T>,
  };
}

#ifdef MNV4_TARGET_FP16
template <int kSide, int kStride>
constexpr ConvKernel RowFp16(const char* name) {
  ConvKernel row = Row<kSide, kStride, F16>(name, MNV4_TARGET_FP16);
  row.pack = PackFp16;
  row.run = RunFp16<kSide, kStride>;
  return row;
}
#endif

}  // namespace

constinit const ConvKernel kDepthwise[] = {
    Row<3, 1, float>("depthwise-3x3-" MNV4_TARGET_NAME, MNV4_TARGET_ISA),
    Row<3, 2, float>("depthwise-3x3-s2-" MNV4_TARGET_NAME, MNV4_TARGET_ISA),
    Row<5, 1, float>("depthwise-5x5-" MNV4_TARGET_NAME, MNV4_TARGET_ISA),
    Row<5, 2, float>("depthwise-5x5-s2-" MNV4_TARGET_NAME, MNV4_TARGET_ISA)};

#if HWY_TARGET == HWY_AVX3
constinit const ConvKernel kDepthwiseBf16[] = {
    Row<3, 1, BF16>("depthwise-3x3-bf16", Isa::kBf16),
    Row<3, 2, BF16>("depthwise-3x3-s2-bf16", Isa::kBf16),
    Row<5, 1, BF16>("depthwise-5x5-bf16", Isa::kBf16),
    Row<5, 2, BF16>("depthwise-5x5-s2-bf16", Isa::kBf16)};

// For tiles to read.
constexpr int kLine = 32;  // bfloat16
constinit const ConvKernel kDepthwiseLines[] = {
    Row<3, 1, BF16, kLine>("depthwise-3x3-bf16-lines", Isa::kBf16),
    Row<3, 2, BF16, kLine>("depthwise-3x3-s2-bf16-lines", Isa::kBf16),
    Row<5, 1, BF16, kLine>("depthwise-5x5-bf16-lines", Isa::kBf16),
    Row<5, 2, BF16, kLine>("depthwise-5x5-s2-bf16-lines", Isa::kBf16)};
#endif

#ifdef MNV4_TARGET_FP16
constinit const ConvKernel kDepthwiseFp16[] = {
    RowFp16<3, 1>("depthwise-3x3-fp16"), RowFp16<3, 2>("depthwise-3x3-s2-fp16"),
    RowFp16<5, 1>("depthwise-5x5-fp16"), RowFp16<5, 2>("depthwise-5x5-s2-fp16")};
#endif

}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
