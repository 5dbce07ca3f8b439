/// Convolutions of 3x3 with stride 2 by fewer products than they are defined with: minimal filters
/// (Winograd 1980; Lavin and Gray 2016, section 4) on the even inputs of both dimensions. Two
/// results side by side, y0 = w0 x0 + w1 x1 + w2 x2 and y1 = w0 x2 + w1 x3 + w2 x4, have a product
/// in common:
///   y0 = w0 (x0 - x2) + w1 x1 + (w0 + w2) x2  and  y1 = w2 (x4 - x2) + w1 x3 + (w0 + w2) x2.
/// That is F(2, 2); four take five products with combinations of even inputs, F(4, 2), and four
/// with odd inputs. In two dimensions a square of 2 x 2 results takes 25 of 36 products, one of
/// 4 x 4 takes 81 of 144.
/// Its values lie each in a plane of its own; products that belong to the same results are one sum,
/// and each sum is a tile as of any dense convolution.

#if defined(MNV4_KERNELS_WINOGRAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MNV4_KERNELS_WINOGRAD_INL_H_
#undef MNV4_KERNELS_WINOGRAD_INL_H_
#else
#define MNV4_KERNELS_WINOGRAD_INL_H_
#endif

#include <algorithm>
#include <span>
#include <type_traits>
#include <vector>

#include "mnv4/kernels/dense_sum-inl.h"
#include "mnv4/kernels/fp16_panels-inl.h"
#include "mnv4/kernels/gemm-inl.h"
#include "mnv4/kernels/panel_split.h"
#include "mnv4/kernels/winograd.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

template <int kSide>
constexpr const Squares<kSide>& TableOf() {
  static_assert(Squares<kSide>::kPlanes <= kMaxTaps);
  if constexpr (kSide == 2) {
    return kQuads;
  } else {
    return kSixteens;
  }
}
template <int kSide>
constexpr const Squares<kSide>& kTable = TableOf<kSide>();

/// The convolution whose taps are the planes: its weights are what is packed.
template <int kSide>
ConvProblem OfPlanes(ConvProblem p) {
  p.kernel = {1, Squares<kSide>::kPlanes};
  return p;
}
/// Those weights, OIHW.
template <int kSide>
std::vector<float> WeightsOfPlanes(const ConvProblem& p, const float* oihw) {
  constexpr int kValues = Squares<kSide>::kValues, kPlanes = Squares<kSide>::kPlanes;
  const int64_t pairs = int64_t{p.y.c} * p.x.c;  // of channels
  std::vector<float> weights(static_cast<size_t>(pairs) * kPlanes);
  float* of_pair = weights.data();
  for (int64_t pair = 0; pair < pairs; ++pair, oihw += 9, of_pair += kPlanes) {
    for (int row = 0; row < kValues; ++row) {
      const auto& of_row = kTable<kSide>.weights[row];
      double filter[3];
      for (int i = 0; i < 3; ++i) {
        filter[i] = of_row[0] * oihw[i] + of_row[1] * oihw[3 + i] + of_row[2] * oihw[6 + i];
      }
      for (int column = 0; column < kValues; ++column) {
        const auto& of_column = kTable<kSide>.weights[column];
        of_pair[kTable<kSide>.plane_of[row][column]] = static_cast<float>(
            of_column[0] * filter[0] + of_column[1] * filter[1] + of_column[2] * filter[2]);
      }
    }
  }
  return weights;
}

/// Panels that are computed at once, of up to kTilePixels squares.
template <class T>
constexpr int kSquarePanels = std::is_same_v<T, F16> ? kFp16Panel / kBlock : kTilePanels;

/// The planes of a tile of squares lie [blocks of x][planes][kTilePixels][16].
template <class T>
constexpr int kPlane = kTilePixels<T>* kBlock;
template <class T>
constexpr Offsets kPlaneOffsets = [] {
  Offsets offsets = {};
  for (int plane = 0; plane < kMaxTaps; ++plane) offsets.at[plane] = plane * kPlane<T>;
  return offsets;
}();
/// Its sums lie [sums][kSquarePanels][kTilePixels][16], in fp16 [sums][kTilePixels][32].
template <class T>
constexpr int kSum = kSquarePanels<T>* kPlane<T>;
template <class T, int kSide>
constexpr int kSumsOfTile = Squares<kSide>::kSums* Squares<kSide>::kSums* kSum<T>;

/// Where the results of squares side by side go. Strides in elements.
template <class T>
struct SquareRows {
  T* first;
  int64_t row_stride, block_stride;
  ClampLimits limits;
};

// The values of the even inputs of one dimension, in their place.
HWY_INLINE void CombineEven(Vec (&x)[3]) {
  x[0] = hn::Sub(x[0], x[1]);
  x[2] = hn::Sub(x[2], x[1]);
}
HWY_INLINE void CombineEven(Vec (&x)[5]) {
  const Vec half = hn::Set(kF32, 0.5f), times = hn::Set(kF32, 1.5f);
  const Vec of_1_3 = hn::Add(x[1], x[3]), of_3_2 = hn::Sub(x[3], x[2]);
  const Vec outer[2] = {hn::Add(x[0], x[3]), hn::Add(x[4], x[1])};
  const Vec inner[2] = {hn::Add(x[1], x[2]), hn::Add(x[2], x[3])};
  const Vec of_2_1 = hn::Sub(x[2], x[1]);
  x[0] = hn::NegMulAdd(times, inner[0], outer[0]);
  x[4] = hn::NegMulAdd(times, inner[1], outer[1]);
  const Vec middle = x[2];
  x[2] = hn::NegMulAdd(hn::Set(kF32, 2), x[1], of_3_2);
  x[1] = hn::NegMulAdd(hn::Set(kF32, 2.5f), middle, of_1_3);
  x[3] = hn::MulAdd(half, of_2_1, x[3]);
}

// The results of one dimension.
HWY_INLINE void CombineSums(const Vec (&sums)[3], Vec (&y)[2]) {
  y[0] = hn::Add(sums[0], sums[2]);
  y[1] = hn::Add(sums[1], sums[2]);
}
HWY_INLINE void CombineSums(const Vec (&sums)[7], Vec (&y)[4]) {
  const auto plus = [](Vec sum, float a, Vec of_half, float b, Vec of_2) HWY_ATTR {
    return hn::MulAdd(hn::Set(kF32, b), of_2, hn::MulAdd(hn::Set(kF32, a), of_half, sum));
  };
  y[0] = hn::Add(hn::Add(sums[0], sums[4]), hn::Add(sums[5], sums[6]));
  y[1] = plus(hn::Sub(sums[1], sums[4]), 1.0f / 2, sums[5], 2, sums[6]);
  y[2] = plus(hn::Add(sums[2], sums[4]), 1.0f / 4, sums[5], 4, sums[6]);
  y[3] = plus(hn::Sub(sums[3], sums[4]), 1.0f / 8, sums[5], 8, sums[6]);
}

/// Fills the planes of one block, of squares side by side whose first input is x.
template <int kSide>
HWY_NOINLINE void FillPlanes(const float* x, int64_t row_stride, int squares, float* planes) {
  constexpr int kEven = Squares<kSide>::kEven;
  const float* rows[2 * kSide + 1];
  for (int row = 0; row <= 2 * kSide; ++row) rows[row] = x + row * row_stride;
  for (int i = 0; i < squares * kBlock; i += kLanes) {
    const int64_t at = i / kBlock * 2 * kSide * kBlock + i % kBlock;
    const auto load = [&](int row, int column)
                          HWY_ATTR { return hn::Load(kF32, rows[row] + at + column * kBlock); };
    const auto store = [&](int row, int column, Vec value) HWY_ATTR {
      hn::Store(value, kF32, planes + kTable<kSide>.plane_of[row][column] * kPlane<float> + i);
    };
    // More rows than the hardware follows: the next square's come now.
    if (kSide > 2 && i % kBlock == 0) {
      HWY_UNROLL(16)
      for (int row = 0; row < 2 * kSide + 1; ++row) {
        HWY_UNROLL(16)
        for (int column = 2 * kSide + 1; column <= 4 * kSide; ++column) {
          __builtin_prefetch(rows[row] + at + column * kBlock);
        }
      }
    }
    Vec even[kEven][kEven];  // [column][row]
    HWY_UNROLL(8)
    for (int column = 0; column < kEven; ++column) {
      HWY_UNROLL(8)
      for (int row = 0; row < kEven; ++row) even[column][row] = load(2 * row, 2 * column);
      CombineEven(even[column]);
    }
    HWY_UNROLL(8)
    for (int row = 0; row < kEven; ++row) {
      Vec of_row[kEven];
      HWY_UNROLL(8)
      for (int column = 0; column < kEven; ++column) of_row[column] = even[column][row];
      CombineEven(of_row);
      HWY_UNROLL(8)
      for (int column = 0; column < kEven; ++column) store(row, column, of_row[column]);
    }
    HWY_UNROLL(8)
    for (int odd = 0; odd < kSide; ++odd) {
      Vec of_column[kEven], of_row[kEven];
      HWY_UNROLL(8)
      for (int j = 0; j < kEven; ++j) of_column[j] = load(2 * j, 2 * odd + 1);
      CombineEven(of_column);
      HWY_UNROLL(8)
      for (int j = 0; j < kEven; ++j) store(j, kEven + odd, of_column[j]);
      HWY_UNROLL(8)
      for (int j = 0; j < kEven; ++j) of_row[j] = load(2 * odd + 1, 2 * j);
      CombineEven(of_row);
      HWY_UNROLL(8)
      for (int j = 0; j < kEven; ++j) store(kEven + odd, j, of_row[j]);
      HWY_UNROLL(8)
      for (int j = 0; j < kSide; ++j) store(kEven + odd, kEven + j, load(2 * odd + 1, 2 * j + 1));
    }
  }
}

/// Computes the sums of `panels` of a tile of squares; tile.x are its planes.
template <int kSide>
void SumSquares(int squares, int panels, Tile<float>& tile, float* sums) {
  const float* const weights = tile.weights;
  tile.y = {.at = sums, .dtype = DType::kF32, .block_stride = kPlane<float>};
  const int tap_blocks = (tile.depth + kBlock - 1) / kBlock;
  for (const auto& of_row : kTable<kSide>.sums) {
    for (const auto& sum : of_row) {
      tile.taps = kPlaneOffsets<float>.at + sum.first_plane;
      tile.num_taps = sum.planes;
      tile.next = int64_t{sum.first_plane + sum.planes} * kPlane<float>;
      tile.weights = weights + sum.first_plane * tile.depth * kBlock;
      RunPanels(squares, panels, tile, kBlock);
      tile.y.Advance(kSum<float>);
      tile.prefetch += kCacheLine * tile.prefetch_lines * sum.planes * tap_blocks;
    }
  }
  tile.weights = weights;
}

// The results of one block of `count` squares.
template <int kSide>
HWY_NOINLINE void FinishBlock(const float* sums, int count, const float* bias,
                              const SquareRows<float>& y) {
  constexpr int kSums = Squares<kSide>::kSums;
  const Vec lo = hn::Set(kF32, y.limits.lo), hi = hn::Set(kF32, y.limits.hi);
  for (int i = 0; i < count * kBlock; i += kLanes) {
    Vec of_columns[kSums][kSide];
    HWY_UNROLL(8)
    for (int column = 0; column < kSums; ++column) {
      Vec of_column[kSums];
      HWY_UNROLL(8)
      for (int row = 0; row < kSums; ++row) {
        of_column[row] = hn::Load(kF32, sums + (row * kSums + column) * kSum<float> + i);
      }
      CombineSums(of_column, of_columns[column]);
    }
    float* at = y.first + i / kBlock * kSide * kBlock + i % kBlock;
    HWY_UNROLL(8)
    for (int row = 0; row < kSide; ++row, at += y.row_stride) {
      Vec of_row[kSums], results[kSide];
      HWY_UNROLL(8)
      for (int column = 0; column < kSums; ++column) of_row[column] = of_columns[column][row];
      CombineSums(of_row, results);
      HWY_UNROLL(8)
      for (int column = 0; column < kSide; ++column) {
        const Vec result = hn::Add(results[column], hn::Load(kF32, bias + i % kBlock));
        hn::Store(Clamp(result, lo, hi), kF32, at + column * kBlock);
      }
    }
  }
}
/// Those of `panels` of a tile, of its squares from `first` on.
template <int kSide>
void FinishSquares(const float* sums, int first, int count, int panels, const Tile<float>& tile,
                   SquareRows<float> y) {
  for (int i = 0; i < panels; ++i, y.first += y.block_stride) {
    FinishBlock<kSide>(sums + i * kPlane<float> + first * kBlock, count,
                       tile.weights - kBlock + i * tile.panel_stride, y);
  }
}

#ifdef MNV4_TARGET_FP16
template <int>
void FillPlanes(const F16* x, int64_t row_stride, int quads, F16* planes) {
  FillFp16Planes(reinterpret_cast<const uint16_t*>(x), row_stride, quads,
                 reinterpret_cast<uint16_t*>(planes));
}

// Sums of quads: of one row or column of results each, and of both.
constexpr int kBoth = 2;

template <class Half>
Half* Fp16SumsAt(Half* sums, int row, int column) {
  return sums + (row * Squares<2>::kSums + column) * kSum<F16>;
}

// Sums go on from the sums that they are to be added to.
template <int>
void SumSquares(int squares, int, Tile<F16>& tile, F16* sums) {
  alignas(kCacheLine) uint16_t bias[kFp16Panel];
  RoundBias(tile, bias);
  const auto at = [&](int row, int column) {
    return Fp16SumsAt(reinterpret_cast<uint16_t*>(sums), row, column);
  };
  const auto add = [&](int row, int column, const uint16_t* terms, int64_t term_stride) {
    const auto& sum = kQuads.sums[row][column];
    Fp16Tile fp16 = Fp16TileOf(tile);
    fp16.taps = kPlaneOffsets<F16>.at + sum.first_plane;
    fp16.num_taps = sum.planes;
    fp16.weights += sum.first_plane * tile.depth * kFp16Panel;
    fp16.terms = terms;
    fp16.term_stride = term_stride;
    SumInFp16(squares, kBlock, fp16, at(row, column));
    tile.prefetch = fp16.prefetch;
  };
  add(kBoth, kBoth, bias, 0);
  for (const int column : {0, 1}) add(kBoth, column, kFp16Zeros, 0);
  for (const int row : {0, 1}) {
    add(row, kBoth, at(kBoth, kBoth), kFp16Panel);
    for (const int column : {0, 1}) add(row, column, at(row, kBoth), kFp16Panel);
  }
}
template <int>
void FinishSquares(const F16* sums, int first, int count, int panels, const Tile<F16>&,
                   const SquareRows<F16>& y) {
  const auto at = [&](int row, int column) {
    return Fp16SumsAt(reinterpret_cast<const uint16_t*>(sums), row, column) + first * kFp16Panel;
  };
  for (const int row : {0, 1}) {
    FinishFp16Quads({.sums = {at(row, 0), at(row, 1)},
                     .of_columns = {at(kBoth, 0), at(kBoth, 1)},
                     .y = reinterpret_cast<uint16_t*>(y.first + row * y.row_stride),
                     .y_block_stride = panels == kSquarePanels<F16> ? y.block_stride : 0,
                     .lo = y.limits.lo,
                     .hi = y.limits.hi},
                    count);
  }
}
#endif

/// A unit is a tile of squares that follow each other in reading order.
template <class T, int kSide>
EvenSplit SquareTiles(const ConvProblem& p, int threads) {
  const int squares = p.y.n * (p.y.h / kSide) * (p.y.w / kSide);
  const int tiles = (squares + kTilePixels<T> - 1) / kTilePixels<T>;
  return {squares, std::min(squares, (tiles + threads - 1) / threads * threads)};
}
template <class T, int kSide>
int PlanesOfTile(const ConvProblem& p) {
  return p.x.blocks() * Squares<kSide>::kPlanes * kPlane<T>;
}
/// Tiles whose planes lie in the scratch together, half of L2 at most, if there are more panels
/// than are computed at once: weights that leave L2 until the next tile then serve all of these.
template <class T, int kSide>
int TilesAtOnce(const ConvProblem& p) {
  if (p.y.blocks() <= kSquarePanels<T>) return 1;
  const auto bytes = static_cast<int64_t>(sizeof(T)) * PlanesOfTile<T, kSide>(p);
  return std::clamp(static_cast<int>(BytesOfL2() / 2 / bytes), 1,
                    SquareTiles<T, kSide>(p, 1).parts());
}
template <class T, int kSide>
size_t WinogradScratch(const ConvProblem& p) {
  const int planes = TilesAtOnce<T, kSide>(p) * PlanesOfTile<T, kSide>(p);
  return static_cast<size_t>(planes + kSumsOfTile<T, kSide>) * sizeof(T);
}

template <class T, int kSide>
class Winograd {
 public:
  Winograd(const ConvProblem& p, const ConvArgs& args, int threads, int64_t panel_bytes)
      : p_(p),
        args_(args),
        panel_bytes_(panel_bytes),
        tiles_(SquareTiles<T, kSide>(p, threads)),
        sums_(static_cast<T*>(args.scratch) +
              TilesAtOnce<T, kSide>(p) * PlanesOfTile<T, kSide>(p)) {
    tile_.depth = p.x.c;
    tile_.x_block_stride = Squares<kSide>::kPlanes * kPlane<T>;
    tile_.panel_stride = panel_bytes / static_cast<int64_t>(sizeof(T));
    tile_.limits = LimitsOf(Activation::kNone);
  }

  // While the first tiles are computed the panels that follow come from afar, so many lines for
  // every k-block; later on the hardware fetches them from L3 as fast as they are needed. Beside
  // the last tiles the next layer begins to come.
  void Run(int begin, int end) {
    const int at_once = TilesAtOnce<T, kSide>(p_);
    std::span<const std::byte> next_layer = args_.next;
    for (int unit = begin; unit < end; unit += at_once) {
      const int units = std::min(at_once, end - unit);
      const int k_blocks = units * p_.x.blocks() * Squares<kSide>::kPlanes;
      for (int i = 0; i < units; ++i) Fill(unit + i, PlanesOf(i));
      for (int block = 0; block < p_.y.blocks(); block += kSquarePanels<T>) {
        const int panels = std::min(kSquarePanels<T>, p_.y.blocks() - block);
        const bool own = unit == begin && block + panels < p_.y.blocks();
        const bool beyond = !own && unit + units == end && !next_layer.empty();
        const std::span<const std::byte> next =
            own ? std::span(PanelAt(block + panels), static_cast<size_t>(panels * panel_bytes_))
                : next_layer;
        tile_.prefetch = next.data();
        tile_.prefetch_lines = own ? LinesPerStep(next, k_blocks) : beyond;
        for (int i = 0; i < units; ++i) Compute(unit + i, PlanesOf(i), block, panels);
        const auto fetched = static_cast<size_t>(tile_.prefetch - next.data());
        if (beyond) next_layer = next_layer.subspan(std::min(next_layer.size(), fetched));
      }
    }
  }

 private:
  // The squares of a tile that lie in one row, from its `first` on.
  struct Row {
    int first, count, image, oy, ox;
  };
  template <class Each>
  void ForEachRow(int unit, Each each) const {
    const int row_squares = p_.y.w / kSide, image_rows = p_.y.h / kSide;
    for (int first = 0, count; first < tiles_.Size(unit); first += count) {
      const int square = tiles_.Begin(unit) + first;
      const int row = square / row_squares, column = square % row_squares;
      count = std::min(tiles_.Size(unit) - first, row_squares - column);
      each(Row{first, count, row / image_rows, row % image_rows * kSide, column * kSide});
    }
  }

  T* PlanesOf(int i) const {
    return static_cast<T*>(args_.scratch) + i * PlanesOfTile<T, kSide>(p_);
  }
  const std::byte* PanelAt(int block) const {
    return static_cast<const std::byte*>(args_.packed) + block * panel_bytes_;
  }

  void Fill(int unit, T* planes) const {
    ForEachRow(unit, [&](const Row& row) {
      for (int block = 0; block < p_.x.blocks(); ++block) {
        const int64_t at =
            p_.x.Offset(block, row.image, 2 * row.oy - p_.pad.top, 2 * row.ox - p_.pad.left);
        FillPlanes<kSide>(static_cast<const T*>(args_.x) + at, p_.x.columns() * kBlock, row.count,
                          planes + block * tile_.x_block_stride + row.first * kBlock);
      }
    });
  }

  void Compute(int unit, const T* planes, int block, int panels) {
    tile_.x = planes;
    tile_.weights = reinterpret_cast<const T*>(PanelAt(block) + kCacheLine);
    SumSquares<kSide>(tiles_.Size(unit), panels, tile_, sums_);
    ForEachRow(unit, [&](const Row& row) {
      const SquareRows<T> y = {
          static_cast<T*>(args_.y) + p_.y.Offset(block, row.image, row.oy, row.ox),
          p_.y.columns() * kBlock, p_.y.block_stride(), LimitsOf(p_.activation)};
      FinishSquares<kSide>(sums_, row.first, row.count, panels, tile_, y);
      for (int i = 0; i < kSide * panels; ++i) {
        T* const results = y.first + i % kSide * y.row_stride + i / kSide * y.block_stride;
        ActivateStored(p_.activation, results, kSide * row.count * kBlock);
      }
    });
  }

  const ConvProblem& p_;
  const ConvArgs& args_;
  const int64_t panel_bytes_;
  const EvenSplit tiles_;
  T* const sums_;
  Tile<T> tile_;
};

}  // namespace
}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
