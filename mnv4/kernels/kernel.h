#pragma once
/// The contract between the Plan and the kernels: what a kernel is told, promises and needs.
/// Kernels know nothing of graphs. A fast kernel is one more row of a table (see the ends of this
/// file); the Plan takes the first row that accepts, and every table ends in the reference.

#include <cstddef>
#include <cstdint>
#include <span>

#include "mnv4/base/isa.h"
#include "mnv4/base/types.h"

namespace mnv4::kernels {

/// How a tensor [n, h, w, c] lies in memory (spec: ARCHITECTURE.md, "Layouts").
enum class Layout : uint8_t {
  kNhwc,    ///< [n][h][w][c]: the picture
  kC16,     ///< [ceil(c/16)][n][h][w][16]: everything between kernels
  kLine64,  ///< [ceil(c/64 bytes)][n][h][w][64 bytes]: what tile instructions read
};

inline constexpr int kBlock = 16;  ///< channels of a C16 block

/// A tensor as kernels see it. The pointer a kernel is given is that of the first byte of memory,
/// halo included. The lanes of the last block past `c` are always zero, and stay so.
struct Desc {
  DType dtype = DType::kF32;
  Layout layout = Layout::kC16;
  int n = 0, h = 0, w = 0, c = 0;
  Padding
      halo;  ///< zeros kept in memory around every image; the Session writes them, kernels do not
  bool operator==(const Desc&) const = default;

  int rows() const { return halo.top + h + halo.bottom; }     ///< in memory, of one image
  int columns() const { return halo.left + w + halo.right; }  ///< in memory
  /// Channels that lie side by side: of a C16 block, or of a line.
  int block_channels() const {
    return layout == Layout::kLine64 ? 64 / static_cast<int>(SizeOf(dtype)) : kBlock;
  }
  int blocks() const { return (c + block_channels() - 1) / block_channels(); }
  /// Elements from one pixel to the next, and from one block to the next.
  int64_t pixel_stride() const { return layout == Layout::kNhwc ? c : block_channels(); }
  int64_t block_stride() const { return int64_t{n} * rows() * columns() * block_channels(); }
  /// Element offset of pixel (y, x) of image `image` in block `block` (block 0 for NHWC).
  int64_t Offset(int block, int image, int y, int x) const {
    const int64_t pixel = (int64_t{image} * rows() + halo.top + y) * columns() + halo.left + x;
    return block * block_stride() + pixel * pixel_stride();
  }
  /// Panels are 16 channels each: a C16 block, or a part of a line.
  int panels() const { return (c + kBlock - 1) / kBlock; }
  int64_t PanelOffset(int panel, int image, int y, int x) const {
    const int channel = panel * kBlock;
    return Offset(channel / block_channels(), image, y, x) + channel % block_channels();
  }
  int64_t elements() const {
    const int64_t pixels = int64_t{n} * rows() * columns();
    return pixels * (layout == Layout::kNhwc ? c : int64_t{blocks()} * block_channels());
  }
  size_t bytes() const { return static_cast<size_t>(elements()) * SizeOf(dtype); }
  /// `elements` further on from `at`, an address in a tensor of this type.
  const void* Forward(const void* at, int64_t elements) const {
    return static_cast<const std::byte*>(at) + elements * static_cast<int64_t>(SizeOf(dtype));
  }
  void* Forward(void* at, int64_t elements) const {
    return static_cast<std::byte*>(at) + elements * static_cast<int64_t>(SizeOf(dtype));
  }
  /// True if all pixels of all images follow each other without a gap.
  bool dense() const { return halo == Padding{}; }
};

/// y = activation(scale * conv(x, w) + bias), then + residual. Linear layers are 1x1 on 1x1 maps.
///   x [n, h, w, c_in], w OIHW [c_out, c_in / groups, k.h, k.w], y [n, h', w', c_out].
struct ConvProblem {
  Desc x, y;
  Size2 kernel = {}, stride = {}, dilation = {};
  Padding pad;
  int groups = 1;
  Activation activation = Activation::kNone;
  bool has_residual = false;  ///< only with Activation::kNone
  Desc residual = {};         ///< same n h w c as y
  bool operator==(const ConvProblem&) const = default;

  bool depthwise() const { return groups > 1 && groups == x.c && groups == y.c; }
  bool pointwise() const {
    return kernel == Size2{1, 1} && stride == Size2{1, 1} && pad == Padding{} && groups == 1;
  }
  bool single_pixel() const { return y.n * y.h * y.w == 1; }
  /// Whether results come in squares of `side` x `side`, as Winograd's kernels compute them
  /// (winograd.h).
  bool in_squares(int side) const {
    return kernel == Size2{3, 3} && stride == Size2{2, 2} && dilation == Size2{1, 1} &&
           groups == 1 && x.layout == Layout::kC16 && y.h % side == 0 && y.w % side == 0 &&
           !has_residual;
  }
};

/// Weights that a layer further on would have to wait for; they come nearer meanwhile.
struct LaterWeights {
  std::span<const std::byte> bytes = {};
  double from = 0, to = 0;  ///< of each thread's share of the bytes

  /// What a thread that computes [begin, end) of `units` fetches: a part of its own share, since
  /// what is in another one's cache is far away.
  std::span<const std::byte> PartOf(int begin, int end, int units) const {
    const auto at = [&](double of_share) {
      const double units_before = begin + of_share * (end - begin);
      return static_cast<size_t>(static_cast<double>(bytes.size()) * units_before / units);
    };
    return bytes.subspan(at(from), at(to) - at(from));
  }
};

struct ConvArgs {
  const void* x = nullptr;
  const void* packed = nullptr;    ///< written by pack(), 64-byte aligned
  const void* residual = nullptr;  ///< null without one
  void* y = nullptr;
  void* scratch = nullptr;  ///< scratch_bytes() of this thread's own
  /// first_weights() of the next layer that has any, to be fetched meanwhile; empty for the last.
  std::span<const std::byte> next = {};
  LaterWeights later = {};  ///< kernels may leave them where they are
};

/// One way to compute a convolution.
struct ConvKernel {
  const char* name;  ///< "pointwise-6x16", unique in its table
  Isa needs;
  Layout x;      ///< what it reads
  DType x_type;  ///< of what it reads; the reference reads and writes any type
  /// If of 16 bits: packed weights lie in memory so and are widened to x_type, float32, for use.
  DType stored = DType::kF32;
  double products = 1;  ///< that it computes for each multiply-add of the definition
  /// True if the kernel can do this problem, its halos and the layouts of y and a residual
  /// included: a kernel that wants a halo on x accepts only problems whose x has `wants_halo` of
  /// it.
  bool (*accepts)(const ConvProblem&);
  /// True if x must carry `pad` as its halo; otherwise the kernel takes any halo.
  bool wants_halo;
  size_t (*packed_bytes)(const ConvProblem&);
  size_t (*scratch_bytes)(const ConvProblem&);  ///< per thread
  /// Packs OIHW weights, multiplied by scale[c_out], and bias[c_out] (zeros where empty), into
  /// memory that is all zero.
  /// Depends only on the weights' shape, never on n, h or w: packed weights outlive a Plan.
  void (*pack)(const ConvProblem&, const float* oihw, std::span<const float> scale,
               std::span<const float> bias, void* packed);
  /// How many independent pieces of work there are for that many threads (at least 1). Threads
  /// take consecutive ranges of them.
  int (*units)(const ConvProblem&, int threads);
  void (*run)(const ConvProblem&, const ConvArgs&, int begin, int end, int threads) noexcept;
  /// The packed weights that a thread reads first whose range of units begins with `unit`. No
  /// function: they need not be near before.
  std::span<const std::byte> (*first_weights)(const ConvProblem&, const void* packed, int unit,
                                              int threads) = nullptr;
};

/// softmax(scale * Q K^T) V per head; tokens are pixels, images stay apart.
///   q, y [n, h, w, heads * d], k, v [n, h', w', kv_heads * d]; heads are a multiple of kv_heads.
struct AttentionProblem {
  Desc q, k, v, y;
  int heads = 1, kv_heads = 1;
  float scale = 1;
  bool operator==(const AttentionProblem&) const = default;
};

struct AttentionArgs {
  const void *q = nullptr, *k = nullptr, *v = nullptr;
  void* y = nullptr;
  void* scratch = nullptr;
};

struct AttentionKernel {
  const char* name;
  Isa needs;
  DType x_type;  ///< of q, k and v; the reference reads any
  bool (*accepts)(const AttentionProblem&);
  size_t (*scratch_bytes)(const AttentionProblem&);
  int (*units)(const AttentionProblem&);
  void (*run)(const AttentionProblem&, const AttentionArgs&, int begin, int end) noexcept;
};

/// Average over windows (kernel, stride, no padding) or, with `global`, over the whole map.
struct PoolProblem {
  Desc x, y;
  bool global = true;
  Size2 kernel = {}, stride = {};
  bool operator==(const PoolProblem&) const = default;
};

struct PoolKernel {
  const char* name;
  Isa needs;
  bool (*accepts)(const PoolProblem&);
  int (*units)(const PoolProblem&);
  void (*run)(const PoolProblem&, const void* x, void* y, int begin, int end) noexcept;
};

/// y = activation(scale[c] * a + bias[c] + b), the pointwise glue that no convolution absorbed.
/// scale, bias: floats padded with zeros to whole blocks, or null for 1 and 0; b null for 0.
/// With a gate the scale is one of its tensor's images for each image of a: squeeze-and-excite.
struct PointwiseProblem {
  Desc a, y;  ///< same n h w c; halos may differ
  bool has_b = false;
  Desc b = {};
  bool has_gate = false;
  Desc gate = {};  ///< [n, 1, 1, c], float32
  Activation activation = Activation::kNone;
  bool operator==(const PointwiseProblem&) const = default;
};

struct PointwiseArgs {
  const void *a = nullptr, *b = nullptr;
  const float *scale = nullptr, *bias = nullptr;  ///< scale: the gate's tensor if there is one
  void* y = nullptr;
};

struct PointwiseKernel {
  const char* name;
  Isa needs;
  bool (*accepts)(const PointwiseProblem&);
  int (*units)(const PointwiseProblem&);
  void (*run)(const PointwiseProblem&, const PointwiseArgs&, int begin, int end) noexcept;
};

/// Best first, ending in the references, which accept everything (any type, layout, halo, dilation,
/// groups). Only rows whose `needs` is in `isa`: 16-bit arithmetic is an instruction set of its
/// own, which the Plan asks for only where the precision allows it.
std::span<const ConvKernel> ConvKernels(IsaSet isa);
/// Rows with stored weights, to be tried before those of ConvKernels() with the same type: halves
/// the memory where a set without 16-bit arithmetic is asked for 16 bits.
std::span<const ConvKernel> StoredConvKernels(IsaSet isa);
std::span<const AttentionKernel> AttentionKernels(IsaSet isa);
std::span<const PoolKernel> PoolKernels(IsaSet isa);
std::span<const PointwiseKernel> PointwiseKernels(IsaSet isa);

}  // namespace mnv4::kernels
