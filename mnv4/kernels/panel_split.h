#pragma once
/// How a dense convolution is cut into pieces of work. A unit is one tile of pixels times one
/// panel of output channels; units are ordered chunk of tiles, panel, tile. One chunk makes
/// consecutive ranges of units a split by channels, many chunks a split by pixels.

#include <algorithm>

#include "mnv4/kernels/kernel.h"

namespace mnv4::kernels {

struct PanelSplit {
  int lines = 1;           ///< runs of output pixels that lie side by side in x and in y
  int pixels = 0;          ///< of one line
  int tiles_per_line = 1;  ///< a line is cut evenly, so heights differ by one at most
  int panels = 1;
  int chunks = 1;

  int tiles() const { return lines * tiles_per_line; }
  int units() const { return tiles() * panels; }
  int ChunkBegin(int chunk) const { return static_cast<int>(int64_t{tiles()} * chunk / chunks); }
  int TileBegin(int tile_of_line) const {
    return static_cast<int>(int64_t{pixels} * tile_of_line / tiles_per_line);
  }
};

/// tile_rows x tile_panels * 16: the largest tile of the target.
inline PanelSplit SplitPanels(const ConvProblem& p, int tile_rows, int tile_panels, int threads) {
  // The part of x that one chunk reads stays in half an L2 cache of 512 KB while all panels pass.
  constexpr int64_t kChunkBytes = 256 << 10;
  // A projection reads what all threads have just written, so each takes its own pixels; but not
  // when that leaves each but a few tiles (kernels.md, section 10: down to 49 pixels on 2 threads).
  constexpr int kMinPixelsPerThread = 24;

  PanelSplit split;
  const bool merges =
      p.pointwise() && p.x.dense() && p.y.dense() && (!p.has_residual || p.residual.dense());
  split.lines = merges ? 1 : p.y.n * p.y.h;
  split.pixels = merges ? p.y.n * p.y.h * p.y.w : p.y.w;
  split.tiles_per_line = (split.pixels + tile_rows - 1) / tile_rows;
  split.panels = (p.y.blocks() + tile_panels - 1) / tile_panels;

  const int64_t bytes = static_cast<int64_t>(p.x.bytes());
  split.chunks = static_cast<int>((bytes + kChunkBytes - 1) / kChunkBytes);
  const bool projects = p.y.c < p.x.c && p.y.n * p.y.h * p.y.w >= kMinPixelsPerThread * threads;
  if (split.chunks > 1 || projects) {
    split.chunks = (split.chunks + threads - 1) / threads * threads;
  }
  split.chunks = std::clamp(split.chunks, 1, split.tiles());
  return split;
}

/// Walks consecutive units.
class PanelCursor {
 public:
  PanelCursor(const PanelSplit& split, int unit) : split_(split) {
    while (split_.ChunkBegin(chunk_ + 1) * split_.panels <= unit) ++chunk_;
    EnterChunk();
    const int within = unit - first_ * split_.panels;
    panel_ = within / tiles_;
    tile_ = within % tiles_;
  }
  void Next() {
    if (++tile_ < tiles_) return;
    tile_ = 0;
    if (++panel_ < split_.panels) return;
    panel_ = 0;
    ++chunk_;
    EnterChunk();
  }

  int panel() const { return panel_; }
  int line() const { return (first_ + tile_) / split_.tiles_per_line; }
  int tile_of_line() const { return (first_ + tile_) % split_.tiles_per_line; }
  int tile_of_chunk() const { return tile_; }
  int tiles_of_chunk() const { return tiles_; }

 private:
  void EnterChunk() {
    first_ = split_.ChunkBegin(chunk_);
    tiles_ = split_.ChunkBegin(chunk_ + 1) - first_;
  }

  PanelSplit split_;
  int chunk_ = 0, panel_ = 0, tile_ = 0;
  int first_ = 0, tiles_ = 1;  // of the chunk
};

}  // namespace mnv4::kernels
