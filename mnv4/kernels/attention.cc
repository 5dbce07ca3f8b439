// Attention, a tile of queries at a time: scores in L1, softmax in place, product with the values.
// Both products are the tile of gemm-inl.h: the keys are transposed once per head group, and values
// in C16 layout are a right operand as they lie.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/kernels/attention.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target
// must follow foreach_target.h
#include <hwy/highway.h>

#include "mnv4/kernels/gemm-inl.h"
#include "mnv4/kernels/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

// Sizes of one problem. A panel is 16 tokens.
struct Sizes {
  explicit Sizes(const AttentionProblem& p)
      : dim(p.q.c / p.heads),
        queries(p.q.h * p.q.w),
        tokens(p.k.h * p.k.w),
        panels((tokens + kBlock - 1) / kBlock),
        tiles((queries + kTileRows - 1) / kTileRows) {}

  int dim, queries, tokens, panels, tiles;

  int64_t key_floats() const { return int64_t{panels} * dim * kBlock; }
  int64_t score_floats() const { return int64_t{panels} * kTileRows * kBlock; }
  int64_t mean_floats() const { return int64_t{dim} * kTileRows; }
};

// keys[panel][dim][16 tokens] from k[dim / 16][token][16]; tokens past the end are zero.
void TransposeKeys(const AttentionProblem& p, const Sizes& sizes, const float* k, float* keys) {
  for (int panel = 0; panel < sizes.panels; ++panel) {
    const int first = panel * kBlock;
    const int real = std::min(kBlock, sizes.tokens - first);
    for (int block = 0; block < sizes.dim / kBlock; ++block) {
      const float* in = k + block * p.k.block_stride() + int64_t{first} * kBlock;
      for (int i = 0; i < kBlock; ++i, keys += kBlock) {
        for (int t = 0; t < real; ++t) keys[t] = in[t * kBlock + i];
        for (int t = real; t < kBlock; ++t) keys[t] = 0;
      }
    }
  }
}

// One tile of `rows` pixels of x times the panels [0, count) of the right operand.
void Product(Tile<float> tile, int rows, int count) {
  for (int panel = 0; panel < count; panel += kTilePanels) {
    if (panel + kTilePanels <= count) {
      kTiles<float, kTilePanels, kBlock>[rows - 1](tile, kBlock);
    } else {
      kTiles<float, 1, kBlock>[rows - 1](tile, kBlock);
    }
    tile.weights += kTilePanels * tile.panel_stride;
    tile.y.Advance(kTilePanels * tile.y.block_stride);
  }
}

// softmax(scale * row) in place for kRows rows at once, so that they wait for their sums together;
// scores[panel][rows][16], the first of these rows at `row`.
template <int kRows>
HWY_INLINE void Softmax(const Sizes& sizes, int rows, float scale, float* row) {
  const int64_t stride = int64_t{rows} * kBlock;
  float* const last = row + (sizes.panels - 1) * stride;
  for (int r = 0; r < kRows; ++r) {
    for (int t = sizes.tokens - (sizes.panels - 1) * kBlock; t < kBlock; ++t) {
      last[r * kBlock + t] = -kInfinity;
    }
  }
  const auto for_each = [&](auto function) HWY_ATTR {
    for (int panel = 0; panel < sizes.panels; ++panel) {
      HWY_UNROLL(4)
      for (int r = 0; r < kRows; ++r) {
        HWY_UNROLL(4)
        for (int i = 0; i < kBlockVectors; ++i) {
          function(r, row + panel * stride + r * kBlock + i * kLanes);
        }
      }
    }
  };

  Vec highest[kRows], sum[kRows];
  for (int r = 0; r < kRows; ++r) highest[r] = hn::Load(kF32, row + r * kBlock);
  for_each([&](int r, const float* at)
               HWY_ATTR { highest[r] = hn::Max(hn::Load(kF32, at), highest[r]); });
  for (int r = 0; r < kRows; ++r) {
    highest[r] = hn::MaxOfLanes(kF32, highest[r]);
    sum[r] = hn::Zero(kF32);
  }

  const Vec factor = hn::Set(kF32, scale * 1.44269504f);  // log2(e)
  for_each([&](int r, float* at) HWY_ATTR {
    const Vec power = Exp2(hn::Mul(hn::Sub(hn::Load(kF32, at), highest[r]), factor));
    hn::Store(power, kF32, at);
    sum[r] = hn::Add(sum[r], power);
  });
  for (int r = 0; r < kRows; ++r) {
    sum[r] = hn::Div(hn::Set(kF32, 1.0f), hn::SumOfLanes(kF32, sum[r]));
  }
  for_each([&](int r, float* at)
               HWY_ATTR { hn::Store(hn::Mul(hn::Load(kF32, at), sum[r]), kF32, at); });
}

// means[dim / 16][rows][16] to y, which is not float32, the first row at pixel `first` of the
// image.
template <class Y>
void StoreMeans(const AttentionProblem& p, const Sizes& sizes, const float* means, int panel,
                int image, int first, int rows, Y* y) {
  for (int i = 0; i < sizes.dim / kBlock; ++i) {
    Y* const at = y + p.y.PanelOffset(panel + i, image, 0, first);
    for (int row = 0; row < rows; ++row, means += kBlock) {
      for (int lane = 0; lane < kBlock; lane += kLanes) {
        StoreFromF32(hn::Load(kF32, means + lane), at + row * p.y.pixel_stride() + lane);
      }
    }
    if constexpr (std::is_same_v<Y, BF16>) {
      if (IsLines(p.y)) ZeroRestOfLine(p.y, panel + i, at, rows);
    }
  }
}

// A unit is one tile of queries of one head; heads that share their keys follow each other.
void Run(const AttentionProblem& p, const AttentionArgs& args, int begin, int end) noexcept {
  const Sizes sizes(p);
  const int64_t no_taps = 0;
  auto* const keys = static_cast<float*>(args.scratch);
  float* const scores = keys + sizes.key_floats();
  float* const means = scores + sizes.score_floats();
  int transposed = -1;  // image and head group whose keys lie in `keys`

  for (int unit = begin; unit < end; ++unit) {
    const int tile_index = unit % sizes.tiles;
    const int head = unit / sizes.tiles % p.heads;
    const int image = unit / sizes.tiles / p.heads;
    const int kv_head = head / (p.heads / p.kv_heads);
    const int kv_block = kv_head * sizes.dim / kBlock;
    if (const int group = image * p.kv_heads + kv_head; group != transposed) {
      const auto* k = static_cast<const float*>(args.k);
      TransposeKeys(p, sizes, k + p.k.Offset(kv_block, image, 0, 0), keys);
      transposed = group;
    }
    const int first = static_cast<int>(int64_t{sizes.queries} * tile_index / sizes.tiles);
    const int rows =
        static_cast<int>(int64_t{sizes.queries} * (tile_index + 1) / sizes.tiles) - first;
    const int64_t pixels = int64_t{first} * kBlock;
    const int block = head * sizes.dim / kBlock;

    Tile<float> tile;
    tile.taps = &no_taps;
    tile.limits = LimitsOf(Activation::kNone);

    tile.x = static_cast<const float*>(args.q) + p.q.Offset(block, image, 0, 0) + pixels;
    tile.x_block_stride = p.q.block_stride();
    tile.depth = sizes.dim;
    tile.weights = keys;
    tile.panel_stride = int64_t{sizes.dim} * kBlock;
    tile.y = {.at = scores, .block_stride = int64_t{rows} * kBlock};
    Product(tile, rows, sizes.panels);

    int row = 0;
    for (; row + 4 <= rows; row += 4) Softmax<4>(sizes, rows, p.scale, scores + row * kBlock);
    for (; row < rows; ++row) Softmax<1>(sizes, rows, p.scale, scores + row * kBlock);

    tile.x = scores;
    tile.x_block_stride = int64_t{rows} * kBlock;
    tile.depth = sizes.tokens;
    tile.weights = static_cast<const float*>(args.v) + p.v.Offset(kv_block, image, 0, 0);
    tile.panel_stride = p.v.block_stride();
    const bool narrow = p.y.dtype != DType::kF32;
    tile.y = narrow
                 ? TileMap<void>{.at = means, .block_stride = int64_t{rows} * kBlock}
                 : TileMap<void>{.at = p.y.Forward(args.y, p.y.Offset(block, image, 0, 0) + pixels),
                                 .block_stride = p.y.block_stride()};
    Product(tile, rows, sizes.dim / kBlock);
    if (!narrow) continue;
#if HWY_TARGET == HWY_AVX3
    if (p.y.dtype == DType::kBF16) {
      StoreMeans(p, sizes, means, block, image, first, rows, static_cast<BF16*>(args.y));
    }
#endif
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
    if (p.y.dtype == DType::kF16) {
      StoreMeans(p, sizes, means, block, image, first, rows, static_cast<F16*>(args.y));
    }
#endif
  }
}

bool Accepts(const AttentionProblem& p) {
  const auto plain = [](const Desc& desc) { return IsF32C16(desc) && desc.dense(); };
  const bool writes = IsF32C16(p.y) || (kHasBf16 && (IsC16Of<BF16>(p.y) || IsLines(p.y))) ||
                      (kHasF16 && IsC16Of<F16>(p.y));
  return plain(p.q) && plain(p.k) && plain(p.v) && writes && p.y.dense() &&
         p.q.c / p.heads % kBlock == 0;
}

}  // namespace

constinit const AttentionKernel kAttention = {
    .name = "attention-" MNV4_TARGET_NAME,
    .needs = MNV4_TARGET_ISA,
    .accepts = Accepts,
    .scratch_bytes =
        [](const AttentionProblem& p) {
          const Sizes sizes(p);
          return static_cast<size_t>(sizes.key_floats() + sizes.score_floats() +
                                     sizes.mean_floats()) *
                 sizeof(float);
        },
    .units = [](const AttentionProblem& p) { return p.q.n * p.heads * Sizes(p).tiles; },
    .run = Run,
};

}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
