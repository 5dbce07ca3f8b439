/// Convolutions of 3x3 with stride 2 by 25 products for every 36: the minimal filter F(2, 2)
/// (Winograd 1980; Lavin and Gray 2016, section 4) on the even taps of both dimensions. Two results
/// side by side,
///   y0 = w0 x0 + w1 x1 + w2 x2  and  y1 = w0 x2 + w1 x3 + w2 x4, have a product in common:
///   y0 = w0 (x0 - x2) + w1 x1 + (w0 + w2) x2  and  y1 = w2 (x4 - x2) + w1 x3 + (w0 + w2) x2.
/// In two dimensions a quad of 2 x 2 results takes 25 values, each of which lies in a plane of its
/// own, and nine sums of products with them: four that belong to one result, four that two have in
/// common, and one that all have. Each of the nine is a tile as of any dense convolution.

#if defined(MNV4_KERNELS_WINOGRAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MNV4_KERNELS_WINOGRAD_INL_H_
#undef MNV4_KERNELS_WINOGRAD_INL_H_
#else
#define MNV4_KERNELS_WINOGRAD_INL_H_
#endif

#include <algorithm>
#include <type_traits>
#include <vector>

#include "mnv4/kernels/dense_sum-inl.h"
#include "mnv4/kernels/fp16_panels-inl.h"
#include "mnv4/kernels/gemm-inl.h"
#include "mnv4/kernels/panel_split.h"
#include "mnv4/kernels/quads.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

/// The convolution whose taps are the planes: its weights are what is packed.
inline ConvProblem OfPlanes(ConvProblem p) {
  p.kernel = {1, kPlanes};
  return p;
}
/// Those weights, OIHW.
inline std::vector<float> WeightsOfPlanes(const ConvProblem& p, const float* oihw) {
  const int64_t pairs = int64_t{p.y.c} * p.x.c;  // of channels
  std::vector<float> weights(static_cast<size_t>(pairs) * kPlanes);
  float* of_pair = weights.data();
  for (int64_t pair = 0; pair < pairs; ++pair, oihw += 9, of_pair += kPlanes) {
    for (int value = 0; value < kPlanes; ++value) {
      const int row = value / kQuadValues, column = value % kQuadValues;
      for (int tap = 0; tap < 9; ++tap) {
        if (kHasWeight[row][tap / 3] && kHasWeight[column][tap % 3]) {
          of_pair[kPlaneOf[row][column]] += oihw[tap];
        }
      }
    }
  }
  return weights;
}

/// Panels that are computed at once, of up to kTilePixels quads side by side.
template <class T>
constexpr int kQuadPanels = std::is_same_v<T, F16> ? kFp16Panel / kBlock : kTilePanels;

/// The planes of a tile of quads lie [blocks of x][kPlanes][kTilePixels][16].
template <class T>
constexpr int kPlane = kTilePixels<T>* kBlock;
template <class T>
constexpr Offsets kPlaneOffsets = [] {
  Offsets offsets = {};
  for (int plane = 0; plane < kPlanes; ++plane) offsets.at[plane] = plane * kPlane<T>;
  return offsets;
}();
/// Its sums lie [kQuadSums][panels][quads][16], in fp16 [kQuadSums][quads][32].
template <class T>
constexpr int kSumsOfTile = kQuadSums* kQuadPanels<T>* kPlane<T>;

/// Where the results of a tile of quads go. Strides in elements.
template <class T>
struct QuadRows {
  T* rows[2];
  int64_t block_stride;
  ClampLimits limits;
};

// The values of five that lie `stride` apart.
HWY_INLINE void LoadValues(const float* x, int64_t stride, Vec (&values)[kQuadValues]) {
  const Vec middle = hn::Load(kF32, x + 2 * stride);
  values[0] = hn::Sub(hn::Load(kF32, x), middle);
  values[1] = hn::Load(kF32, x + stride);
  values[2] = hn::Sub(hn::Load(kF32, x + 4 * stride), middle);
  values[3] = hn::Load(kF32, x + 3 * stride);
  values[4] = middle;
}

/// Fills the planes of one block.
HWY_NOINLINE void FillPlanes(const float* x, int64_t row_stride, int quads, float* planes) {
  const auto store = [&](int column, const Vec(&values)[kQuadValues], int i) HWY_ATTR {
    HWY_UNROLL(8)
    for (int row = 0; row < kQuadValues; ++row) {
      hn::Store(values[row], kF32, planes + kPlaneOf[row][column] * kPlane<float> + i);
    }
  };
  for (int i = 0; i < quads * kBlock; i += kLanes) {
    const float* const at = x + i / kBlock * 4 * kBlock + i % kBlock;
    Vec middle[kQuadValues], values[kQuadValues];
    LoadValues(at + 2 * kBlock, row_stride, middle);
    store(4, middle, i);
    HWY_UNROLL(2)
    for (int column = 0; column < 4; column += 2) {
      LoadValues(at + 2 * column * kBlock, row_stride, values);
      HWY_UNROLL(8)
      for (int row = 0; row < kQuadValues; ++row) values[row] = hn::Sub(values[row], middle[row]);
      store(column, values, i);
      LoadValues(at + (column + 1) * kBlock, row_stride, values);
      store(column + 1, values, i);
    }
  }
}

// The results of one block from its sums, `stride` elements apart.
HWY_NOINLINE void FinishQuads(const float* sums, int64_t stride, int quads, const float* bias,
                              const QuadRows<float>& y, int block) {
  const Vec lo = hn::Set(kF32, y.limits.lo), hi = hn::Set(kF32, y.limits.hi);
  for (int i = 0; i < quads * kBlock; i += kLanes) {
    const auto sum_of = [&](int row, int column) HWY_ATTR {
      return hn::Load(kF32, sums + (row * kQuadResults + column) * stride + i);
    };
    const Vec all = hn::Add(sum_of(kBoth, kBoth), hn::Load(kF32, bias + i % kBlock));
    const Vec of_column[2] = {sum_of(kBoth, kFirst), sum_of(kBoth, kSecond)};
    HWY_UNROLL(2)
    for (int row = 0; row < 2; ++row) {
      const Vec of_row = hn::Add(all, sum_of(row, kBoth));
      float* const to = y.rows[row] + block * y.block_stride + i / kBlock * 2 * kBlock + i % kBlock;
      HWY_UNROLL(2)
      for (int column = 0; column < 2; ++column) {
        const Vec sum = hn::Add(sum_of(row, column), hn::Add(of_row, of_column[column]));
        hn::Store(Clamp(sum, lo, hi), kF32, to + column * kBlock);
      }
    }
  }
}

/// Computes `panels` of a tile of quads; tile.x are its planes.
inline void RunQuads(int quads, int panels, Tile<float>& tile, float* sums,
                     const QuadRows<float>& y) {
  const float* const weights = tile.weights;
  tile.y.block_stride = int64_t{quads} * kBlock;
  const int64_t sum_stride = panels * tile.y.block_stride;
  const int tap_blocks = (tile.depth + kBlock - 1) / kBlock;
  for (int i = 0; i < kQuadSums; ++i) {
    const QuadSum& sum = kQuadSum[i / kQuadResults][i % kQuadResults];
    tile.taps = kPlaneOffsets<float>.at + sum.first_plane;
    tile.num_taps = sum.planes;
    tile.weights = weights + sum.first_plane * tile.depth * kBlock;
    tile.y.at = sums + i * sum_stride;
    RunPanels(quads, panels, tile, kBlock);
    tile.prefetch += kCacheLine * tile.prefetch_lines * sum.planes * tap_blocks;
  }
  for (int i = 0; i < panels; ++i) {
    FinishQuads(sums + i * tile.y.block_stride, sum_stride, quads,
                weights - kBlock + i * tile.panel_stride, y, i);
  }
}

#ifdef MNV4_TARGET_FP16
inline void FillPlanes(const F16* x, int64_t row_stride, int quads, F16* planes) {
  FillFp16Planes(reinterpret_cast<const uint16_t*>(x), row_stride, quads,
                 reinterpret_cast<uint16_t*>(planes));
}

// Sums go on from the sums that they are to be added to.
inline void RunQuads(int quads, int panels, Tile<F16>& tile, F16* sums, const QuadRows<F16>& y) {
  alignas(kCacheLine) uint16_t bias[kFp16Panel];
  RoundBias(tile, bias);
  auto* const all = reinterpret_cast<uint16_t*>(sums);
  const auto at = [&](int row, int column) {
    return all + (row * kQuadResults + column) * quads * kFp16Panel;
  };
  const auto add = [&](int row, int column, const uint16_t* terms, int64_t term_stride) {
    const QuadSum& sum = kQuadSum[row][column];
    Fp16Tile fp16 = Fp16TileOf(tile);
    fp16.taps = kPlaneOffsets<F16>.at + sum.first_plane;
    fp16.num_taps = sum.planes;
    fp16.weights += sum.first_plane * tile.depth * kFp16Panel;
    fp16.terms = terms;
    fp16.term_stride = term_stride;
    SumInFp16(quads, kBlock, fp16, at(row, column));
    tile.prefetch = fp16.prefetch;
  };
  add(kBoth, kBoth, bias, 0);
  for (const int column : {kFirst, kSecond}) add(kBoth, column, kFp16Zeros, 0);
  for (const int row : {kFirst, kSecond}) {
    add(row, kBoth, at(kBoth, kBoth), kFp16Panel);
    for (const int column : {kFirst, kSecond}) add(row, column, at(row, kBoth), kFp16Panel);
    FinishFp16Quads({.sums = {at(row, kFirst), at(row, kSecond)},
                     .of_columns = {at(kBoth, kFirst), at(kBoth, kSecond)},
                     .y = reinterpret_cast<uint16_t*>(y.rows[row]),
                     .y_block_stride = panels == kQuadPanels<F16> ? y.block_stride : 0,
                     .lo = y.limits.lo,
                     .hi = y.limits.hi},
                    quads);
  }
}
#endif

/// A unit is a tile of quads of one row.
template <class T>
EvenSplit QuadTiles(const ConvProblem& p) {
  const int quads = p.y.w / 2;
  return {quads, (quads + kTilePixels<T> - 1) / kTilePixels<T>};
}
template <class T>
size_t WinogradScratch(const ConvProblem& p) {
  return static_cast<size_t>(p.x.blocks() * kPlanes * kPlane<T> + kSumsOfTile<T>) * sizeof(T);
}

template <class T>
void RunWinograd(const ConvProblem& p, const ConvArgs& args, int begin, int end,
                 int64_t panel_bytes) {
  auto* const planes = static_cast<T*>(args.scratch);
  auto* const sums = planes + p.x.blocks() * kPlanes * kPlane<T>;
  const EvenSplit tiles = QuadTiles<T>(p);
  Tile<T> tile;
  tile.x = planes;
  tile.depth = p.x.c;
  tile.x_block_stride = kPlanes * kPlane<T>;
  tile.panel_stride = panel_bytes / static_cast<int64_t>(sizeof(T));
  tile.limits = LimitsOf(Activation::kNone);
  for (int unit = begin; unit < end; ++unit) {
    const int of_row = unit % tiles.parts(), row = unit / tiles.parts();  // of all images
    const int image = row / (p.y.h / 2), oy = row % (p.y.h / 2) * 2;
    const int quads = tiles.Size(of_row), ox = tiles.Begin(of_row) * 2;
    for (int block = 0; block < p.x.blocks(); ++block) {
      const int64_t first = p.x.Offset(block, image, 2 * oy - p.pad.top, 2 * ox - p.pad.left);
      FillPlanes(static_cast<const T*>(args.x) + first, p.x.columns() * kBlock, quads,
                 planes + block * kPlanes * kPlane<T>);
    }
    tile.prefetch = static_cast<const std::byte*>(args.next_packed);
    tile.prefetch_lines = unit + 1 == end && args.next_packed != nullptr ? 1 : 0;
    for (int block = 0; block < p.y.blocks(); block += kQuadPanels<T>) {
      const int panels = std::min(kQuadPanels<T>, p.y.blocks() - block);
      const auto* const panel = static_cast<const std::byte*>(args.packed) + block * panel_bytes;
      tile.weights = reinterpret_cast<const T*>(panel + kCacheLine);
      T* const first = static_cast<T*>(args.y) + p.y.Offset(block, image, oy, ox);
      const QuadRows<T> y = {
          {first, first + p.y.columns() * kBlock}, p.y.block_stride(), LimitsOf(p.activation)};
      RunQuads(quads, panels, tile, sums, y);
      for (T* of_row_at : y.rows) {
        for (int i = 0; i < panels; ++i, of_row_at += y.block_stride) {
          ActivateStored(p.activation, of_row_at, 2 * quads * kBlock);
        }
      }
    }
  }
}

}  // namespace
}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
