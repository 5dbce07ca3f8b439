/// 1x1 convolutions by seven products of quarters instead of eight (Strassen 1969, in Winograd's
/// form of 1971, which takes the fewest additions). x is cut into the upper and the lower half of
/// each image and into halves of its channels, the weights w likewise by input and by output:
///   s1 = x21 + x22    s2 = s1 - x11    s3 = x11 - x21    s4 = x12 - s2
///   a = x11 w11                       y11 = a + x12 w21
///   b = a + s2 (w11 - w12 + w22)      c = s1 (w12 - w11)
///   d = b + s3 (w22 - w12)            y12 = b + c + s4 w22
///   y22 = d + c                       y21 = d + x22 (w21 - w22 + w12 - w11)
/// Each product is a tile of gemm-inl.h that goes on from the sums of another, so that what is
/// added on the side of y stays in registers or L1. Sums of weights are packed. Those of x are left
/// to compute: as many as x has values, once for all output channels.

#if defined(MNV4_KERNELS_STRASSEN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MNV4_KERNELS_STRASSEN_INL_H_
#undef MNV4_KERNELS_STRASSEN_INL_H_
#else
#define MNV4_KERNELS_STRASSEN_INL_H_
#endif

#include <algorithm>
#include <iterator>
#include <span>
#include <vector>

#include "mnv4/kernels/dense_sum-inl.h"
#include "mnv4/kernels/gemm-inl.h"
#include "mnv4/kernels/panel_split.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

/// One of the seven: the factors of the weights' quarters, and whose bias its sums begin with.
struct Product {
  double w11, w12, w21, w22;
  enum { kNone, kLeft, kRight } bias = kNone;
};
/// In the order in which they are computed. c has the bias of both results on the right.
constexpr Product kSevenProducts[] = {{1, 0, 0, 0},
                                      {0, 0, 1, 0, Product::kLeft},
                                      {1, -1, 0, 1},
                                      {-1, 1, 0, 0, Product::kRight},
                                      {0, 0, 0, 1},
                                      {0, -1, 0, 1},
                                      {-1, 1, 1, -1, Product::kLeft}};
constexpr int kProducts = static_cast<int>(std::size(kSevenProducts));

constexpr int kPairPanels = 2 * kTilePanels;         ///< left and right
constexpr int64_t kTileFloats = kTileRows * kBlock;  ///< of one panel

/// Sums of x take as long as is gained where there are six vectors of output channels, half of that
/// at twice as many. Fewer inputs leave seven short sums, each with a beginning and an end.
/// Weights, seven for four, need pixels to serve: 64 on two threads gain nothing.
constexpr int kMinOutputs = 12 * kLanes, kMinInputs = 192, kMinPixels = 128;

inline bool AcceptsStrassen(const ConvProblem& p) {
  const int pixels = p.y.h * p.y.w;  // of an image: a batch gives the same bits
  return p.pointwise() && IsC16Of<float>(p.x) && IsC16Of<float>(p.y) &&
         (!p.has_residual || IsC16Of<float>(p.residual)) && MergesRows(p) && pixels % 2 == 0 &&
         p.x.c % (2 * kBlock) == 0 && p.y.c % (kPairPanels * kBlock) == 0 && pixels >= kMinPixels &&
         p.x.c >= kMinInputs && p.y.c >= kMinOutputs;
}

/// Both halves of the channels of x are cut into parts, in blocks, so that two groups' panels and
/// what they read stay in L2. y takes up what one part after another adds.
inline EvenSplit PartsOf(const ConvProblem& p) {
  constexpr int kBlocks = 12;
  const int blocks = p.x.blocks() / 2;
  return {blocks, (blocks + kBlocks - 1) / kBlocks};
}

/// The weights: for each part, group of panels and product the panels of a tile.
class StrassenWeights {
 public:
  explicit StrassenWeights(const ConvProblem& p)
      : parts_(PartsOf(p)), groups_(p.y.blocks() / kPairPanels) {}

  /// Bytes from one panel to the next, and to the panels of the next group.
  int64_t PanelBytes(int part) const {
    return kCacheLine * (1 + int64_t{parts_.Size(part)} * kBlock);
  }
  int64_t GroupBytes(int part) const { return kProducts * kTilePanels * PanelBytes(part); }
  int64_t Begin(int part) const {
    const int64_t lines = part + int64_t{parts_.Begin(part)} * kBlock;
    return kCacheLine * lines * kProducts * kTilePanels * groups_;
  }
  int64_t bytes() const { return Begin(parts_.parts()); }
  std::span<const std::byte> Of(const void* packed, int part, int group) const {
    const int64_t at = Begin(part) + group * GroupBytes(part);
    return {static_cast<const std::byte*>(packed) + at, static_cast<size_t>(GroupBytes(part))};
  }

 private:
  EvenSplit parts_;
  int groups_;
};

inline void PackStrassen(const ConvProblem& p, const float* oihw, std::span<const float> scale,
                         std::span<const float> bias, void* packed) {
  constexpr int kHalf = kTilePanels * kBlock;  // output channels of a tile
  const StrassenWeights layout(p);
  const EvenSplit parts = PartsOf(p);
  ConvProblem product = p;
  product.y.c = kHalf;
  auto* at = static_cast<std::byte*>(packed);
  for (int part = 0; part < parts.parts(); ++part) {
    const int first = parts.Begin(part) * kBlock;
    product.x.c = parts.Size(part) * kBlock;
    std::vector<float> weights(static_cast<size_t>(kHalf * product.x.c));
    for (int left = 0; left < p.y.c; left += 2 * kHalf) {
      for (const Product& of : kSevenProducts) {
        float* out = weights.data();
        for (int c = left; c < left + kHalf; ++c) {
          const double of_left = scale.empty() ? 1 : scale[c];
          const double of_right = scale.empty() ? 1 : scale[c + kHalf];
          const float* const w1 = oihw + int64_t{c} * p.x.c + first;
          const float* const w2 = w1 + p.x.c / 2;
          const int64_t right = int64_t{kHalf} * p.x.c;
          for (int i = 0; i < product.x.c; ++i) {
            const double sum = of_left * (of.w11 * w1[i] + of.w21 * w2[i]) +
                               of_right * (of.w12 * w1[i + right] + of.w22 * w2[i + right]);
            *out++ = static_cast<float>(sum);
          }
        }
        std::span<const float> of_half;
        if (part == 0 && of.bias != Product::kNone && !bias.empty()) {
          of_half = bias.subspan(of.bias == Product::kLeft ? left : left + kHalf, kHalf);
        }
        PackPanels<float>(product, weights.data(), {}, of_half, at);
        at += kTilePanels * layout.PanelBytes(part);
      }
    }
  }
}

/// A unit is a pair of tiles times a group of panels.
inline PanelSplit StrassenSplit(const ConvProblem& p, int threads) {
  // A part of x and its sums, which are as many, fill half of L2.
  const int64_t l2 = std::max<int64_t>(BytesOfL2(), 512 << 10);
  const SplitRule rule = {.tile_pixels = 2 * kTileRows,
                          .group_panels = kPairPanels,
                          .granule = 2,
                          .by_images = true,
                          .min_pixels_of_all = 64,  // by channels, each thread would fill all sums
                          .chunk_bytes = l2 / 4 * PartsOf(p).parts()};
  return SplitPanels(p, rule, threads);
}

class Strassen {
 public:
  Strassen(const ConvProblem& p, const ConvArgs& args, int threads)
      : p_(p),
        args_(args),
        parts_(PartsOf(p)),
        weights_(p),
        split_(StrassenSplit(p, threads)),
        half_(p.y.h * p.y.w / 2),
        products_(static_cast<float*>(args.scratch)) {
    tile_.taps = &kOneTap;
    tile_.biased = true;
    tile_.start_stride = kTileFloats;
  }

  static size_t ScratchBytes(const ConvProblem& p) {
    const PanelSplit split = StrassenSplit(p, 1);
    // A chunk's pairs. More threads have as many or more chunks, but may round both numbers up.
    const int pairs = split.chunks.Begin(split.chunks.parts()) / split.chunks.parts() + 2;
    return static_cast<size_t>(kProductsKept * kTilePanels * kTileFloats + pairs * SumsOfPair(p)) *
           sizeof(float);
  }

  void Run(int begin, int end) {
    later_ = args_.later.PartOf(begin, end, split_.units());
    for (part_ = 0; part_ < parts_.parts(); ++part_) {
      first_block_ = parts_.Begin(part_);
      blocks_ = parts_.Size(part_);
      tile_.depth = blocks_ * kBlock;
      tile_.panel_stride = weights_.PanelBytes(part_) / int64_t{sizeof(float)};
      int chunk = -1, chunk_begin = begin;
      for (int unit = begin; unit < end;) {
        const PanelRun run = split_.RunAt(unit, end);
        const int tile = run.image * split_.row.parts() + run.tile_begin;
        if (tile - run.tile_of_chunk != chunk) chunk_begin = unit;
        chunk = tile - run.tile_of_chunk;
        const int next_group = unit - run.tile_of_chunk + run.chunk_tiles;
        FetchAhead(run, next_group < end ? WeightsAt(part_, next_group)
                        : last_part()    ? args_.next
                                         : WeightsAt(part_ + 1, begin));
        const std::byte* const weights = weights_.Of(args_.packed, part_, run.group).data();
        for (int i = run.tile_begin; i < run.tile_end; ++i, ++unit) {
          const Pair pair = {.weights = reinterpret_cast<const float*>(weights) + kBlock,
                             .left = run.group * kPairPanels,
                             .upper = run.image * 2 * half_ + split_.row.Begin(i),
                             .rows = split_.row.Size(i),
                             .sums = SumsAt(run.tile_of_chunk + i - run.tile_begin)};
          if (unit - chunk_begin < run.chunk_tiles) FillSums(pair);  // else another group did
          Multiply(pair);
        }
      }
    }
  }

 private:
  static constexpr int64_t kOneTap = 0;
  static constexpr int kProductsKept = 4;  // a, b, c, d

  // A tile of the upper half of an image and one of the lower.
  struct Pair {
    const float* weights;  // of the group
    int left;              // panels on the left from this one on
    int upper, rows;       // the upper tile's first pixel, and how many each has
    float* sums;           // s2, s1, s4, s3: [blocks_][kTileRows][16] each
  };

  static int64_t SumsOfPair(const ConvProblem& p) {
    const EvenSplit parts = PartsOf(p);
    return 4 * parts.Size(parts.parts() - 1) * kTileFloats;
  }
  float* SumsAt(int pair) const {
    return products_ + kProductsKept * kTilePanels * kTileFloats + pair * 4 * SumFloats();
  }
  int64_t SumFloats() const { return blocks_ * kTileFloats; }
  bool last_part() const { return part_ + 1 == parts_.parts(); }
  const float* XAt(int block, int pixel) const {
    return static_cast<const float*>(args_.x) + block * p_.x.block_stride() + pixel * kBlock;
  }

  std::span<const std::byte> WeightsAt(int part, int unit) const {
    return weights_.Of(args_.packed, part, split_.RunAt(unit, unit + 1).group);
  }
  // While one group of panels is used, `next` comes from afar, and beside it what is for later.
  void FetchAhead(const PanelRun& run, std::span<const std::byte> next) {
    const int k_blocks = kProducts * blocks_;
    const int lines = LinesPerStep(next, k_blocks * run.chunk_tiles);
    tile_.prefetch_lines = lines;
    tile_.prefetch = next.data() + int64_t{kCacheLine} * lines * k_blocks * run.tile_of_chunk;
    tile_.prefetch_also = later_.empty() ? 0 : later_.data() - next.data();
    if (run.tile_of_chunk + run.tile_end - run.tile_begin == run.chunk_tiles) {  // of the group
      later_ = later_.subspan(std::min(later_.size(), next.size()));
    }
  }

  // These are not inlined: the library has little room.
  HWY_NOINLINE void FillSums(const Pair& pair) const {
    const int64_t lower = int64_t{half_} * kBlock, size = SumFloats();
    for (int block = 0; block < blocks_; ++block) {
      const float* HWY_RESTRICT x1 = XAt(first_block_ + block, pair.upper);
      const float* HWY_RESTRICT x2 = XAt(first_block_ + block + p_.x.blocks() / 2, pair.upper);
      float* HWY_RESTRICT sums = pair.sums + block * kTileFloats;
      for (int64_t i = 0; i < pair.rows * kBlock; i += kLanes) {
        const Vec x11 = hn::Load(kF32, x1 + i), x21 = hn::Load(kF32, x1 + lower + i);
        const Vec x12 = hn::Load(kF32, x2 + i), x22 = hn::Load(kF32, x2 + lower + i);
        const Vec s1 = hn::Add(x21, x22), s2 = hn::Sub(s1, x11);
        hn::Store(s2, kF32, sums + i);
        hn::Store(s1, kF32, sums + size + i);
        hn::Store(hn::Sub(x12, s2), kF32, sums + 2 * size + i);
        hn::Store(hn::Sub(x11, x21), kF32, sums + 3 * size + i);
      }
    }
  }

  HWY_NOINLINE void Multiply(const Pair& pair) {
    const float* const x11 = XAt(first_block_, pair.upper);
    const float* const x12 = XAt(first_block_ + p_.x.blocks() / 2, pair.upper);
    const float* const x22 = x12 + int64_t{half_} * kBlock;
    const float* const s2 = pair.sums;
    const float* const s1 = s2 + SumFloats();
    const float* const s4 = s1 + SumFloats();
    const float* const s3 = s4 + SumFloats();
    float* const a = products_;
    float* const b = a + kTilePanels * kTileFloats;
    float* const c = b + kTilePanels * kTileFloats;
    float* const d = c + kTilePanels * kTileFloats;

    tile_.weights = pair.weights;
    const int64_t x_stride = p_.x.block_stride();
    const int left = pair.left, right = left + kTilePanels;
    const int lower = pair.upper + half_;

    WriteTo(a);
    Add(pair.rows, x11, x_stride, x12);
    WriteTo(left, pair.upper);
    Add(pair.rows, x12, x_stride, s2, a);
    Activate(pair.rows);
    WriteTo(b);
    Add(pair.rows, s2, kTileFloats, s1, a);
    WriteTo(c);
    Add(pair.rows, s1, kTileFloats, s4);
    AddTiles(pair.rows, b, c, a);
    WriteTo(right, pair.upper);
    Add(pair.rows, s4, kTileFloats, s3, a);
    Activate(pair.rows);
    WriteTo(d);
    Add(pair.rows, s3, kTileFloats, x22, b);
    WriteTo(left, lower);
    Add(pair.rows, x22, x_stride, x11 + pair.rows * kBlock, d);
    Activate(pair.rows);
    AddTiles(pair.rows, d, c, a);
    WriteTo(right, lower);
    Store(pair.rows, a);
    Activate(pair.rows);
  }

  // Where the next product's sums go: kept for others,
  void WriteTo(float* kept) {
    tile_.y = {.at = kept, .dtype = DType::kF32, .block_stride = kTileFloats};
    tile_.residual.at = nullptr;
    tile_.limits = LimitsOf(Activation::kNone);
  }
  // or to y, added to what parts before have left there.
  HWY_NOINLINE void WriteTo(int block, int pixel) {
    void* const y = p_.y.Forward(args_.y, block * p_.y.block_stride() + pixel * kBlock);
    tile_.y = {.at = y, .dtype = DType::kF32, .block_stride = p_.y.block_stride()};
    tile_.residual.at = nullptr;
    if (part_ > 0) {
      tile_.residual = {.at = y, .dtype = DType::kF32, .block_stride = p_.y.block_stride()};
    } else if (p_.has_residual) {
      const int64_t stride = p_.residual.block_stride();
      const void* const at = p_.residual.Forward(args_.residual, block * stride + pixel * kBlock);
      tile_.residual = {.at = at, .dtype = DType::kF32, .block_stride = stride};
    }
    tile_.limits = LimitsOf(last_part() ? p_.activation : Activation::kNone);
  }

  // A product, added to the sums at `start` if there are any.
  HWY_NOINLINE void Add(int rows, const float* x, int64_t x_stride, const float* next_x,
                        const float* start = nullptr) {
    tile_.x = x;
    tile_.x_block_stride = x_stride;
    tile_.next = next_x - x;
    tile_.start = start;
    RunTileOf<kTilePanels>(rows, tile_, kBlock);
    tile_.weights += kTilePanels * tile_.panel_stride;
    tile_.prefetch += int64_t{kCacheLine} * tile_.prefetch_lines * blocks_;
  }
  HWY_NOINLINE static void AddTiles(int rows, const float* a, const float* b, float* sums) {
    for (int panel = 0; panel < kTilePanels; ++panel) {
      for (int i = 0; i < rows * kBlock; i += kLanes) {
        const int64_t at = panel * kTileFloats + i;
        hn::Store(hn::Add(hn::Load(kF32, a + at), hn::Load(kF32, b + at)), kF32, sums + at);
      }
    }
  }
  // Sums that lack no product.
  void Store(int rows, const float* sums) {
    tile_.num_taps = 0;
    tile_.biased = false;
    tile_.start = sums;
    RunTileOf<kTilePanels>(rows, tile_, kBlock);
    tile_.num_taps = 1;
    tile_.biased = true;
  }
  void Activate(int rows) const {
    if (!last_part()) return;
    for (int panel = 0; panel < kTilePanels; ++panel) {
      auto* const y = static_cast<float*>(tile_.y.at) + panel * tile_.y.block_stride;
      ActivateStored(p_.activation, y, rows * kBlock);
    }
  }

  const ConvProblem& p_;
  const ConvArgs& args_;
  const EvenSplit parts_;
  const StrassenWeights weights_;
  const PanelSplit split_;
  const int half_;  // the pixels of half an image
  float* const products_;
  std::span<const std::byte> later_;
  int part_ = 0, first_block_ = 0, blocks_ = 0;  // the part, and its blocks of either half
  Tile<float> tile_;
};

}  // namespace
}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
