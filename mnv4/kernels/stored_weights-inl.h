/// Weights of 16 bits for tiles of float32: how they are packed, widened and, for a single pixel,
/// summed with.

#if defined(MNV4_KERNELS_STORED_WEIGHTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MNV4_KERNELS_STORED_WEIGHTS_INL_H_
#undef MNV4_KERNELS_STORED_WEIGHTS_INL_H_
#else
#define MNV4_KERNELS_STORED_WEIGHTS_INL_H_
#endif

#include "mnv4/kernels/dense_sum-inl.h"
#include "mnv4/kernels/gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

template <class T>
struct StoredWeights {
  int64_t panel_bytes;
  // `weights` of each of `count` panels, from `first` on, and its bias before them.
  void (*widen)(const std::byte* panels, int64_t panel_bytes, int count, int64_t first,
                int64_t weights, float* to);
  void (*run_pixel)(int panels, const Tile<T>& tile) = nullptr;
};

// A panel: 16 floats of bias, then a row of 16 weights for each value of each tap.
int64_t WeightsOfPanel(const ConvProblem& p) {
  const Sum sum(p);
  return int64_t{sum.taps} * sum.depth * kBlock;
}
int64_t StoredPanelBytes(const ConvProblem& p) {
  const auto bytes = static_cast<size_t>(WeightsOfPanel(p)) * sizeof(uint16_t);
  return kCacheLine + static_cast<int64_t>(RoundUp(bytes, kCacheLine));
}

template <class W>
void PackStored(const ConvProblem& p, const float* oihw, std::span<const float> scale,
                std::span<const float> bias, void* packed) {
  const int64_t panel_floats = PanelBytes<float>(p) / static_cast<int64_t>(sizeof(float));
  const AlignedBuffer floats(static_cast<size_t>(p.y.blocks() * PanelBytes<float>(p)));
  PackPanels<float>(p, oihw, scale, bias, floats.data());
  const auto* panel = floats.as<float>();
  auto* to = static_cast<std::byte*>(packed);
  for (int i = 0; i < p.y.blocks(); ++i, panel += panel_floats, to += StoredPanelBytes(p)) {
    std::copy_n(panel, kBlock, reinterpret_cast<float*>(to));
    std::transform(panel + kBlock, panel + panel_floats, reinterpret_cast<W*>(to + kCacheLine),
                   Rounded<W>);
  }
}

template <class W>
void WidenPanels(const std::byte* panels, int64_t panel_bytes, int count, int64_t first,
                 int64_t weights, float* to) {
  for (; count > 0; --count, panels += panel_bytes) {
    to = std::copy_n(reinterpret_cast<const float*>(panels), kBlock, to);
    const auto* from = reinterpret_cast<const W*>(panels + kCacheLine) + first;
    for (int64_t i = 0; i < weights; i += kBlock, to += kBlock) {
      HWY_UNROLL(4)
      for (int lane = 0; lane < kBlock; lane += kLanes) {
        hn::Store(LoadAsF32(from + i + lane), kF32, to + lane);
      }
    }
  }
}

template <class W>
void RunStoredPixel(int panels, const Tile<float>& tile) {
  if (panels == kPixelPanels) return RunTile<float, 1, kPixelPanels, 0, W>(tile, 0);
  Tile<float> of_panel = tile;
  for (int panel = 0; panel < panels; ++panel) {
    RunTile<float, 1, 1, 0, W>(of_panel, 0);
    of_panel.weights = reinterpret_cast<const float*>(reinterpret_cast<const W*>(of_panel.weights) +
                                                      tile.panel_stride);
    of_panel.y.Advance(tile.y.block_stride);
    if (tile.residual.at != nullptr) of_panel.residual.Advance(tile.residual.block_stride);
  }
}

}  // namespace
}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
