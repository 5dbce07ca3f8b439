// Convolutions without groups as matrix products: 1x1, k x k on C16 maps, and the stem on the NHWC
// picture. All are the tile of gemm-inl.h; only the addresses of the k-blocks differ.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/kernels/dense_conv.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target
// must follow foreach_target.h
#include <hwy/highway.h>

#include "mnv4/kernels/dense_sum-inl.h"
#include "mnv4/kernels/gemm-inl.h"
#include "mnv4/kernels/panel_split.h"
#include "mnv4/kernels/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

bool IsSinglePixel(const ConvProblem& p) { return p.y.n * p.y.h * p.y.w == 1; }
int GroupPanels(const ConvProblem& p) { return IsSinglePixel(p) ? kPixelPanels : kTilePanels; }

PanelSplit SplitOf(const ConvProblem& p, int threads) {
  return SplitPanels(p, {.tile_pixels = kTileRows, .group_panels = GroupPanels(p)}, threads);
}
int Units(const ConvProblem& p, int threads) { return SplitOf(p, threads).units(); }

// rows(image, row): where the first tap of output row `row` begins, in elements of T, whose other
// taps lie at `offsets`.
template <class T, class Rows>
void RunOnRows(const ConvProblem& p, const ConvArgs& args, int begin, int end, int threads,
               const Offsets& offsets, Rows rows) {
  const int group_panels = GroupPanels(p);
  const PanelSplit split = SplitOf(p, threads);
  const Sum sum(p);
  const int64_t panel_bytes = PanelBytes<T>(p);
  const int64_t pixel_stride = p.stride.w * p.x.pixel_stride();
  const auto* packed = static_cast<const std::byte*>(args.packed);

  Tile<T> tile;
  tile.taps = offsets.at;
  tile.num_taps = sum.taps;
  tile.depth = sum.depth;
  tile.x_block_stride = sum.rows ? kBlock : p.x.block_stride();
  tile.biased = true;
  tile.panel_stride = panel_bytes / static_cast<int64_t>(sizeof(T));
  tile.y = {.dtype = p.y.dtype, .block_stride = p.y.block_stride()};
  tile.residual = {.dtype = p.residual.dtype, .block_stride = p.residual.block_stride()};
  tile.limits = LimitsOf(p.activation);

  const int k_blocks = sum.taps * ((sum.depth + kBlock - 1) / kBlock);
  const int group_lines = static_cast<int>(panel_bytes) / kCacheLine * group_panels;
  for (int unit = begin; unit < end;) {
    const PanelRun run = split.RunAt(unit, end);
    const int block = run.group * group_panels;
    const int panels = std::min(group_panels, p.y.blocks() - block);
    const int ox = split.row.Begin(run.tile_begin);

    tile.x = rows(run.image, run.row) + ox * pixel_stride;
    tile.prefetch_x = run.group == 0;  // later groups find x in L2
    const std::byte* const panel = packed + block * panel_bytes;
    tile.weights = reinterpret_cast<const T*>(panel + kCacheLine);
    tile.y.at = p.y.Forward(args.y, p.y.Offset(block, run.image, run.row, ox));
    if (p.has_residual) {
      tile.residual.at =
          p.residual.Forward(args.residual, p.residual.Offset(block, run.image, run.row, ox));
    }

    // While one group of panels is used, the next comes from afar, a few lines for every k-block.
    // A single pixel reads panels as fast as the hardware fetches them by itself: 1.5x faster.
    const bool last_group = unit - run.tile_of_chunk + run.chunk_tiles >= end;
    const void* next = last_group                      ? args.next_packed
                       : IsSinglePixel(p)              ? nullptr
                       : run.group + 1 == split.groups ? packed
                                                       : panel + group_panels * panel_bytes;
    const int chunk_k_blocks = k_blocks * run.chunk_tiles;
    tile.prefetch_lines = next == nullptr ? 0 : (group_lines + chunk_k_blocks - 1) / chunk_k_blocks;
    const int tile_lines = tile.prefetch_lines * k_blocks;
    tile.prefetch =
        static_cast<const std::byte*>(next) + int64_t{kCacheLine} * tile_lines * run.tile_of_chunk;

    for (int i = run.tile_begin; i < run.tile_end; ++i) {
      const int pixels = split.row.Size(i);
      RunPanels(pixels, panels, tile, pixel_stride);
      for (int of_group = 0; of_group < panels; ++of_group) {
        void* const stored = p.y.Forward(tile.y.at, of_group * tile.y.block_stride);
        WithType(p.y.dtype, stored, [&](auto* values) HWY_ATTR {
          ActivateStored(p.activation, values, pixels * kBlock);
        });
      }
      tile.x += pixels * pixel_stride;
      tile.y.Advance(pixels * kBlock);
      if (p.has_residual) tile.residual.Advance(pixels * kBlock);
      tile.prefetch += kCacheLine * tile_lines;
    }
    unit = run.unit_end;
  }
}

template <class T>
void Run(const ConvProblem& p, const ConvArgs& args, int begin, int end, int threads) noexcept {
  const auto* const x = static_cast<const T*>(args.x);
  RunOnRows<T>(p, args, begin, end, threads, OffsetsOf(p), [&](int image, int row) {
    return x + p.x.Offset(0, image, row * p.stride.h - p.pad.top, -p.pad.left);
  });
}

#if HWY_TARGET == HWY_AVX3
// The picture is float32.
void RunStemBf16(const ConvProblem& p, const ConvArgs& args, int begin, int end,
                 int threads) noexcept {
  RoundedRows<kStep<BF16>> picture(p, args);
  RunOnRows<BF16>(p, args, begin, end, threads, picture.offsets(),
                  [&](int image, int row) { return picture.For(image, row); });
}
#endif

template <class T>
bool AcceptsDense(const ConvProblem& p) {
  return p.groups == 1 && IsC16Of<T>(p.x) && IsC16UpTo<T>(p.y) &&
         (!p.has_residual || IsC16UpTo<T>(p.residual)) && Covers(p.x.halo, p.pad) &&
         p.kernel.h * p.kernel.w <= kMaxTaps;
}
template <class T>
bool AcceptsPointwise(const ConvProblem& p) {
  return p.pointwise() && AcceptsDense<T>(p);
}

template <class T>
bool AcceptsStem(const ConvProblem& p) {
  return p.groups == 1 && p.x.dtype == DType::kF32 && p.x.layout == Layout::kNhwc &&
         IsC16UpTo<T>(p.y) && (!p.has_residual || IsC16UpTo<T>(p.residual)) &&
         Covers(p.x.halo, p.pad) && p.kernel.h <= kMaxTaps && p.dilation.w == 1;
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
      .packed_bytes = [](const ConvProblem& p) -> size_t {
        return p.y.blocks() * PanelBytes<T>(p);
      },
      .scratch_bytes = [](const ConvProblem&) -> size_t { return 0; },
      .pack = PackPanels<T>,
      .units = Units,
      .run = Run<T>,
  };
}

}  // namespace

constinit const ConvKernel kPointwiseConv = Row<float>(
    "pointwise-" MNV4_TARGET_NAME, MNV4_TARGET_ISA, Layout::kC16, AcceptsPointwise<float>);
constinit const ConvKernel kDenseConv =
    Row<float>("dense-" MNV4_TARGET_NAME, MNV4_TARGET_ISA, Layout::kC16, AcceptsDense<float>);
constinit const ConvKernel kStemConv =
    Row<float>("stem-" MNV4_TARGET_NAME, MNV4_TARGET_ISA, Layout::kNhwc, AcceptsStem<float>);

#if HWY_TARGET == HWY_AVX3
constinit const ConvKernel kPointwiseConvBf16 =
    Row<BF16>("pointwise-bf16", Isa::kBf16, Layout::kC16, AcceptsPointwise<BF16>);
constinit const ConvKernel kDenseConvBf16 =
    Row<BF16>("dense-bf16", Isa::kBf16, Layout::kC16, AcceptsDense<BF16>);
constinit const ConvKernel kStemConvBf16 = [] {
  ConvKernel row = Row<BF16>("stem-bf16", Isa::kBf16, Layout::kNhwc, AcceptsStem<BF16>);
  row.accepts = [](const ConvProblem& p) {
    return p.y.dtype == DType::kBF16 && AcceptsStem<BF16>(p);  // else the other stem is exact
  };
  row.x_type = DType::kF32;
  row.scratch_bytes = RoundedRows<kStep<BF16>>::Bytes;
  row.run = RunStemBf16;
  return row;
}();
#endif

}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
