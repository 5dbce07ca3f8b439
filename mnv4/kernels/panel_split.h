#pragma once
/// How a dense convolution is cut into pieces of work. A unit is one tile of pixels times one group
/// of panels (16 output channels each); units are ordered chunk of tiles, group, tile. One chunk
/// makes consecutive ranges of units a split by channels, many chunks a split by pixels.

#include <algorithm>
#include <limits>
#include <span>

#include "mnv4/base/aligned_buffer.h"
#include "mnv4/base/caches.h"
#include "mnv4/kernels/kernel.h"

namespace mnv4::kernels {

/// `total` things cut into `parts` whose sizes differ by one at most, the larger ones spread
/// evenly.
class EvenSplit {
 public:
  EvenSplit() = default;
  EvenSplit(int total, int parts) : total_(total), parts_(parts) {}

  int parts() const { return parts_; }
  int Begin(int part) const { return static_cast<int>(int64_t{total_} * part / parts_); }
  int Size(int part) const { return Begin(part + 1) - Begin(part); }
  /// The part that thing `i` is in.
  int PartOf(int i) const { return static_cast<int>(((int64_t{i} + 1) * parts_ - 1) / total_); }

 private:
  int total_ = 0, parts_ = 1;
};

/// Consecutive units of one group and one row of output.
struct PanelRun {
  int group, image, row;
  int tile_begin, tile_end;  ///< tiles of the row
  int tile_of_chunk, chunk_tiles;
  int unit_end;
};

struct PanelSplit {
  int rows = 1;  ///< output pixels that lie side by side in x and in y: all, images, or their rows
  int rows_per_image = 1;
  EvenSplit row;     ///< into tiles, counted in SplitRule::granule pixels
  EvenSplit chunks;  ///< of the tiles of all rows
  int groups = 1;

  int units() const { return rows * row.parts() * groups; }

  /// The run that starts with `unit` and stays below `end`.
  PanelRun RunAt(int unit, int end) const {
    const int chunk = chunks.PartOf(unit / groups);
    const int first = chunks.Begin(chunk), count = chunks.Size(chunk);
    const int group = (unit - first * groups) / count, of_chunk = (unit - first * groups) % count;
    const int tile = first + of_chunk, begin = tile % row.parts();
    const int length = std::min({row.parts() - begin, count - of_chunk, end - unit});
    return {.group = group,
            .image = tile / row.parts() / rows_per_image,
            .row = tile / row.parts() % rows_per_image,
            .tile_begin = begin,
            .tile_end = begin + length,
            .tile_of_chunk = of_chunk,
            .chunk_tiles = count,
            .unit_end = unit + length};
  }
};

/// Bytes of L2 that one core has: two CPUs that share one are one core's, more divide it.
inline int64_t BytesOfL2() {
  static const int64_t bytes = [] {
    int64_t l2 = 0;
    for (const Cache& cache : MachineCaches()) {
      if (cache.level == 2) l2 = static_cast<int64_t>(cache.bytes) / std::max(1, cache.cpus / 2);
    }
    return l2;
  }();
  return bytes;
}

/// How much of x one chunk reads: what stays in L2 while all panels pass, beside two groups of
/// panels (256 KB each at most: the one in use and the next) and what is written. Every chunk reads
/// all weights once more. From L2 that is cheap; from beyond, x may as well come from there too
/// (2048->512 at 144 pixels, AMD Zen 5: 0.98 of the time of chunks that fit).
inline int64_t ChunkBytes(int64_t packed_bytes) {
  const int64_t l2 = BytesOfL2(), fits = std::max<int64_t>(l2 - (768 << 10), 256 << 10);
  return packed_bytes > l2 ? std::max(l2, fits) : fits;
}

/// Beside tiles (tile_conv-inl.h), layers other than projections are split by channels if there are
/// fewer pixels for each thread.
inline constexpr int kTileMinPixels = 90;

/// Where one of those groups has its packed weights, panels of panel_bytes.
inline std::span<const std::byte> GroupOf(const ConvProblem& p, const void* packed, int group,
                                          int group_panels, int64_t panel_bytes) {
  const int first = group * group_panels, panels = std::min(group_panels, p.y.panels() - first);
  return {static_cast<const std::byte*>(packed) + first * panel_bytes,
          static_cast<size_t>(panels * panel_bytes)};
}
/// How many lines are to be fetched in each of so many steps, until all of `weights` are near.
inline int LinesPerStep(std::span<const std::byte> weights, int steps) {
  const int lines = static_cast<int>(weights.size() / kCacheLine);
  return (lines + steps - 1) / steps;
}

struct SplitRule {
  static constexpr int kNever = std::numeric_limits<int>::max();
  int tile_pixels, group_panels;  ///< the largest tile of the target
  /// Rows are counted and cut in units of so many pixels, of which the last may be shorter.
  int granule = 1;
  bool by_images = false;  ///< no tile spans two images, though their pixels are side by side
  /// A projection reads what all threads have just written, so each takes its own pixels; but not
  /// when that leaves each but a few tiles (49 pixels on 2 threads still gain).
  int min_pixels_per_thread = 24;
  /// The same for layers of all kinds.
  int min_pixels_of_all = kNever;
  int64_t chunk_bytes;  ///< of x that one chunk reads
};

/// True if all pixels of all images are one row. Rows of the picture may be rounded one by one.
inline bool MergesRows(const ConvProblem& p) {
  return p.pointwise() && p.x.layout != Layout::kNhwc && p.x.dense() && p.y.dense() &&
         (!p.has_residual || p.residual.dense());
}

inline PanelSplit SplitPanels(const ConvProblem& p, const SplitRule& rule, int threads) {
  const bool merges = MergesRows(p);
  const int pixels = p.y.n * p.y.h * p.y.w;
  PanelSplit split;
  split.rows = !merges ? p.y.n * p.y.h : rule.by_images ? p.y.n : 1;
  split.rows_per_image = merges ? 1 : p.y.h;
  split.groups = (p.y.panels() + rule.group_panels - 1) / rule.group_panels;

  const int64_t x_bytes = static_cast<int64_t>(p.x.bytes());
  int chunks = static_cast<int>((x_bytes + rule.chunk_bytes - 1) / rule.chunk_bytes);
  const bool by_pixels =
      pixels / threads >= (p.y.c < p.x.c ? rule.min_pixels_per_thread : rule.min_pixels_of_all);
  if (chunks > 1 || by_pixels) chunks = (chunks + threads - 1) / threads * threads;

  const int row_pixels = pixels / split.rows;
  const int granules = (row_pixels + rule.granule - 1) / rule.granule;
  int row_tiles = (row_pixels + rule.tile_pixels - 1) / rule.tile_pixels;
  if (by_pixels && merges) {  // a multiple of the chunks of a row
    const int of_row = (chunks + split.rows - 1) / split.rows;
    row_tiles = std::min((row_tiles + of_row - 1) / of_row * of_row, granules);
  }
  split.row = EvenSplit(granules, row_tiles);
  const int tiles = split.rows * row_tiles;
  split.chunks = EvenSplit(tiles, std::clamp(chunks, 1, tiles));
  return split;
}

}  // namespace mnv4::kernels
