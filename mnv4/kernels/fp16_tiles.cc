// One source for all fp16 arithmetic, in the vector types of g++ and clang. Which instructions it
// becomes is up to the compiler's flags (CMakeLists.txt): without any it computes the same, one
// number at a time, which is how tests run it where no CPU has fp16. -fno-strict-aliasing is among
// the flags: the same memory is scalars and vectors.

#include "mnv4/kernels/fp16_tiles.h"

#include <utility>  // integer_sequence; no functions (see the header)

#include "mnv4/kernels/winograd.h"

#if !defined(__AVX512FP16__) && !defined(__ARM_FEATURE_FP16_VECTOR_ARITHMETIC)
#define MNV4_UNROLL  // nothing is in registers anyway
#elif defined(__clang__)
#define MNV4_UNROLL _Pragma("unroll")
#else
#define MNV4_UNROLL _Pragma("GCC unroll 64")
#endif

namespace mnv4::kernels {
namespace {

#if defined(__aarch64__) && !defined(__clang__)
using Half = __fp16;  // g++ 12 has no _Float16 there
#else
using Half = _Float16;
#endif

constexpr int kBlock = 16;

// Lanes of a C16 block, and of as much as a register holds: two neighbouring pixels of a block, or
// half a block.
#if defined(__aarch64__)
typedef Half BlockVec __attribute__((vector_size(16)));
typedef BlockVec Vec;
#else
typedef Half BlockVec __attribute__((vector_size(32)));
typedef Half Vec __attribute__((vector_size(64)));
#endif
template <class V>
constexpr int kLanesOf = static_cast<int>(sizeof(V) / sizeof(Half));

template <class V>
struct __attribute__((packed, aligned(2))) Unaligned {
  V v;
};
template <class V>
inline V Load(const Half* at) {
  return reinterpret_cast<const Unaligned<V>*>(at)->v;
}
template <class V>
inline void Store(V v, Half* at) {
  reinterpret_cast<Unaligned<V>*>(at)->v = v;
}

template <class V>
inline V Filled(Half a) {
#if defined(__aarch64__)  // where a scalar becomes a float32 in an expression
  return V{a, a, a, a, a, a, a, a};
#else
  return a - V{};
#endif
}

// NaN is neither below nor above.
template <class V>
inline V Clamped(V v, V lo, V hi) {
  v = v < lo ? lo : v;
  return hi < v ? hi : v;
}

// Products ------------------------------------------------------------------------------------

constexpr int kVectors = kFp16Panel / kLanesOf<Vec>;

// kStride: elements from a pixel of x to the next.
template <int kRows, int kStride, int kPanels = 1>
void RunTile(Fp16Tile& tile, uint16_t* chunk) {
  Vec sums[kPanels][kRows][kVectors];
  MNV4_UNROLL
  for (int p = 0; p < kPanels; ++p) {
    MNV4_UNROLL
    for (int r = 0; r < kRows; ++r) {
      MNV4_UNROLL
      for (int i = 0; i < kVectors; ++i) sums[p][r][i] = Vec{};
    }
  }

  // What is not needed for every product is read again after this. g++ would keep it in vector or
  // mask registers, and what comes from there queues with the multiply-adds: 8 % of a network.
  const auto forget = [] { __asm__ volatile("" : : : "memory"); };
  const int64_t panel_vectors = tile.panel_stride / kLanesOf<Vec>;
  for (int k_block = 0; tile.tap < tile.num_taps && k_block < kFp16ChunkBlocks; ++k_block) {
    forget();
    const Half* block = reinterpret_cast<const Half*>(tile.x) + tile.taps[tile.tap] +
                        tile.channel / kBlock * tile.x_block_stride;
    for (int i = 0; i < tile.prefetch_lines; ++i, tile.prefetch += 64) {
      __builtin_prefetch(tile.prefetch, 0, 2);
    }
    const int left = tile.depth - tile.channel, depth = left < kBlock ? left : kBlock;
    // The next block of x, or the first of the tile that follows.
    const bool in_tap = left > kBlock, ends = tile.tap + 1 == tile.num_taps;
    const Half* const next =
        in_tap ? block + tile.x_block_stride
               : reinterpret_cast<const Half*>(tile.x) +
                     (ends ? tile.taps[0] + kRows * kStride : tile.taps[tile.tap + 1]);
    constexpr int kRowsOfLine = kStride < 32 ? 32 / kStride : 1;
    MNV4_UNROLL
    for (int r = 0; r < kRows; r += kRowsOfLine) __builtin_prefetch(next + r * kStride);
    const auto* weights = reinterpret_cast<const Vec*>(tile.weights);
    const auto add_product = [&](int k) __attribute__((always_inline)) {
      MNV4_UNROLL
      for (int p = 0; p < kPanels; ++p) {
        Vec w[kVectors];
        MNV4_UNROLL
        for (int i = 0; i < kVectors; ++i) w[i] = weights[p * panel_vectors + i];
        MNV4_UNROLL
        for (int r = 0; r < kRows; ++r) {
          MNV4_UNROLL
          for (int i = 0; i < kVectors; ++i) {
            sums[p][r][i] = Filled<Vec>(block[r * kStride + k]) * w[i] + sums[p][r][i];
          }
        }
      }
      weights += kVectors;
    };
    for (int k = 0; k < depth; ++k) add_product(k);
    forget();
    tile.weights = reinterpret_cast<const uint16_t*>(weights);
    tile.channel += depth;
    if (tile.channel == tile.depth) {
      tile.channel = 0;
      ++tile.tap;
    }
  }

  auto* out = reinterpret_cast<Vec*>(chunk);
  MNV4_UNROLL
  for (int p = 0; p < kPanels; ++p) {
    const auto* terms = reinterpret_cast<const Half*>(tile.terms);
    MNV4_UNROLL
    for (int r = 0; r < kRows; ++r, terms += tile.term_stride) {
      MNV4_UNROLL
      for (int i = 0; i < kVectors; ++i) {
        *out++ = *reinterpret_cast<const Vec*>(terms + i * kLanesOf<Vec>) + sums[p][r][i];
      }
    }
  }
}

// Depthwise -----------------------------------------------------------------------------------

// Two pixels side by side, of which `first` or `second` may be padding; not both.
template <class Pair>
inline Pair LoadPair(const Half* at, bool first, bool second) {
  typedef long long Quads __attribute__((vector_size(32)));
  if (first && second) return Load<Pair>(at);
  const Quads none = {}, one = Load<Quads>(first ? at : at + kBlock);
  return reinterpret_cast<Pair>(first ? __builtin_shufflevector(one, none, 0, 1, 2, 3, 4, 5, 6, 7)
                                      : __builtin_shufflevector(none, one, 0, 1, 2, 3, 4, 5, 6, 7));
}

// kRows x kCount vectors of output from (oy, ox) on. A vector holds kPixels pixels of a row, or the
// lanes of one pixel from `lane` on. Taps on padding are skipped, or multiply zero in a pair.
template <class V, int kSide, int kStride, int kRows, int kCount>
void RunMapTile(const Fp16Map& map, int lane, int oy, int ox) {
  constexpr int kLanes = kLanesOf<V>, kPixels = kLanes > kBlock ? kLanes / kBlock : 1;
  constexpr int kStep = kPixels * kStride;  // inputs from a vector to the next
  constexpr int kInputs = (kCount - 1) * kStep + kSide;
  const int first_x = ox * kStride - map.pad_left, first_y = oy * kStride - map.pad_top;
  const int begin = -first_x, end = map.in_width - first_x;  // inputs [begin, end) exist
  const Half* in = reinterpret_cast<const Half*>(map.in) + first_y * map.in_stride +
                   int64_t{first_x} * kBlock + lane;
  const auto* weights = reinterpret_cast<const Half*>(map.weights) + lane;

  V sums[kRows][kCount];
  const V bias = *reinterpret_cast<const V*>(reinterpret_cast<const Half*>(map.bias) + lane);
  MNV4_UNROLL
  for (int r = 0; r < kRows; ++r) {
    MNV4_UNROLL
    for (int i = 0; i < kCount; ++i) sums[r][i] = bias;
  }
  MNV4_UNROLL
  for (int j = 0; j < (kRows - 1) * kStride + kSide; ++j, in += map.in_stride) {
    if (first_y + j < 0 || first_y + j >= map.in_height) continue;
    MNV4_UNROLL
    for (int i = 0; i < kInputs; ++i) {
      // Padding is narrower than the kernel, so only the outermost inputs need a look.
      const bool outer = i < kSide - 1 || i + kPixels > kInputs - kSide + 1;
      const bool first = !outer || (i >= begin && i < end);
      V value;
      if constexpr (kPixels == 1) {
        if (!first) continue;
        value = Load<V>(in + i * kBlock);
      } else {
        const bool second = !outer || (i + 1 >= begin && i + 1 < end);
        if (!first && !second) continue;
        value = LoadPair<V>(in + i * kBlock, first, second);
      }
      MNV4_UNROLL
      for (int r = 0; r < kRows; ++r) {
        const int ky = j - r * kStride;
        if (ky < 0 || ky >= kSide) continue;
        MNV4_UNROLL
        for (int kx = 0; kx < kSide; ++kx) {
          if (i < kx || (i - kx) % kStep != 0 || (i - kx) / kStep >= kCount) continue;
          V& sum = sums[r][(i - kx) / kStep];
          const auto* w = weights + (ky * kSide + kx) * kFp16Panel;
          sum = value * *reinterpret_cast<const V*>(w) + sum;
        }
      }
    }
  }

  const V lo = Filled<V>(static_cast<Half>(map.lo)), hi = Filled<V>(static_cast<Half>(map.hi));
  MNV4_UNROLL
  for (int r = 0; r < kRows; ++r) {
    Half* out =
        reinterpret_cast<Half*>(map.out) + (oy + r) * map.out_stride + int64_t{ox} * kBlock + lane;
    MNV4_UNROLL
    for (int i = 0; i < kCount; ++i, out += kPixels * kBlock) {
      V v = sums[r][i];
      v = Clamped(v, lo, hi);
      if (kPixels > 1 && ox + i * kPixels + 1 == map.out_width) {
        alignas(V) Half both[kLanesOf<V>];
        *reinterpret_cast<V*>(both) = v;
        Store(*reinterpret_cast<const BlockVec*>(both), out);
      } else {
        Store(v, out);
      }
    }
  }
}

template <class V, int kSide, int kStride, int kRows, int... kIndex>
void RunMapRows(const Fp16Map& map, int oy, std::integer_sequence<int, kIndex...>) {
  using Function = void (*)(const Fp16Map&, int lane, int oy, int ox);
  static constexpr Function kTiles[] = {RunMapTile<V, kSide, kStride, kRows, kIndex + 1>...};
  constexpr int kMost = sizeof...(kIndex), kLanes = kLanesOf<V>;
  constexpr int kPixels = kLanes > kBlock ? kLanes / kBlock : 1;
  // A row is cut evenly, so that widths differ by one vector at most.
  const int vectors = (map.out_width + kPixels - 1) / kPixels;
  const int tiles = (vectors + kMost - 1) / kMost;
  const int width = vectors / tiles, wider = vectors % tiles;
  for (int lane = 0; lane < kBlock; lane += kLanes) {
    for (int tile = 0, ox = 0; tile < tiles; ++tile) {
      const int count = width + (tile < wider ? 1 : 0);
      kTiles[count - 1](map, lane, oy, ox);
      ox += count * kPixels;
    }
  }
}

// Two rows of output share their inputs at stride 1, and keep enough sums for narrow maps.
template <class V, int kSide, int kStride>
void RunMap(const Fp16Map& map, int oy_begin, int oy_end) {
  constexpr int kRows = kStride == 1 ? 2 : 1;
  constexpr auto kCounts = std::make_integer_sequence<int, 14 / kRows>();
  int oy = oy_begin;
  for (; oy + kRows <= oy_end; oy += kRows) RunMapRows<V, kSide, kStride, kRows>(map, oy, kCounts);
  for (; oy < oy_end; ++oy) RunMapRows<V, kSide, kStride, 1>(map, oy, kCounts);
}

template <int... kIndex>
constexpr Fp16TileTable TilesOf(std::integer_sequence<int, kIndex...>) {
  return {.side_by_side = {RunTile<kIndex + 1, kBlock>...},
          .every_second = {RunTile<kIndex + 1, 2 * kBlock>...},
          .of_picture = {RunTile<kIndex + 1, kFp16PictureStride>...},
          .pixel = RunTile<1, kBlock, kFp16PixelPanels>};
}

}  // namespace

alignas(64) constinit const uint16_t kFp16Zeros[kFp16Panel] = {};

constinit const Fp16TileTable kFp16Tiles =
    TilesOf(std::make_integer_sequence<int, kFp16TileRows>());

constinit const Fp16DepthwiseTable kFp16Depthwise = {
    {{RunMap<Vec, 3, 1>, RunMap<BlockVec, 3, 2>}, {RunMap<Vec, 5, 1>, RunMap<BlockVec, 5, 2>}}};

void FinishFp16Tile(const Fp16Finish& finish, int pixels) noexcept {
  constexpr int kLanes = kLanesOf<BlockVec>;
  const BlockVec lo = Filled<BlockVec>(static_cast<Half>(finish.lo));
  const BlockVec hi = Filled<BlockVec>(static_cast<Half>(finish.hi));
  for (int block = 0; block < (finish.y_block_stride != 0 ? 2 : 1); ++block) {
    const auto* sums = reinterpret_cast<const Half*>(finish.sums) + block * kBlock;
    const Half* residual = nullptr;
    if (finish.residual != nullptr) {
      residual =
          reinterpret_cast<const Half*>(finish.residual) + block * finish.residual_block_stride;
    }
    auto* y = reinterpret_cast<Half*>(finish.y) + block * finish.y_block_stride;
    for (int pixel = 0; pixel < pixels; ++pixel, sums += kFp16Panel) {
      MNV4_UNROLL
      for (int i = 0; i < kBlock; i += kLanes) {
        BlockVec v = Load<BlockVec>(sums + i);
        if (residual != nullptr) v += Load<BlockVec>(residual + pixel * kBlock + i);
        Store(Clamped(v, lo, hi), y + pixel * kBlock + i);
      }
    }
  }
}

void FillFp16Planes(const uint16_t* x, int64_t row_stride, int quads, uint16_t* planes) noexcept {
  constexpr int kLanes = kLanesOf<BlockVec>, kPlane = kFp16TileRows * kBlock;
  constexpr int kValues = Squares<2>::kValues;
  const auto load = [&](const Half* at, BlockVec(&values)[kValues]) __attribute__((always_inline)) {
    const BlockVec middle = Load<BlockVec>(at + 2 * row_stride);
    values[0] = Load<BlockVec>(at) - middle;
    values[1] = middle;
    values[2] = Load<BlockVec>(at + 4 * row_stride) - middle;
    values[3] = Load<BlockVec>(at + row_stride);
    values[4] = Load<BlockVec>(at + 3 * row_stride);
  };
  for (int i = 0; i < quads * kBlock; i += kLanes) {
    const auto* at = reinterpret_cast<const Half*>(x) + i / kBlock * 4 * kBlock + i % kBlock;
    BlockVec middle[kValues], values[kValues];
    load(at + 2 * kBlock, middle);
    MNV4_UNROLL
    for (int column = 0; column < kValues; ++column) {
      const bool is_middle = column == 1, is_outer = column == 0 || column == 2;
      if (!is_middle) load(at + (is_outer ? 2 * column : 2 * column - 5) * kBlock, values);
      MNV4_UNROLL
      for (int row = 0; row < kValues; ++row) {
        const BlockVec value = is_middle  ? middle[row]
                               : is_outer ? values[row] - middle[row]
                                          : values[row];
        auto* const plane = reinterpret_cast<Half*>(planes) + kQuads.plane_of[row][column] * kPlane;
        Store(value, plane + i);
      }
    }
  }
}

void FinishFp16Quads(const Fp16Quads& finish, int quads) noexcept {
  constexpr int kLanes = kLanesOf<BlockVec>;
  const BlockVec lo = Filled<BlockVec>(static_cast<Half>(finish.lo));
  const BlockVec hi = Filled<BlockVec>(static_cast<Half>(finish.hi));
  for (int block = 0; block < (finish.y_block_stride != 0 ? 2 : 1); ++block) {
    auto* y = reinterpret_cast<Half*>(finish.y) + block * finish.y_block_stride;
    for (int pixel = 0; pixel < 2 * quads; ++pixel, y += kBlock) {
      const int of_sums = pixel / 2 * kFp16Panel + block * kBlock;
      const auto* sums = reinterpret_cast<const Half*>(finish.sums[pixel % 2]) + of_sums;
      const auto* column = reinterpret_cast<const Half*>(finish.of_columns[pixel % 2]) + of_sums;
      MNV4_UNROLL
      for (int i = 0; i < kBlock; i += kLanes) {
        Store(Clamped(Load<BlockVec>(sums + i) + Load<BlockVec>(column + i), lo, hi), y + i);
      }
    }
  }
}

float Fp16MultiplyAdd(const float* seeds, float factor, float term, int rounds) noexcept {
  constexpr int kSums = 16;
  const Vec b = Filled<Vec>(static_cast<Half>(factor)), c = Filled<Vec>(static_cast<Half>(term));
  Vec sums[kSums];
  MNV4_UNROLL
  for (int i = 0; i < kSums; ++i) sums[i] = Filled<Vec>(static_cast<Half>(seeds[i]));
  for (int round = 0; round < rounds; ++round) {
    MNV4_UNROLL
    for (int i = 0; i < kSums; ++i) sums[i] = sums[i] * b + c;
  }
  Vec total = sums[0];
  for (int i = 1; i < kSums; ++i) total += sums[i];
  float sum = 0;
  for (int i = 0; i < kLanesOf<Vec>; ++i) sum += static_cast<float>(total[i]);
  return sum;
}

}  // namespace mnv4::kernels
