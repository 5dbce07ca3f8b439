// Convolutions without groups as matrix products: 1x1, k x k on C16 maps, and the stem on the NHWC
// picture. All are the tile of gemm-inl.h; only the addresses of the k-blocks differ.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/kernels/dense_conv.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target
// must follow foreach_target.h
#include <hwy/highway.h>

#include "mnv4/base/aligned_buffer.h"
#include "mnv4/kernels/gemm-inl.h"
#include "mnv4/kernels/panel_split.h"
#include "mnv4/kernels/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

constexpr int kMaxTaps = 64;

// Where the k-blocks of an output pixel lie. The picture's rows are c_in values per pixel side by
// side, so one tap covers a whole row of the kernel.
struct Taps {
  int64_t offsets[kMaxTaps];
  int count = 0;
  int depth = 0;             // values of one tap
  int64_t block_stride = 0;  // from 16 values of a tap to the next 16
};

Taps TapsOf(const ConvProblem& p) {
  Taps taps;
  const int64_t row = p.x.columns() * p.x.pixel_stride() * p.dilation.h;
  if (p.x.layout == Layout::kNhwc) {
    taps.depth = p.kernel.w * p.x.c;
    taps.block_stride = kBlock;
    for (int ky = 0; ky < p.kernel.h; ++ky) taps.offsets[taps.count++] = ky * row;
    return taps;
  }
  taps.depth = p.x.c;
  taps.block_stride = p.x.block_stride();
  for (int ky = 0; ky < p.kernel.h; ++ky) {
    for (int kx = 0; kx < p.kernel.w; ++kx) {
      taps.offsets[taps.count++] = ky * row + int64_t{kx} * p.dilation.w * kBlock;
    }
  }
  return taps;
}

// A panel is 16 biases, then [k.h][k.w][c_in] rows of 16 weights: in cache lines 1 + K.
int64_t PanelFloats(const ConvProblem& p) {
  return kBlock * (1 + int64_t{p.kernel.h} * p.kernel.w * p.x.c);
}

void Pack(const ConvProblem& p, const float* oihw, std::span<const float> scale,
          std::span<const float> bias, void* packed) {
  const int taps = p.kernel.h * p.kernel.w;
  auto* out = static_cast<float*>(packed);
  for (int panel = 0; panel < p.y.blocks(); ++panel, out += PanelFloats(p)) {
    for (int lane = 0; lane < kBlock; ++lane) {
      const int c = panel * kBlock + lane;
      const bool real = c < p.y.c;
      const float factor = real && !scale.empty() ? scale[c] : 1;
      out[lane] = real && !bias.empty() ? bias[c] : 0;
      for (int tap = 0; tap < taps; ++tap) {
        for (int i = 0; i < p.x.c; ++i) {
          const int64_t from = (int64_t{c} * p.x.c + i) * taps + tap;
          out[(1 + tap * p.x.c + i) * kBlock + lane] = real ? oihw[from] * factor : 0;
        }
      }
    }
  }
}

bool IsSinglePixel(const ConvProblem& p) { return p.y.n * p.y.h * p.y.w == 1; }
int GroupPanels(const ConvProblem& p) { return IsSinglePixel(p) ? kPixelPanels : kTilePanels; }

int Units(const ConvProblem& p, int threads) {
  return SplitPanels(p, kTileRows, GroupPanels(p), threads).units();
}

void Run(const ConvProblem& p, const ConvArgs& args, int begin, int end, int threads) noexcept {
  const int group_panels = GroupPanels(p);
  const PanelSplit split = SplitPanels(p, kTileRows, group_panels, threads);
  const Taps taps = TapsOf(p);
  const int64_t panel_floats = PanelFloats(p);
  const int64_t pixel_stride = p.stride.w * p.x.pixel_stride();
  const auto* packed = static_cast<const float*>(args.packed);

  Tile tile;
  tile.taps = taps.offsets;
  tile.num_taps = taps.count;
  tile.depth = taps.depth;
  tile.x_block_stride = taps.block_stride;
  tile.panel_stride = panel_floats;
  tile.y_block_stride = p.y.block_stride();
  tile.residual_block_stride = p.residual.block_stride();
  tile.limits = LimitsOf(p.activation);

  const int k_blocks = taps.count * ((taps.depth + kBlock - 1) / kBlock);
  const int group_lines = static_cast<int>(panel_floats) / kBlock * group_panels;
  for (int unit = begin; unit < end;) {
    const PanelRun run = split.RunAt(unit, end);
    const int block = run.group * group_panels;
    const int panels = std::min(group_panels, p.y.blocks() - block);
    const int ox = split.row.Begin(run.tile_begin);

    tile.x = static_cast<const float*>(args.x) + ox * pixel_stride +
             p.x.Offset(0, run.image, run.row * p.stride.h - p.pad.top, -p.pad.left);
    tile.prefetch_x = run.group == 0;  // later groups find x in L2
    tile.bias = packed + block * panel_floats;
    tile.weights = tile.bias + kBlock;
    tile.y = static_cast<float*>(args.y) + p.y.Offset(block, run.image, run.row, ox);
    if (p.has_residual) {
      tile.residual = static_cast<const float*>(args.residual) +
                      p.residual.Offset(block, run.image, run.row, ox);
    }

    // While one group of panels is used, the next comes from afar, a few lines for every k-block.
    // A single pixel reads panels as fast as the hardware fetches them by itself: 1.5x faster.
    const bool last_group = unit - run.tile_of_chunk + run.chunk_tiles >= end;
    const void* next = last_group                      ? args.next_packed
                       : IsSinglePixel(p)              ? nullptr
                       : run.group + 1 == split.groups ? packed
                                                       : tile.bias + group_panels * panel_floats;
    const int chunk_k_blocks = k_blocks * run.chunk_tiles;
    tile.prefetch_lines = next == nullptr ? 0 : (group_lines + chunk_k_blocks - 1) / chunk_k_blocks;
    const int tile_lines = tile.prefetch_lines * k_blocks;
    tile.prefetch =
        static_cast<const std::byte*>(next) + int64_t{kCacheLine} * tile_lines * run.tile_of_chunk;

    for (int i = run.tile_begin; i < run.tile_end; ++i) {
      const int pixels = split.row.Size(i);
      RunPanels(pixels, panels, tile, pixel_stride);
      for (int panel = 0; panel < panels; ++panel) {
        ActivateStored(p.activation, tile.y + panel * tile.y_block_stride, pixels * kBlock);
      }
      tile.x += pixels * pixel_stride;
      tile.y += pixels * kBlock;
      if (p.has_residual) tile.residual += pixels * kBlock;
      tile.prefetch += kCacheLine * tile_lines;
    }
    unit = run.unit_end;
  }
}

bool Covers(const Padding& halo, const Padding& pad) {
  return halo.top >= pad.top && halo.left >= pad.left && halo.bottom >= pad.bottom &&
         halo.right >= pad.right;
}

bool AcceptsDense(const ConvProblem& p) {
  return p.groups == 1 && IsF32C16(p.x) && IsF32C16(p.y) &&
         (!p.has_residual || IsF32C16(p.residual)) && Covers(p.x.halo, p.pad) &&
         p.kernel.h * p.kernel.w <= kMaxTaps && KeepsZeroLanes(p.activation, p.y);
}

bool AcceptsStem(const ConvProblem& p) {
  return p.groups == 1 && p.x.dtype == DType::kF32 && p.x.layout == Layout::kNhwc &&
         IsF32C16(p.y) && (!p.has_residual || IsF32C16(p.residual)) && Covers(p.x.halo, p.pad) &&
         p.kernel.h <= kMaxTaps && p.dilation.w == 1 && KeepsZeroLanes(p.activation, p.y);
}

constexpr ConvKernel Row(const char* name, Layout x, bool (*accepts)(const ConvProblem&)) {
  return {
      .name = name,
      .needs = MNV4_TARGET_ISA,
      .x = x,
      .y = Layout::kC16,
      .accepts = accepts,
      .wants_halo = true,
      .packed_bytes =
          [](const ConvProblem& p) { return p.y.blocks() * PanelFloats(p) * sizeof(float); },
      .scratch_bytes = [](const ConvProblem&) -> size_t { return 0; },
      .pack = Pack,
      .units = Units,
      .run = Run,
  };
}

}  // namespace

constinit const ConvKernel kPointwiseConv =
    Row("pointwise-" MNV4_TARGET_NAME, Layout::kC16,
        [](const ConvProblem& p) { return p.pointwise() && AcceptsDense(p); });
constinit const ConvKernel kDenseConv = Row("dense-" MNV4_TARGET_NAME, Layout::kC16, AcceptsDense);
constinit const ConvKernel kStemConv = Row("stem-" MNV4_TARGET_NAME, Layout::kNhwc, AcceptsStem);

}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
