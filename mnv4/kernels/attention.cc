// Attention, a tile of queries at a time: scores in L1, softmax, product with the values. Both
// products are tiles of convolutions, whose weights are the keys, transposed once per head group,
// and the values: in float32 those of gemm-inl.h, in fp16 those of fp16_tiles.h.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/kernels/attention.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target
// must follow foreach_target.h
#include <hwy/highway.h>

#include "mnv4/kernels/fp16_panels-inl.h"
#include "mnv4/kernels/gemm-inl.h"
#include "mnv4/kernels/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

template <class T>
constexpr bool kIsF16 = std::is_same_v<T, F16>;
template <class T>
constexpr int kPanel = kIsF16<T> ? kFp16Panel : kBlock;  // tokens of keys, channels of values

// Sizes of one problem, and what a thread keeps in its scratch.
template <class T>
struct Sizes {
  explicit Sizes(const AttentionProblem& p)
      : dim(p.q.c / p.heads),
        queries(p.q.h * p.q.w),
        tokens(p.k.h * p.k.w),
        tiles((queries + kTilePixels<T> - 1) / kTilePixels<T>) {}

  int dim, queries, tokens, tiles;

  int token_blocks() const { return (tokens + kBlock - 1) / kBlock; }
  int token_panels() const { return (tokens + kPanel<T> - 1) / kPanel<T>; }
  int dim_panels() const { return (dim + kPanel<T> - 1) / kPanel<T>; }

  int64_t keys() const { return int64_t{token_panels()} * dim * kPanel<T>; }
  int64_t scores() const { return int64_t{token_panels()} * kTilePixels<T> * kPanel<T>; }
  int64_t means() const { return int64_t{dim_panels()} * kTilePixels<T> * kPanel<T>; }
  // float32's values are panels as they lie, and its powers replace the scores.
  int64_t values() const { return kIsF16<T> ? int64_t{dim_panels()} * tokens * kPanel<T> : 0; }
  int64_t powers() const {
    return kIsF16<T> ? int64_t{token_blocks()} * kTilePixels<T> * kBlock : 0;
  }
};

// Of block `i` of 16 in [panels][rows][kPanel].
template <class T>
int64_t BlockOffset(int i, int rows) {
  constexpr int kBlocks = kPanel<T> / kBlock;
  return int64_t{i} / kBlocks * rows * kPanel<T> + i % kBlocks * kBlock;
}

// to[i][j] = from[j][i] of as many numbers as 16 bytes hold, in rows of 16 and of kPanel.
template <class T>
HWY_INLINE void TransposeSquare(const T* from, T* to) {
  using Bits = hwy::MakeUnsigned<T>;
  const hn::Full128<Bits> d;
  constexpr int kSide = 16 / sizeof(T);
  hn::Vec<decltype(d)> v[kSide], next[kSide];
  HWY_UNROLL(8)
  for (int i = 0; i < kSide; ++i) {
    v[i] = hn::Load(d, reinterpret_cast<const Bits*>(from + i * kBlock));
  }
  // A perfect shuffle rotates the bits of an index: a half of them makes the row the column.
  HWY_UNROLL(3)
  for (int n = kSide; n > 1; n /= 2) {
    HWY_UNROLL(4)
    for (int i = 0; i < kSide / 2; ++i) {
      next[2 * i] = hn::InterleaveLower(d, v[i], v[i + kSide / 2]);
      next[2 * i + 1] = hn::InterleaveUpper(d, v[i], v[i + kSide / 2]);
    }
    HWY_UNROLL(8)
    for (int i = 0; i < kSide; ++i) v[i] = next[i];
  }
  HWY_UNROLL(8)
  for (int i = 0; i < kSide; ++i) {
    hn::Store(v[i], d, reinterpret_cast<Bits*>(to + i * kPanel<T>));
  }
}

// keys[panel][dim][kPanel tokens] from k[dim / 16][token][16]; tokens past the end are zero. Scores
// become exponents of 2.
template <class T>
void TransposeKeys(const AttentionProblem& p, const Sizes<T>& sizes, const T* k, T* keys) {
  constexpr int kSide = 16 / sizeof(T);
  alignas(kCacheLine) T scaled[kPanel<T> * kBlock];
  const Vec factor = hn::Set(kF32, p.scale * 1.44269504f);  // log2(e)
  for (int first = 0; first < sizes.tokens; first += kPanel<T>) {
    const int real = std::min(kPanel<T>, sizes.tokens - first) * kBlock;
    for (int block = 0; block < sizes.dim / kBlock; ++block, keys += kBlock * kPanel<T>) {
      const T* const in = k + block * p.k.block_stride() + int64_t{first} * kBlock;
      for (int i = 0; i < kPanel<T> * kBlock; i += kLanes) {
        const Vec v = i < real ? hn::Mul(LoadAsF32(in + i), factor) : hn::Zero(kF32);
        StoreFromF32(v, scaled + i);
      }
      for (int i = 0; i < kBlock; i += kSide) {
        for (int t = 0; t < kPanel<T>; t += kSide) {
          TransposeSquare(scaled + t * kBlock + i, keys + i * kPanel<T> + t);
        }
      }
    }
  }
}

// x[depth / 16][rows][16] and panels of weights[depth][kPanel].
template <class T>
struct Operands {
  const T* x;
  int64_t x_block_stride;
  int depth;
  const T* weights;
  int64_t panel_stride;
};

// y[panels][rows][16].
void Product(int rows, int panels, const Operands<float>& in, float* y) {
  const int64_t no_taps = 0;
  Tile<float> tile;
  tile.x = in.x;
  tile.taps = &no_taps;
  tile.depth = in.depth;
  tile.x_block_stride = in.x_block_stride;
  tile.weights = in.weights;
  tile.panel_stride = in.panel_stride;
  tile.y = {.at = y, .block_stride = int64_t{rows} * kBlock};
  tile.limits = LimitsOf(Activation::kNone);
  for (int panel = 0; panel < panels; panel += kTilePanels) {
    if (panel + kTilePanels <= panels) {
      kTiles<float, kTilePanels, kBlock>[rows - 1](tile, kBlock);
    } else {
      kTiles<float, 1, kBlock>[rows - 1](tile, kBlock);
    }
    tile.weights += kTilePanels * tile.panel_stride;
    tile.y.Advance(kTilePanels * tile.y.block_stride);
  }
}

#ifdef MNV4_TARGET_FP16
// values[dim / 32][token][32] from v[dim / 16][token][16]; channels past the end are zero.
void PairValues(const AttentionProblem& p, const Sizes<F16>& sizes, const F16* v, F16* values) {
  const int blocks = sizes.dim / kBlock;
  for (int block = 0; block < sizes.dim_panels() * 2; ++block) {
    const F16* in = v + block * p.v.block_stride();
    F16* out = values + int64_t{block / 2} * sizes.tokens * kFp16Panel + block % 2 * kBlock;
    for (int t = 0; t < sizes.tokens; ++t, in += kBlock, out += kFp16Panel) {
      if (block < blocks) {
        std::copy_n(in, kBlock, out);
      } else {
        std::fill_n(out, kBlock, F16{});
      }
    }
  }
}

// y[panels][rows][32]. Chunks add up in float32.
template <class Y>
void Product(int rows, int panels, const Operands<F16>& in, Y* y) {
  const int64_t no_taps = 0;
  alignas(kCacheLine) static constexpr float kNothing[kBlock] = {};
  alignas(kCacheLine) F16 chunk[kFp16TileRows * kFp16Panel];
  alignas(kCacheLine) float sums[kFp16TileRows * kFp16Panel];
  const Fp16TileFunction add_products = kFp16Tiles.side_by_side[rows - 1];
  for (int panel = 0; panel < panels; ++panel, y += rows * kFp16Panel) {
    Fp16Tile tile = {
        .x = reinterpret_cast<const uint16_t*>(in.x),
        .taps = &no_taps,
        .num_taps = 1,
        .depth = in.depth,
        .x_block_stride = in.x_block_stride,
        .weights = reinterpret_cast<const uint16_t*>(in.weights) + panel * in.panel_stride};
    if (kIsF16<Y> && in.depth <= kFp16ChunkBlocks * kBlock) {
      add_products(tile, reinterpret_cast<uint16_t*>(y));
      continue;
    }
    Blocks<const float> terms = {kNothing, 0, 0, 0};
    while (tile.tap < tile.num_taps) {
      add_products(tile, reinterpret_cast<uint16_t*>(chunk));
      Add(kPanelBlocks, rows, terms, PanelsOf<const F16>(rows, chunk), PanelsOf(rows, sums));
      terms = PanelsOf<const float>(rows, sums);
    }
    Store(kPanelBlocks, rows, terms, LimitsOf(Activation::kNone), PanelsOf(rows, y));
  }
}
#endif

// powers = 2^(score - the highest of its row) and factors = 1 / (their sum) for kRows rows at once,
// so that they wait for their sums together. scores[panel][rows][kPanel], powers[block][rows][16],
// both from the first of these rows on; they may be the same memory where they lie the same way.
template <int kRows, class T>
HWY_INLINE void Softmax(const Sizes<T>& sizes, int rows, T* scores, T* powers, float* factors) {
  const int blocks = sizes.token_blocks();
  const auto for_each = [&](int first, auto function) HWY_ATTR {
    for (int block = first; block < blocks; ++block) {
      T* const score = scores + BlockOffset<T>(block, rows);
      T* const power = powers + int64_t{block} * rows * kBlock;
      HWY_UNROLL(4)
      for (int r = 0; r < kRows; ++r) {
        HWY_UNROLL(4)
        for (int i = 0; i < kBlock; i += kLanes) {
          function(r, i, score + r * kPanel<T> + i, power + r * kBlock + i);
        }
      }
    }
  };
  if (const int real = sizes.tokens % kBlock; real != 0) {
    const Vec none = hn::Set(kF32, -std::numeric_limits<float>::infinity());
    for_each(blocks - 1, [&](int, int i, T* score, T*) HWY_ATTR {
      const auto is_token = hn::FirstN(kF32, static_cast<size_t>(std::clamp(real - i, 0, kLanes)));
      StoreFromF32(hn::IfThenElse(is_token, LoadAsF32(score), none), score);
    });
  }

  Vec highest[kRows], sum[kRows];
  for (int r = 0; r < kRows; ++r) highest[r] = LoadAsF32(scores + r * kPanel<T>);
  for_each(0, [&](int r, int, const T* score, T*)
                  HWY_ATTR { highest[r] = hn::Max(LoadAsF32(score), highest[r]); });
  for (int r = 0; r < kRows; ++r) {
    highest[r] = hn::MaxOfLanes(kF32, highest[r]);
    sum[r] = hn::Zero(kF32);
  }
  for_each(0, [&](int r, int, const T* score, T* power) HWY_ATTR {
    const Vec v = Exp2(hn::Sub(LoadAsF32(score), highest[r]));
    StoreFromF32(v, power);
    sum[r] = hn::Add(sum[r], v);
  });
  for (int r = 0; r < kRows; ++r) factors[r] = 1 / hn::GetLane(hn::SumOfLanes(kF32, sum[r]));
}

// means[dim_panels][rows][kPanel] times factors[rows] to y, the first row at pixel `first` of the
// image.
template <class T, class Y>
void StoreMeans(const AttentionProblem& p, const Sizes<T>& sizes, const float* means,
                const float* factors, int panel, int image, int first, int rows, Y* y) {
  for (int i = 0; i < sizes.dim / kBlock; ++i) {
    const float* const mean = means + BlockOffset<T>(i, rows);
    Y* const at = y + p.y.PanelOffset(panel + i, image, 0, first);
    for (int row = 0; row < rows; ++row) {
      const Vec factor = hn::Set(kF32, factors[row]);
      for (int lane = 0; lane < kBlock; lane += kLanes) {
        const Vec v = hn::Load(kF32, mean + row * kPanel<T> + lane);
        StoreFromF32(hn::Mul(v, factor), at + row * p.y.pixel_stride() + lane);
      }
    }
    if constexpr (std::is_same_v<Y, BF16>) {
      if (IsLines(p.y)) ZeroRestOfLine(p.y, panel + i, at, rows);
    }
  }
}

// A unit is one tile of queries of one head; heads that share their keys follow each other.
template <class T>
void Run(const AttentionProblem& p, const AttentionArgs& args, int begin, int end) noexcept {
  const Sizes<T> sizes(p);
  T* const keys = static_cast<T*>(args.scratch);
  T* const values = keys + sizes.keys();
  T* const scores = values + sizes.values();
  T* const powers = kIsF16<T> ? scores + sizes.scores() : scores;
  auto* const means = reinterpret_cast<float*>(scores + sizes.scores() + sizes.powers());
  float factors[kTilePixels<T>];
  int prepared = -1;  // image and head group whose keys and values lie there

  for (int unit = begin; unit < end; ++unit) {
    const int tile = unit % sizes.tiles;
    const int head = unit / sizes.tiles % p.heads;
    const int image = unit / sizes.tiles / p.heads;
    const int kv_head = head / (p.heads / p.kv_heads);
    const int kv_block = kv_head * sizes.dim / kBlock;
    const T* const v = static_cast<const T*>(args.v) + p.v.Offset(kv_block, image, 0, 0);
    if (const int group = image * p.kv_heads + kv_head; group != prepared) {
      TransposeKeys(p, sizes, static_cast<const T*>(args.k) + p.k.Offset(kv_block, image, 0, 0),
                    keys);
      if constexpr (kIsF16<T>) PairValues(p, sizes, v, values);
      prepared = group;
    }
    const int first = static_cast<int>(int64_t{sizes.queries} * tile / sizes.tiles);
    const int rows = static_cast<int>(int64_t{sizes.queries} * (tile + 1) / sizes.tiles) - first;
    const int block = head * sizes.dim / kBlock;

    Operands<T> in = {.x = static_cast<const T*>(args.q) + p.q.Offset(block, image, 0, first),
                      .x_block_stride = p.q.block_stride(),
                      .depth = sizes.dim,
                      .weights = keys,
                      .panel_stride = int64_t{sizes.dim} * kPanel<T>};
    Product(rows, sizes.token_panels(), in, scores);

    const auto soften = [&](auto count, int row) HWY_ATTR {
      Softmax<decltype(count)::value>(sizes, rows, scores + row * kPanel<T>, powers + row * kBlock,
                                      factors + row);
    };
    int row = 0;
    for (; row + 4 <= rows; row += 4) soften(std::integral_constant<int, 4>(), row);
    for (; row < rows; ++row) soften(std::integral_constant<int, 1>(), row);

    in = {.x = powers,
          .x_block_stride = int64_t{rows} * kBlock,
          .depth = sizes.tokens,
          .weights = kIsF16<T> ? values : v,
          .panel_stride = kIsF16<T> ? int64_t{sizes.tokens} * kPanel<T> : p.v.block_stride()};
    Product(rows, sizes.dim_panels(), in, means);

    const auto store = [&](auto* y) HWY_ATTR {
      StoreMeans(p, sizes, means, factors, block, image, first, rows, y);
    };
#if HWY_TARGET == HWY_AVX3
    if constexpr (!kIsF16<T>) {
      if (p.y.dtype == DType::kBF16) {
        store(static_cast<BF16*>(args.y));
        continue;
      }
    }
#endif
    WithTypeUpTo<OtherOf<float>>(p.y.dtype, args.y, store);
  }
}

template <class T>
bool Accepts(const AttentionProblem& p) {
  const auto plain = [](const Desc& desc) { return IsC16Of<T>(desc) && desc.dense(); };
  const bool writes = IsF32C16(p.y) || (kHasF16 && IsC16Of<F16>(p.y)) ||
                      (kHasBf16 && !kIsF16<T> && (IsC16Of<BF16>(p.y) || IsLines(p.y)));
  return plain(p.q) && plain(p.k) && plain(p.v) && writes && p.y.dense() &&
         p.q.c / p.heads % kBlock == 0;
}

template <class T>
constexpr AttentionKernel Row(const char* name, Isa needs) {
  return {
      .name = name,
      .needs = needs,
      .x_type = kTypeOf<T>,
      .accepts = Accepts<T>,
      .scratch_bytes =
          [](const AttentionProblem& p) {
            const Sizes<T> sizes(p);
            const int64_t elements =
                sizes.keys() + sizes.values() + sizes.scores() + sizes.powers();
            return static_cast<size_t>(elements) * sizeof(T) +
                   static_cast<size_t>(sizes.means()) * sizeof(float);
          },
      .units = [](const AttentionProblem& p) { return p.q.n * p.heads * Sizes<T>(p).tiles; },
      .run = Run<T>,
  };
}

}  // namespace

constinit const AttentionKernel kAttention =
    Row<float>("attention-" MNV4_TARGET_NAME, MNV4_TARGET_ISA);
#ifdef MNV4_TARGET_FP16
constinit const AttentionKernel kAttentionFp16 = Row<F16>("attention-fp16", MNV4_TARGET_FP16);
#endif

}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
