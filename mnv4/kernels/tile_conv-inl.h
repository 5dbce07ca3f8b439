/// Convolutions without groups on matrix tiles: 2 x 2 sums are 32 pixels x 32 channels. x lies in
/// lines, so that a row of a tile is a line of one pixel; weights are panels of 16 channels, so
/// that 32 values of k are a tile. Written for AVX-512 and a class of tiles (tiles.h).

#if defined(MNV4_KERNELS_TILE_CONV_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MNV4_KERNELS_TILE_CONV_INL_H_
#undef MNV4_KERNELS_TILE_CONV_INL_H_
#else
#define MNV4_KERNELS_TILE_CONV_INL_H_
#endif

#include "mnv4/kernels/dense_sum-inl.h"
#include "mnv4/kernels/panel_split.h"

#if HWY_TARGET == HWY_AVX3
HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

constexpr int kTilePixels = 16;     // rows of a tile of x
constexpr int kTileDepth = 32;      // values of a row: a line
constexpr int kTileBytes = 1024;    // 16 rows of 64 bytes
constexpr int kGroupChannels = 32;  // two panels

// CPUs with tiles multiply faster than one core gets what the other wrote, so threads keep to their
// pixels from layer to layer, unless the map is so small that reading all weights takes longer.
// They have 2 MB of L2.
constexpr SplitRule kTileSplit = {.tile_pixels = 2 * kTilePixels,
                                  .group_panels = kGroupChannels / kBlock,
                                  .granule = kTilePixels,
                                  .min_pixels_per_thread = 64,
                                  .min_pixels_of_all = kTileMinPixels,
                                  .chunk_bytes = 1 << 20};

// Two tiles of pixels (or one) times two panels (or one). Strides in bytes.
struct TileProduct {
  const std::byte* x[2] = {};     // the first line of each tile
  const int64_t* taps = nullptr;  // elements
  int num_taps = 1, tap_steps = 1;
  int64_t x_stride = 0,
          x_block_stride = 0;        // from a row of a tile, from a line's block to the next
  const std::byte* panel = nullptr;  // bias, then a tile for each step
  int64_t panel_stride = 0;
  bool two_tiles = true, two_panels = true;
  bool streams = false;  // x past L1: at depths where x would push the panels out
  const std::byte* prefetch =
      nullptr;  // lines fetched into L2 meanwhile, `prefetch_lines` for every step
  int prefetch_lines = 0;
};

// The same lanes of one or two panels of a tensor that is written or added.
template <class T>
struct PanelPair {
  T* at = nullptr;
  int64_t pixel = 0, second = 0;  // elements to the next pixel, to the second panel
  bool lines = false;

  PanelPair From(int pixels) const { return {at + pixels * pixel, pixel, second, lines}; }
};
template <class T>
PanelPair<T> PanelsOf(const Desc& desc, T* tensor, int panel, const PanelRun& run) {
  const bool lines = desc.layout == Layout::kLine64;
  return {.at = tensor + desc.PanelOffset(panel, run.image, run.row, 0),
          .pixel = desc.pixel_stride(),
          .second = lines ? kBlock : desc.block_stride(),
          .lines = lines};
}

// Sums of products that wait for what comes after: residual, activation, rounding.
template <class Y, class R>
struct Unfinished {
  float* sums = nullptr;  // [pixels][32]
  int pixels = 0, panels = 0;
  PanelPair<Y> y;
  PanelPair<const R> residual;  // null for none
  Activation activation;
  ClampLimits limits;

  HWY_INLINE void Finish(int count) {
    count = std::min(count, pixels);
    if (count <= 0) return;
    pixels -= count;
    // Of a single panel the second half is whatever lies there, and is not used.
    if (!IsClamp(activation)) Activate<Y>(activation, sums, count * kGroupChannels);
    // The loops that nearly all pixels go through look at nothing but their values.
    if (panels == 1 || limits.hi < std::numeric_limits<float>::infinity()) {
      FinishPixels<Usual::kNo>(count);
    } else if (residual.at == nullptr) {
      FinishPixels<Usual::kPlain>(count);
    } else {
      FinishPixels<Usual::kResidual>(count);
    }
    y.at += count * y.pixel;
    residual.at += count * residual.pixel;
    sums += count * kGroupChannels;
  }

 private:
  enum class Usual { kNo, kPlain, kResidual };  // two panels, no upper limit

  template <Usual kUsual>
  HWY_INLINE void FinishPixels(int count) const {
    const bool usual = kUsual != Usual::kNo, two = usual || panels == 2;
    const bool adds = usual ? kUsual == Usual::kResidual : residual.at != nullptr;
    const Vec lo = hn::Set(kF32, limits.lo), hi = hn::Set(kF32, limits.hi);
    const float* sum = sums;
    const R* add = residual.at;
    Y* out = y.at;
    for (int i = 0; i < count; ++i, sum += kGroupChannels, out += y.pixel) {
      Vec a = hn::Load(kF32, sum), b = two ? hn::Load(kF32, sum + kBlock) : hn::Zero(kF32);
      if (adds) {
        a = hn::Add(a, LoadAsF32(add));
        if (two) b = hn::Add(b, LoadAsF32(add + residual.second));
        add += residual.pixel;
      }
      a = AtLeast(lo, a);
      b = AtLeast(lo, b);
      if (!usual) {
        a = AtMost(hi, a);
        b = AtMost(hi, b);
      }
      if constexpr (std::is_same_v<Y, BF16>) {
        if (y.lines) {
          StorePairFromF32(a, b, out);
          continue;
        }
      }
      StoreFromF32(a, out);
      if (two) StoreFromF32(b, out + y.second);
    }
  }
};

// Stores the sums as [pixel][32 channels], the second tile's from pixel `second` on. Meanwhile the
// sums `before` are finished, `quota` pixels in each step.
template <class Tiles, class Y, class R>
HWY_INLINE void MultiplyTiles(Tiles& tiles, const TileProduct& p, float* sums, int second,
                              Unfinished<Y, R>& before, int quota) {
  const bool two_tiles = p.two_tiles, two_panels = p.two_panels;
  tiles.template Load<0>(p.panel, 0);  // the bias in every row
  tiles.template Load<2>(p.panel, 0);
  if (two_panels) {
    tiles.template Load<1>(p.panel + p.panel_stride, 0);
    tiles.template Load<3>(p.panel + p.panel_stride, 0);
  }
  const std::byte* weights = p.panel + kCacheLine;
  const std::byte* prefetch = p.prefetch;
  const auto load_x = [&]<int kTile>(std::integral_constant<int, kTile>, const std::byte* at) {
    if (p.streams) {
      tiles.template LoadStreaming<kTile>(at, p.x_stride);
    } else {
      tiles.template Load<kTile>(at, p.x_stride);
    }
  };
  for (int tap = 0; tap < p.num_taps; ++tap) {
    int64_t offset = p.taps[tap] * static_cast<int64_t>(sizeof(BF16));
    for (int step = 0; step < p.tap_steps; ++step) {
      load_x(std::integral_constant<int, 4>(), p.x[0] + offset);
      tiles.template Load<6>(weights, kCacheLine);
      tiles.template MultiplyAdd<0, 4, 6>();
      if (two_panels) {
        tiles.template Load<7>(weights + p.panel_stride, kCacheLine);
        tiles.template MultiplyAdd<1, 4, 7>();
      }
      if (two_tiles) {
        load_x(std::integral_constant<int, 5>(), p.x[1] + offset);
        tiles.template MultiplyAdd<2, 5, 6>();
        if (two_panels) tiles.template MultiplyAdd<3, 5, 7>();
      }
      for (int i = 0; i < p.prefetch_lines; ++i, prefetch += kCacheLine) {
        __builtin_prefetch(prefetch, 0, 2);
      }
      before.Finish(quota);
      weights += kTileBytes;
      offset += p.x_block_stride;
    }
  }
  constexpr int64_t kStride = kGroupChannels * sizeof(float);
  tiles.template Store<0>(sums, kStride);
  if (two_panels) tiles.template Store<1>(sums + kBlock, kStride);
  if (!two_tiles) return;
  sums += second * kGroupChannels;
  tiles.template Store<2>(sums, kStride);
  if (two_panels) tiles.template Store<3>(sums + kBlock, kStride);
}

// True if every pixel of x follows the one before, whatever lies around those of y.
inline bool ReadsOneRow(const ConvProblem& p) {
  return p.pointwise() && p.x.layout == Layout::kLine64 && p.x.dense();
}

// rows(image, row): where the first tap of output row `row` begins; the others lie at `offsets`.
// x_pixel: elements from what one pixel of y reads to what the next one does.
template <class Tiles, class Y, class R, class Rows>
void RunOnTiles(const ConvProblem& p, const ConvArgs& args, Y* y, const R* residual, int begin,
                int end, int threads, const Offsets& offsets, int64_t x_pixel, Rows rows) {
  const PanelSplit split = SplitPanels(p, kTileSplit, threads);
  const Sum sum = SumOf<BF16, kTileDepth>(p);
  const int pixels = p.y.n * p.y.h * p.y.w, row_pixels = pixels / split.rows;
  const int64_t panel_bytes = PanelBytes<BF16, kTileDepth>(p);
  const auto* const packed = static_cast<const std::byte*>(args.packed);

  TileProduct product;
  product.taps = offsets.at;
  product.num_taps = sum.taps;
  product.tap_steps = StepsOf<BF16, kTileDepth>(sum) * kStep<BF16> / kTileDepth;
  product.x_stride = x_pixel * static_cast<int64_t>(sizeof(BF16));
  product.x_block_stride = sum.rows ? kCacheLine : p.x.block_stride() * int64_t{sizeof(BF16)};
  product.panel_stride = panel_bytes;
  const int steps = sum.taps * product.tap_steps;
  product.streams = steps >= 8;  // below it costs up to 15 %, above it gains as much

  // Sums of one group are finished in the k loop of the next. 4 KB of each buffer are used; at a
  // distance of 4 KB stores would wait for loads of the other.
  constexpr int kDistance = 10 << 10;  // bytes
  alignas(kCacheLine) float buffers[2][kDistance / sizeof(float)];
  int turn = 0;
  Unfinished<Y, R> before = {.activation = p.activation, .limits = LimitsOf(p.activation)};
  const int quota = (2 * kTilePixels + steps - 1) / steps;

  Tiles tiles;
  for (int unit = begin; unit < end;) {
    const PanelRun run = split.RunAt(unit, end);
    const int panel = run.group * kTileSplit.group_panels;
    const int panels = std::min(kTileSplit.group_panels, p.y.panels() - panel);
    const BF16* const x = rows(run.image, run.row);
    product.panel = packed + panel * panel_bytes;
    product.two_panels = panels == 2;
    const PanelPair<Y> y_row = PanelsOf(p.y, y, panel, run);
    PanelPair<const R> residual_row;
    if (p.has_residual) residual_row = PanelsOf(p.residual, residual, panel, run);

    // While one group of panels is used, the next comes from afar.
    const bool last_group = unit - run.tile_of_chunk + run.chunk_tiles >= end;
    std::span<const std::byte> next = args.next;
    if (!last_group) {
      const std::byte* const following =
          run.group + 1 == split.groups ? packed : product.panel + panels * panel_bytes;
      next = {following, static_cast<size_t>(panels * panel_bytes)};
    }
    product.prefetch_lines = LinesPerStep(next, steps * run.chunk_tiles);
    const int tile_lines = product.prefetch_lines * steps;
    product.prefetch = next.data() + int64_t{kCacheLine} * tile_lines * run.tile_of_chunk;

    // The last tile of a row is shifted back, so that it ends where x does; what it computes beside
    // the row or a second time is not stored.
    const int row_begin = (run.image * split.rows_per_image + run.row) * row_pixels;
    const int last_tile = (ReadsOneRow(p) ? pixels - row_begin : row_pixels) - kTilePixels;
    for (int i = run.tile_begin; i < run.tile_end; ++i) {
      const int first = split.row.Begin(i) * kTilePixels;
      const int end_pixel = std::min(first + split.row.Size(i) * kTilePixels, row_pixels);
      const int at0 = std::min(first, last_tile);
      const int at1 = std::min(first + kTilePixels, last_tile);
      product.two_tiles = split.row.Size(i) == 2;
      product.x[0] = reinterpret_cast<const std::byte*>(x + at0 * x_pixel);
      product.x[1] = reinterpret_cast<const std::byte*>(x + at1 * x_pixel);
      float* const sums = buffers[turn];
      turn = 1 - turn;
      MultiplyTiles(tiles, product, sums, at1 - at0, before, quota);
      product.prefetch += kCacheLine * tile_lines;
      before.sums = sums + (first - at0) * kGroupChannels;
      before.pixels = end_pixel - first;
      before.panels = panels;
      before.y = y_row.From(first);
      if (p.has_residual) before.residual = residual_row.From(first);
    }
    unit = run.unit_end;
  }
  before.Finish(2 * kTilePixels);
}

template <class Tiles>
void RunConvOnTiles(const ConvProblem& p, const ConvArgs& args, int begin, int end,
                    int threads) noexcept {
  const auto* const x = static_cast<const BF16*>(args.x);
  const auto rows = [&](int image, int row) {
    return x + p.x.Offset(0, image, row * p.stride.h - p.pad.top, -p.pad.left);
  };
  WithTypeUpTo<BF16>(p.y.dtype, args.y, [&](auto* y) {
    WithTypeUpTo<BF16>(p.residual.dtype, args.residual, [&](const auto* residual) {
      RunOnTiles<Tiles>(p, args, y, residual, begin, end, threads, OffsetsOf(p),
                        p.stride.w * p.x.pixel_stride(), rows);
    });
  });
}

template <class Tiles>
void RunStemOnTiles(const ConvProblem& p, const ConvArgs& args, int begin, int end,
                    int threads) noexcept {
  RoundedPatches picture(p, args);
  const float* const no_residual = nullptr;
  RunOnTiles<Tiles>(p, args, static_cast<BF16*>(args.y), no_residual, begin, end, threads,
                    Offsets{}, RoundedPatches::Stride(p),
                    [&](int image, int row) { return picture.For(image, row); });
}

inline bool WrittenByTiles(const Desc& desc) { return IsLines(desc) || IsC16UpTo<BF16>(desc); }
// Smaller maps are left to vectors, and rows too short for a tile if the kernel is wider than 1x1.
inline bool FillsTiles(const ConvProblem& p) {
  return (ReadsOneRow(p) ? p.y.n * p.y.h * p.y.w : p.y.w) >= kTilePixels;
}

inline bool AcceptsDenseOnTiles(const ConvProblem& p) {
  return p.groups == 1 && IsLines(p.x) && WrittenByTiles(p.y) &&
         (!p.has_residual || WrittenByTiles(p.residual)) && Covers(p.x.halo, p.pad) &&
         p.kernel.h * p.kernel.w <= kMaxTaps && KeepsZeroLanes(p.activation, p.y) && FillsTiles(p);
}
inline bool AcceptsPointwiseOnTiles(const ConvProblem& p) {
  return p.pointwise() && AcceptsDenseOnTiles(p);
}
inline bool AcceptsStemOnTiles(const ConvProblem& p) {
  return p.groups == 1 && p.x.dtype == DType::kF32 && p.x.layout == Layout::kNhwc &&
         p.y.dtype == DType::kBF16 && WrittenByTiles(p.y) && !p.has_residual &&
         Covers(p.x.halo, p.pad) && p.dilation.w == 1 && KeepsZeroLanes(p.activation, p.y) &&
         FillsTiles(p);
}

template <class Tiles>
constexpr ConvKernel DenseOnTiles(const char* name, bool (*accepts)(const ConvProblem&)) {
  return {
      .name = name,
      .needs = Isa::kAmx,
      .x = Layout::kLine64,
      .x_type = DType::kBF16,
      .accepts = accepts,
      .wants_halo = true,
      .packed_bytes = [](const ConvProblem& p) -> size_t {
        return p.y.panels() * PanelBytes<BF16, kTileDepth>(p);
      },
      .scratch_bytes = [](const ConvProblem&) -> size_t { return 0; },
      .pack = PackPanels<BF16, kTileDepth>,
      .units = [](const ConvProblem& p,
                  int threads) { return SplitPanels(p, kTileSplit, threads).units(); },
      .run = RunConvOnTiles<Tiles>,
      .first_weights =
          [](const ConvProblem& p, const void* packed, int unit, int threads) {
            const PanelRun run = SplitPanels(p, kTileSplit, threads).RunAt(unit, unit + 1);
            return GroupOf(p, packed, run.group, kTileSplit.group_panels,
                           PanelBytes<BF16, kTileDepth>(p));
          },
  };
}
template <class Tiles>
constexpr ConvKernel StemOnTiles(const char* name) {
  ConvKernel row = DenseOnTiles<Tiles>(name, AcceptsStemOnTiles);
  row.x = Layout::kNhwc;
  row.x_type = DType::kF32;
  row.scratch_bytes = RoundedPatches::Bytes;
  row.run = RunStemOnTiles<Tiles>;
  return row;
}

}  // namespace
}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#endif
