/// Convolutions of 3x3 with stride 2 by 25 products for every 36: the minimal filter F(2, 2)
/// (Winograd 1980; Lavin and Gray 2016, section 4) on the even taps of both dimensions. Two results
/// side by side,
///   y0 = w0 x0 + w1 x1 + w2 x2  and  y1 = w0 x2 + w1 x3 + w2 x4, have a product in common:
///   y0 = w0 (x0 - x2) + w1 x1 + (w0 + w2) x2  and  y1 = w2 (x4 - x2) + w1 x3 + (w0 + w2) x2.
/// In two dimensions a quad of 2 x 2 results takes 25 values, each of which lies in a plane of its
/// own, and nine sums of products with them: four that belong to one result, four that two have in
/// common, and one that all have. Each of the nine is a tile of gemm-inl.h.

#if defined(MNV4_KERNELS_WINOGRAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MNV4_KERNELS_WINOGRAD_INL_H_
#undef MNV4_KERNELS_WINOGRAD_INL_H_
#else
#define MNV4_KERNELS_WINOGRAD_INL_H_
#endif

#include <algorithm>
#include <vector>

#include "mnv4/kernels/dense_sum-inl.h"
#include "mnv4/kernels/gemm-inl.h"
#include "mnv4/kernels/panel_split.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

/// Which of two results side by side a value serves.
enum Result { kFirst, kSecond, kBoth, kResults };

/// The values of one dimension: x0 - x2, x1, x4 - x2, x3, x2.
constexpr int kValues = 5;
constexpr int kValuesBegin[kResults + 1] = {0, 2, 4, 5};  // of a Result
constexpr bool kHasWeight[kValues][3] = {{true, false, false},
                                         {false, true, false},
                                         {false, false, true},
                                         {false, true, false},
                                         {true, false, true}};

constexpr int kPlanes = kValues * kValues, kQuadSums = kResults * kResults;
struct QuadSum {
  int first_plane, planes;
};
/// Planes are ordered by the sum they belong to.
struct QuadLayout {
  int plane[kValues][kValues];
  QuadSum sums[kQuadSums];  ///< [rows' Result][columns' Result]
};
constexpr QuadLayout kQuad = [] {
  QuadLayout quad = {};
  int plane = 0;
  for (int sum = 0; sum < kQuadSums; ++sum) {
    const int rows = sum / kResults, columns = sum % kResults, first = plane;
    for (int row = kValuesBegin[rows]; row < kValuesBegin[rows + 1]; ++row) {
      for (int column = kValuesBegin[columns]; column < kValuesBegin[columns + 1]; ++column) {
        quad.plane[row][column] = plane++;
      }
    }
    quad.sums[sum] = {first, plane - first};
  }
  return quad;
}();

/// The convolution whose taps are the planes: its weights are what is packed.
inline ConvProblem OfPlanes(ConvProblem p) {
  p.kernel = {1, kPlanes};
  return p;
}

inline void PackWinograd(const ConvProblem& p, const float* oihw, std::span<const float> scale,
                         std::span<const float> bias, void* packed) {
  const int pairs = p.y.c * p.x.c;  // of channels
  std::vector<float> weights(static_cast<size_t>(pairs) * kPlanes);
  float* of_pair = weights.data();
  for (int pair = 0; pair < pairs; ++pair, oihw += 9, of_pair += kPlanes) {
    for (int at = 0; at < kPlanes; ++at) {
      const int row = at / kValues, column = at % kValues;
      for (int tap = 0; tap < 9; ++tap) {
        if (kHasWeight[row][tap / 3] && kHasWeight[column][tap % 3]) {
          of_pair[kQuad.plane[row][column]] += oihw[tap];
        }
      }
    }
  }
  PackPanels<float>(OfPlanes(p), weights.data(), scale, bias, packed);
}

/// The values of five that lie `stride` apart.
HWY_INLINE void LoadValues(const float* x, int64_t stride, Vec (&values)[kValues]) {
  const Vec middle = hn::Load(kF32, x + 2 * stride);
  values[0] = hn::Sub(hn::Load(kF32, x), middle);
  values[1] = hn::Load(kF32, x + stride);
  values[2] = hn::Sub(hn::Load(kF32, x + 4 * stride), middle);
  values[3] = hn::Load(kF32, x + 3 * stride);
  values[4] = middle;
}

/// Planes of up to kTileRows quads side by side, of one block: [kPlanes][kTileRows][16].
constexpr int kPlane = kTileRows * kBlock, kBlockOfPlanes = kPlanes * kPlane;
constexpr Offsets kPlaneOffsets = [] {
  Offsets offsets = {};
  for (int plane = 0; plane < kPlanes; ++plane) offsets.at[plane] = plane * kPlane;
  return offsets;
}();

HWY_NOINLINE void FillPlanes(const float* x, int64_t row_stride, int quads, float* planes) {
  const auto store = [&](int column, const Vec(&values)[kValues], int i) HWY_ATTR {
    HWY_UNROLL(8)
    for (int row = 0; row < kValues; ++row) {
      hn::Store(values[row], kF32, planes + kQuad.plane[row][column] * kPlane + i);
    }
  };
  for (int i = 0; i < quads * kBlock; i += kLanes) {
    const float* const at = x + i / kBlock * 4 * kBlock + i % kBlock;
    Vec middle[kValues], values[kValues];
    LoadValues(at + 2 * kBlock, row_stride, middle);
    store(4, middle, i);
    HWY_UNROLL(2)
    for (int column = 0; column < 4; column += 2) {
      LoadValues(at + 2 * column * kBlock, row_stride, values);
      HWY_UNROLL(8)
      for (int row = 0; row < kValues; ++row) values[row] = hn::Sub(values[row], middle[row]);
      store(column, values, i);
      LoadValues(at + (column + 1) * kBlock, row_stride, values);
      store(column + 1, values, i);
    }
  }
}

/// Two rows of results from the sums of `quads`, `stride` elements apart, of one block.
HWY_NOINLINE void FinishQuads(const float* sums, int64_t stride, int quads, const float* bias,
                              ClampLimits limits, float* const (&rows)[2]) {
  const Vec lo = hn::Set(kF32, limits.lo), hi = hn::Set(kF32, limits.hi);
  for (int i = 0; i < quads * kBlock; i += kLanes) {
    const auto sum_of = [&](int row, int column) HWY_ATTR {
      return hn::Load(kF32, sums + (row * kResults + column) * stride + i);
    };
    const Vec all = hn::Add(sum_of(kBoth, kBoth), hn::Load(kF32, bias + i % kBlock));
    const Vec of_column[2] = {sum_of(kBoth, kFirst), sum_of(kBoth, kSecond)};
    HWY_UNROLL(2)
    for (int row = 0; row < 2; ++row) {
      const Vec of_row = hn::Add(all, sum_of(row, kBoth));
      float* const y = rows[row] + i / kBlock * 2 * kBlock + i % kBlock;
      HWY_UNROLL(2)
      for (int column = 0; column < 2; ++column) {
        const Vec sum = hn::Add(sum_of(row, column), hn::Add(of_row, of_column[column]));
        hn::Store(Clamp(sum, lo, hi), kF32, y + column * kBlock);
      }
    }
  }
}

/// A unit is a tile of quads of one row. Its planes and nine sums lie in the scratch.
inline EvenSplit TilesOfQuads(const ConvProblem& p) {
  const int quads = p.y.w / 2;
  return {quads, (quads + kTileRows - 1) / kTileRows};
}
inline int WinogradUnits(const ConvProblem& p, int) {
  return p.y.n * (p.y.h / 2) * TilesOfQuads(p).parts();
}
inline size_t WinogradScratch(const ConvProblem& p) {
  const int64_t floats = p.x.blocks() * kBlockOfPlanes + kQuadSums * kTilePanels * kPlane;
  return static_cast<size_t>(floats) * sizeof(float);
}

inline void RunWinograd(const ConvProblem& p, const ConvArgs& args, int begin, int end,
                        int) noexcept {
  auto* const planes = static_cast<float*>(args.scratch);
  auto* const sums = planes + p.x.blocks() * kBlockOfPlanes;
  const int64_t panel = PanelBytes<float>(OfPlanes(p)) / static_cast<int64_t>(sizeof(float));
  const EvenSplit tiles = TilesOfQuads(p);
  Tile<float> tile;
  tile.depth = p.x.c;
  tile.x_block_stride = kBlockOfPlanes;
  tile.panel_stride = panel;
  tile.limits = LimitsOf(Activation::kNone);
  for (int unit = begin; unit < end; ++unit) {
    const int of_row = unit % tiles.parts(), row = unit / tiles.parts();  // of all images
    const int image = row / (p.y.h / 2), y = row % (p.y.h / 2) * 2;
    const int quads = tiles.Size(of_row), ox = tiles.Begin(of_row) * 2;
    for (int block = 0; block < p.x.blocks(); ++block) {
      const int64_t first = p.x.Offset(block, image, 2 * y - p.pad.top, 2 * ox - p.pad.left);
      FillPlanes(static_cast<const float*>(args.x) + first, p.x.columns() * kBlock, quads,
                 planes + block * kBlockOfPlanes);
    }
    tile.y.block_stride = int64_t{quads} * kBlock;
    tile.prefetch = static_cast<const std::byte*>(args.next_packed);
    tile.prefetch_lines = unit + 1 == end && args.next_packed != nullptr ? 1 : 0;
    for (int first_panel = 0; first_panel < p.y.blocks(); first_panel += kTilePanels) {
      const int panels = std::min(kTilePanels, p.y.blocks() - first_panel);
      const auto* const packed = static_cast<const float*>(args.packed) + first_panel * panel;
      const int64_t sum_stride = panels * tile.y.block_stride;
      for (int i = 0; i < kQuadSums; ++i) {
        const QuadSum& sum = kQuad.sums[i];
        tile.x = planes;
        tile.taps = kPlaneOffsets.at + sum.first_plane;
        tile.num_taps = sum.planes;
        tile.weights = packed + kBlock + sum.first_plane * p.x.c * kBlock;
        tile.y.at = sums + i * sum_stride;
        RunPanels(quads, panels, tile, kBlock);
        tile.prefetch += kCacheLine * tile.prefetch_lines * sum.planes * p.x.blocks();
      }
      for (int i = 0; i < panels; ++i) {
        float* const first =
            static_cast<float*>(args.y) + p.y.Offset(first_panel + i, image, y, ox);
        float* const rows[2] = {first, first + p.y.columns() * kBlock};
        FinishQuads(sums + i * tile.y.block_stride, sum_stride, quads, packed + i * panel,
                    LimitsOf(p.activation), rows);
        for (float* const of_results : rows) {
          ActivateStored(p.activation, of_results, 2 * quads * kBlock);
        }
      }
    }
  }
}

}  // namespace
}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
