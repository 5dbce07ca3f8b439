// Convolutions without groups as matrix products: 1x1, k x k on C16 maps, and the stem on the NHWC
// picture. All are the tile of gemm-inl.h, in fp16 that of fp16_panels-inl.h; only the addresses of
// the k-blocks differ. 3x3 with stride 2 is that of winograd-inl.h where it can be.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/kernels/dense_conv.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target
// must follow foreach_target.h
#include <hwy/highway.h>

#include "mnv4/kernels/dense_sum-inl.h"
#include "mnv4/kernels/fp16_panels-inl.h"
#include "mnv4/kernels/gemm-inl.h"
#include "mnv4/kernels/panel_split.h"
#include "mnv4/kernels/rows-inl.h"
#include "mnv4/kernels/stored_weights-inl.h"
#include "mnv4/kernels/strassen-inl.h"
#include "mnv4/kernels/winograd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

template <class T>
int64_t BytesOfPanel(const ConvProblem& p) {
  if constexpr (std::is_same_v<T, F16>) {
    const Sum sum(p);
    return kCacheLine + int64_t{sum.taps} * sum.depth * kBlock * static_cast<int64_t>(sizeof(F16));
  } else {
    return PanelBytes<T>(p);
  }
}

#ifdef MNV4_TARGET_FP16
// Two panels are one of 32 channels: 32 floats of bias, then rows of 32 weights.
void PackFp16(const ConvProblem& p, const float* oihw, std::span<const float> scale,
              std::span<const float> bias, void* packed) {
  const Sum sum(p);
  const int64_t channel = int64_t{sum.taps} * sum.depth;  // weights of an output channel
  for (int c = 0; c < p.y.c; ++c, oihw += channel) {
    const int lane = c % kFp16Panel;
    std::byte* const panel =
        static_cast<std::byte*>(packed) + (c - lane) / kBlock * BytesOfPanel<F16>(p);
    if (!bias.empty()) reinterpret_cast<float*>(panel)[lane] = bias[c];
    const float factor = scale.empty() ? 1 : scale[c];
    auto* out = reinterpret_cast<uint16_t*>(panel + 2 * kCacheLine) + lane;
    for (int tap = 0; tap < sum.taps; ++tap) {
      for (int i = 0; i < sum.depth; ++i, out += kFp16Panel) {
        *out = FloatToHalf(oihw[sum.WeightAt(p, tap, i)] * factor);
      }
    }
  }
}
#endif

template <class T>
int GroupPanels(const ConvProblem& p) {
  if constexpr (std::is_same_v<T, F16>) {
    return (p.single_pixel() ? kFp16PixelPanels : 1) * kFp16Panel / kBlock;
  }
  return p.single_pixel() ? kPixelPanels : kTilePanels;
}

template <class T>
PanelSplit SplitOf(const ConvProblem& p, int threads) {
  const SplitRule rule = {.tile_pixels = kTilePixels<T>,
                          .group_panels = GroupPanels<T>(p),
                          .chunk_bytes = ChunkBytes(p.y.panels() * BytesOfPanel<T>(p))};
  return SplitPanels(p, rule, threads);
}

// Of the group of panels that `unit` belongs to.
template <class T>
std::span<const std::byte> WeightsAt(const ConvProblem& p, const void* packed, int unit,
                                     int threads, int64_t panel_bytes) {
  const int group = SplitOf<T>(p, threads).RunAt(unit, unit + 1).group;
  return GroupOf(p, packed, group, GroupPanels<T>(p), panel_bytes);
}

// Weights of 16 bits for tiles of float32: a group of panels is widened into the scratch before its
// tiles use it, which costs less than a second set of tiles. A single pixel uses every weight once,
// so its tiles widen while they sum, where the registers are enough.
constexpr bool kPixelTilesWiden = HWY_TARGET != HWY_SSE4;
bool WidensBefore(const ConvProblem& p) { return !kPixelTilesWiden || !p.single_pixel(); }

// Widening into more than L1 takes 2.5 times as long. The sums of so few tiles that this counts
// are cut into parts of so many blocks, whose widened weights are 24 KB (1024->256 at 64 pixels on
// two threads: 1.11 times as long as with float32 weights, 1.23 uncut).
constexpr int kCutTiles = 12, kPartBlocks = 24 / kTilePanels;

// rows(image, row): where the first tap of output row `row` begins, in elements of T, whose other
// taps lie at `offsets`. `stored`: null if the weights are T too; only for float32.
template <class T, class Rows>
void RunOnRows(const ConvProblem& p, const ConvArgs& args, int begin, int end, int threads,
               const Offsets& offsets, Rows rows, const StoredWeights<T>* stored = nullptr) {
  const int group_panels = GroupPanels<T>(p);
  const PanelSplit split = SplitOf<T>(p, threads);
  const Sum sum(p);
  const bool in_16_bits = std::is_same_v<T, float> && stored != nullptr;
  const bool widens = in_16_bits && WidensBefore(p);
  const int64_t panel_bytes = in_16_bits ? stored->panel_bytes : BytesOfPanel<T>(p);
  const int64_t pixel_stride = p.stride.w * p.x.pixel_stride();
  const auto* packed = static_cast<const std::byte*>(args.packed);

  Tile<T> tile;
  tile.taps = offsets.at;
  tile.num_taps = sum.taps;
  tile.x_block_stride = sum.rows ? kBlock : p.x.block_stride();
  tile.float_sums = p.y.h * p.y.w == 1;
  tile.panel_stride = panel_bytes / static_cast<int64_t>(in_16_bits ? sizeof(uint16_t) : sizeof(T));
  tile.y = {.dtype = p.y.dtype, .block_stride = p.y.block_stride()};
  tile.start_stride = tile.y.block_stride;
  tile.residual = {.dtype = p.residual.dtype, .block_stride = p.residual.block_stride()};

  const int tap_blocks = (sum.depth + kBlock - 1) / kBlock, k_blocks = sum.taps * tap_blocks;
  const int64_t group_bytes = panel_bytes * group_panels;
  std::span<const std::byte> later = args.later.PartOf(begin, end, split.units());
  int widened = -1;  // group in the scratch
  for (int unit = begin; unit < end;) {
    const PanelRun run = split.RunAt(unit, end);
    const int block = run.group * group_panels;
    const int panels = std::min(group_panels, p.y.blocks() - block);
    const int ox = split.row.Begin(run.tile_begin);
    const std::byte* const panel = packed + block * panel_bytes;

    // While one group of panels is used, the next comes from afar, a few lines for every k-block.
    // A single pixel reads panels as fast as the hardware fetches them by itself: 1.5x faster.
    const bool last_group = unit - run.tile_of_chunk + run.chunk_tiles >= end;
    std::span<const std::byte> next = args.next;
    if (!last_group) {
      const std::byte* const following =
          run.group + 1 == split.groups ? packed : panel + group_bytes;
      next = {following, p.single_pixel() ? 0 : static_cast<size_t>(group_bytes)};
    }
    tile.prefetch_lines = LinesPerStep(next, k_blocks * run.chunk_tiles);
    tile.prefetch_also = later.empty() ? 0 : later.data() - next.data();

    const bool cuts = widens && MergesRows(p) && panels == kTilePanels &&
                      run.tile_end - run.tile_begin <= kCutTiles;
    const EvenSplit parts(tap_blocks, cuts ? (tap_blocks + kPartBlocks - 1) / kPartBlocks : 1);
    for (int part = 0; part < parts.parts(); ++part) {
      const int first_block = parts.Begin(part);
      const bool last = part + 1 == parts.parts();
      tile.depth = std::min(parts.Size(part) * kBlock, sum.depth - first_block * kBlock);
      tile.biased = part == 0;
      tile.limits = LimitsOf(last ? p.activation : Activation::kNone);
      tile.x = rows(run.image, run.row) + ox * pixel_stride + first_block * tile.x_block_stride;
      tile.y.at = p.y.Forward(args.y, p.y.Offset(block, run.image, run.row, ox));
      tile.residual.at = nullptr;
      if (p.has_residual && last) {
        tile.residual.at =
            p.residual.Forward(args.residual, p.residual.Offset(block, run.image, run.row, ox));
      }
      const std::byte* weights = panel;
      if (widens) {
        auto* const floats = static_cast<float*>(args.scratch);
        const int64_t count = int64_t{sum.taps} * tile.depth * kBlock;
        if (cuts || run.group != widened) {
          stored->widen(panel, panel_bytes, panels, int64_t{first_block} * kBlock * kBlock, count,
                        floats);
        }
        widened = cuts ? -1 : run.group;
        tile.panel_stride = kBlock + count;
        weights = reinterpret_cast<const std::byte*>(floats);
      }
      tile.weights = reinterpret_cast<const T*>(weights + kCacheLine);
      const int tile_blocks = sum.taps * parts.Size(part);
      const int tile_lines = tile.prefetch_lines * tile_blocks;
      const int blocks_before =
          sum.taps * first_block * run.chunk_tiles + tile_blocks * run.tile_of_chunk;
      tile.prefetch = next.data() + int64_t{kCacheLine} * tile.prefetch_lines * blocks_before;

      for (int i = run.tile_begin; i < run.tile_end; ++i) {
        const int pixels = split.row.Size(i);
        if (in_16_bits && !widens) {
          stored->run_pixel(panels, tile);
        } else {
          tile.next = tile.taps[0] + pixels * pixel_stride;
          tile.start = part > 0 ? static_cast<const float*>(tile.y.at) : nullptr;
          RunPanels(pixels, panels, tile, pixel_stride);
        }
        for (int of_group = 0; last && of_group < panels; ++of_group) {
          void* const values_at = p.y.Forward(tile.y.at, of_group * tile.y.block_stride);
          WithTypeUpTo<OtherOf<T>>(p.y.dtype, values_at, [&](auto* values) HWY_ATTR {
            ActivateStored(p.activation, values, pixels * kBlock);
          });
        }
        tile.x += pixels * pixel_stride;
        tile.y.Advance(pixels * kBlock);
        if (tile.residual.at != nullptr) tile.residual.Advance(pixels * kBlock);
        tile.prefetch += kCacheLine * tile_lines;
      }
    }
    if (run.tile_of_chunk + run.unit_end - unit == run.chunk_tiles) {  // the group's last
      later = later.subspan(std::min(later.size(), static_cast<size_t>(group_bytes)));
    }
    unit = run.unit_end;
  }
}

template <class T>
HWY_NOINLINE void RunOnTensor(const ConvProblem& p, const ConvArgs& args, int begin, int end,
                              int threads, const StoredWeights<T>* stored) {
  const auto* const x = static_cast<const T*>(args.x);
  const auto rows = [&](int image, int row) {
    return x + p.x.Offset(0, image, row * p.stride.h - p.pad.top, -p.pad.left);
  };
  RunOnRows<T>(p, args, begin, end, threads, OffsetsOf(p), rows, stored);
}

template <class T>
void Run(const ConvProblem& p, const ConvArgs& args, int begin, int end, int threads) noexcept {
  RunOnTensor<T>(p, args, begin, end, threads, nullptr);
}
template <class W>
void RunStored(const ConvProblem& p, const ConvArgs& args, int begin, int end,
               int threads) noexcept {
  StoredWeights<float> stored = {.panel_bytes = StoredPanelBytes(p), .widen = WidenPanels<W>};
  if constexpr (kPixelTilesWiden) stored.run_pixel = RunStoredPixel<W>;
  RunOnTensor<float>(p, args, begin, end, threads, &stored);
}

// Rows that compute in T; Other is the type besides float32 that they write and add.
template <class T, class Other = T>
bool AcceptsDense(const ConvProblem& p) {
  const bool fp16 = std::is_same_v<T, F16>;
  return p.groups == 1 && IsC16Of<T>(p.x) && IsC16UpTo<Other>(p.y) &&
         (!p.has_residual || IsC16UpTo<Other>(p.residual)) && Covers(p.x.halo, p.pad) &&
         p.kernel.h * p.kernel.w <= kMaxTaps &&
         (!fp16 || (p.stride.w <= 2 && KeepsZeroLanes(p.activation, p.y)));
}
template <class T, class Other = T>
bool AcceptsPointwise(const ConvProblem& p) {
  return p.pointwise() && AcceptsDense<T, Other>(p);
}

template <class T, int kSide>
bool AcceptsWinograd(const ConvProblem& p) {
  return p.in_squares(kSide) && AcceptsDense<T>(p) && IsC16Of<T>(p.y) &&
         KeepsZeroLanes(p.activation, p.y);
}

template <class T>
bool AcceptsStem(const ConvProblem& p) {
  return p.groups == 1 && p.x.dtype == DType::kF32 && p.x.layout == Layout::kNhwc &&
         IsC16UpTo<T>(p.y) && (!p.has_residual || IsC16UpTo<T>(p.residual)) &&
         Covers(p.x.halo, p.pad) && p.kernel.h <= kMaxTaps && p.dilation.w == 1;
}

template <class T>
constexpr auto* kPack = &PackPanels<T>;
#ifdef MNV4_TARGET_FP16
template <>
constexpr auto* kPack<F16> = &PackFp16;
#endif

template <class T>
size_t PackedBytes(const ConvProblem& p) {
  const auto whole = std::is_same_v<T, F16> ? kFp16Panel / kBlock : 1;
  return RoundUp(static_cast<size_t>(p.y.blocks()), whole) * BytesOfPanel<T>(p);
}

template <class T>
constexpr ConvKernel Row(const char* name, Isa needs, Layout x,
                         bool (*accepts)(const ConvProblem&)) {
  return {
      .name = name,
      .needs = needs,
      .x = x,
      .x_type = kTypeOf<T>,
      .accepts = accepts,
      .wants_halo = true,
      .packed_bytes = PackedBytes<T>,
      .scratch_bytes = [](const ConvProblem&) -> size_t { return 0; },
      .pack = kPack<T>,
      .units = [](const ConvProblem& p, int threads) { return SplitOf<T>(p, threads).units(); },
      .run = Run<T>,
      .first_weights =
          [](const ConvProblem& p, const void* packed, int unit, int threads) {
            return WeightsAt<T>(p, packed, unit, threads, BytesOfPanel<T>(p));
          },
  };
}

template <class T, int kSide>
constexpr ConvKernel WinogradRow(const char* name, Isa needs) {
  ConvKernel row = Row<T>(name, needs, Layout::kC16, AcceptsWinograd<T, kSide>);
  row.products = Squares<kSide>::kPlanes / (9.0 * kSide * kSide);
  row.packed_bytes = [](const ConvProblem& p) { return PackedBytes<T>(OfPlanes<kSide>(p)); };
  row.scratch_bytes = WinogradScratch<T, kSide>;
  row.pack = [](const ConvProblem& p, const float* oihw, std::span<const float> scale,
                std::span<const float> bias, void* packed) {
    kPack<T>(OfPlanes<kSide>(p), WeightsOfPlanes<kSide>(p, oihw).data(), scale, bias, packed);
  };
  row.units = [](const ConvProblem& p, int threads) {
    return SquareTiles<T, kSide>(p, threads).parts();
  };
  row.run = [](const ConvProblem& p, const ConvArgs& args, int begin, int end,
               int threads) noexcept {
    Winograd<T, kSide>(p, args, threads, BytesOfPanel<T>(OfPlanes<kSide>(p))).Run(begin, end);
  };
  row.first_weights = [](const ConvProblem& p, const void* packed, int, int) {
    return GroupOf(p, packed, 0, kSquarePanels<T>, BytesOfPanel<T>(OfPlanes<kSide>(p)));
  };
  return row;
}

constexpr ConvKernel StrassenRow(const char* name, Isa needs) {
  ConvKernel row = Row<float>(name, needs, Layout::kC16, AcceptsStrassen);
  row.products = kProducts / 8.0;
  row.packed_bytes = [](const ConvProblem& p) {
    return static_cast<size_t>(StrassenWeights(p).bytes());
  };
  row.scratch_bytes = Strassen::ScratchBytes;
  row.pack = PackStrassen;
  row.units = [](const ConvProblem& p, int threads) { return StrassenSplit(p, threads).units(); };
  row.run = [](const ConvProblem& p, const ConvArgs& args, int begin, int end,
               int threads) noexcept { Strassen(p, args, threads).Run(begin, end); };
  row.first_weights = [](const ConvProblem& p, const void* packed, int unit, int threads) {
    const int group = StrassenSplit(p, threads).RunAt(unit, unit + 1).group;
    return StrassenWeights(p).Of(packed, 0, group);
  };
  return row;
}

template <class W>
constexpr ConvKernel StoredRow(const char* name, bool (*accepts)(const ConvProblem&)) {
  ConvKernel row = Row<float>(name, MNV4_TARGET_ISA, Layout::kC16, accepts);
  row.stored = kTypeOf<W>;
  row.packed_bytes = [](const ConvProblem& p) {
    return static_cast<size_t>(p.y.blocks() * StoredPanelBytes(p));
  };
  row.scratch_bytes = [](const ConvProblem& p) {
    const int64_t bytes = WidensBefore(p) ? GroupPanels<float>(p) * PanelBytes<float>(p) : 0;
    return static_cast<size_t>(bytes);
  };
  row.pack = PackStored<W>;
  row.run = RunStored<W>;
  row.first_weights = [](const ConvProblem& p, const void* packed, int unit, int threads) {
    return WeightsAt<float>(p, packed, unit, threads, StoredPanelBytes(p));
  };
  return row;
}

#ifdef MNV4_TARGET_FP16
// The picture is float32.
template <class T>
void RunRoundedStem(const ConvProblem& p, const ConvArgs& args, int begin, int end,
                    int threads) noexcept {
  RoundedRows<T> picture(p, args);
  RunOnRows<T>(p, args, begin, end, threads, picture.offsets(),
               [&](int image, int row) { return picture.For(image, row); });
}

template <class T>
constexpr ConvKernel RoundedStem(const char* name, Isa needs) {
  ConvKernel row = Row<T>(name, needs, Layout::kNhwc, AcceptsStem<T>);
  row.x_type = DType::kF32;
  row.scratch_bytes = RoundedRows<T>::Bytes;
  row.run = RunRoundedStem<T>;
  return row;
}
#endif

}  // namespace

constinit const ConvKernel kPointwiseConv = Row<float>(
    "pointwise-" MNV4_TARGET_NAME, MNV4_TARGET_ISA, Layout::kC16, AcceptsPointwise<float>);
constinit const ConvKernel kStrassenConv =
    StrassenRow("strassen-" MNV4_TARGET_NAME, MNV4_TARGET_ISA);
constinit const ConvKernel kDenseConv =
    Row<float>("dense-" MNV4_TARGET_NAME, MNV4_TARGET_ISA, Layout::kC16, AcceptsDense<float>);
constinit const ConvKernel kWinogradConv[] = {
    WinogradRow<float, 4>("winograd-4x4-" MNV4_TARGET_NAME, MNV4_TARGET_ISA),
    WinogradRow<float, 2>("winograd-2x2-" MNV4_TARGET_NAME, MNV4_TARGET_ISA)};
constinit const ConvKernel kStemConv =
    Row<float>("stem-" MNV4_TARGET_NAME, MNV4_TARGET_ISA, Layout::kNhwc, AcceptsStem<float>);

constinit const ConvKernel kStoredConv[] = {
    StoredRow<BF16>("pointwise-" MNV4_TARGET_NAME "-bf16w", AcceptsPointwise<float>),
    StoredRow<BF16>("dense-" MNV4_TARGET_NAME "-bf16w", AcceptsDense<float>),
    StoredRow<F16>("pointwise-" MNV4_TARGET_NAME "-fp16w", AcceptsPointwise<float>),
    StoredRow<F16>("dense-" MNV4_TARGET_NAME "-fp16w", AcceptsDense<float>)};

#if HWY_TARGET == HWY_AVX3
constinit const ConvKernel kPointwiseConvBf16 =
    Row<BF16>("pointwise-bf16", Isa::kBf16, Layout::kC16, AcceptsPointwise<BF16>);
constinit const ConvKernel kDenseConvBf16 =
    Row<BF16>("dense-bf16", Isa::kBf16, Layout::kC16, AcceptsDense<BF16>);
constinit const ConvKernel kStemConvBf16 = [] {
  ConvKernel row = RoundedStem<BF16>("stem-bf16", Isa::kBf16);
  row.accepts = [](const ConvProblem& p) {
    return p.y.dtype == DType::kBF16 && AcceptsStem<BF16>(p);  // else the other stem is exact
  };
  return row;
}();
#endif

#ifdef MNV4_TARGET_FP16
constinit const ConvKernel kPointwiseConvFp16 =
    Row<F16>("pointwise-fp16", MNV4_TARGET_FP16, Layout::kC16, AcceptsPointwise<F16>);
constinit const ConvKernel kDenseConvFp16 =
    Row<F16>("dense-fp16", MNV4_TARGET_FP16, Layout::kC16, AcceptsDense<F16>);
constinit const ConvKernel kWinogradConvFp16 =
    WinogradRow<F16, 2>("winograd-2x2-fp16", MNV4_TARGET_FP16);
constinit const ConvKernel kStemConvFp16 = [] {
  ConvKernel row = RoundedStem<F16>("stem-fp16", MNV4_TARGET_FP16);
  row.accepts = [](const ConvProblem& p) {
    return p.y.dtype == DType::kF16 && p.stride.w * p.x.c == kFp16PictureStride &&
           AcceptsStem<F16>(p) && KeepsZeroLanes(p.activation, p.y);
  };
  return row;
}();
constinit const ConvKernel kFloatConvFp16[] = {
    Row<float>("pointwise-" MNV4_TARGET_NAME, MNV4_TARGET_ISA, Layout::kC16,
               AcceptsPointwise<float, F16>),
    Row<float>("dense-" MNV4_TARGET_NAME, MNV4_TARGET_ISA, Layout::kC16, AcceptsDense<float, F16>),
    Row<float>("stem-" MNV4_TARGET_NAME, MNV4_TARGET_ISA, Layout::kNhwc, AcceptsStem<F16>)};
#endif

}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
