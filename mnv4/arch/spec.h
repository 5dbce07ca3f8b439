#pragma once
/// A MobileNetV4-like network as plain data: compared, printed, parsed back from its own text.
/// Source: Qin et al. 2024 (arXiv 2404.10518), Tables 11-15, as released (see published.h).

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "mnv4/base/types.h"

namespace mnv4 {

/// Convolution, batch norm, activation. timm's `cn`.
struct ConvSpec {
  int kernel = 3;
  int out = 0;  ///< output channels
  int stride = 1;
  bool operator==(const ConvSpec&) const = default;
};

/// Fused inverted bottleneck: k x k expansion, activation, 1x1 projection. timm's `er`.
struct FusedIbSpec {
  int kernel = 3;
  double expand = 4;  ///< inner channels / input channels, before rounding to a multiple of 8
  int out = 0;
  int stride = 1;
  bool operator==(const FusedIbSpec&) const = default;
};

/// Universal inverted bottleneck: depthwise, 1x1 expand, depthwise, 1x1 project. timm's `uir`.
/// A depthwise kernel of 0 leaves that convolution out.
struct UibSpec {
  int dw_start = 0;   ///< kernel side before the expansion, pixels
  int dw_mid = 0;     ///< kernel side after it, pixels
  double expand = 4;  ///< inner channels / input channels, before rounding to a multiple of 8
  int out = 0;        ///< output channels
  int stride = 1;     ///< taken by dw_mid, by dw_start when there is no dw_mid
  bool operator==(const UibSpec&) const = default;
};

/// Mobile multi-query attention with a residual around it. timm's `mqa`.
struct MqaSpec {
  int heads = 4;
  int key_dim = 64;         ///< = value_dim, per head
  int kv_stride = 1;        ///< 2: keys and values from a map of half the side
  bool multi_head = false;  ///< true: classic attention, a key and a value per head (to compare)
  bool operator==(const MqaSpec&) const = default;
};

using BlockSpec = std::variant<ConvSpec, FusedIbSpec, UibSpec, MqaSpec>;

/// The paper's names: the four forms of the UIB count as four.
enum class BlockKind : uint8_t { kConv, kFusedIb, kExtraDw, kIb, kConvNext, kFfn, kMqa, kMha };

constexpr BlockKind KindOf(const BlockSpec& block) {
  if (const auto* mqa = std::get_if<MqaSpec>(&block)) {
    return mqa->multi_head ? BlockKind::kMha : BlockKind::kMqa;
  }
  if (const auto* uib = std::get_if<UibSpec>(&block)) {
    if (uib->dw_start > 0) return uib->dw_mid > 0 ? BlockKind::kExtraDw : BlockKind::kConvNext;
    return uib->dw_mid > 0 ? BlockKind::kIb : BlockKind::kFfn;
  }
  return std::holds_alternative<ConvSpec>(block) ? BlockKind::kConv : BlockKind::kFusedIb;
}

/// 2 if the block halves the map, else 1.
int StrideOf(const BlockSpec& block);

enum class PadMode : uint8_t {
  kSymmetric,  ///< PyTorch graphs: k/2 on all sides
  kSame,       ///< TensorFlow graphs: the smaller half before
};

/// What follows every stride-2 layer but the stem, which then runs at stride 1: timm's `aa_layer`.
enum class LowPass : uint8_t { kNone, kAverage, kBlur };

/// Everything that decides the graph but the input's height, width and batch.
struct NetworkSpec {
  std::string name;  ///< "mobilenetv4_conv_small", or what a text file calls it
  int in_chans = 3;
  int num_classes = 1000;  ///< 0: no classifier, the output is the pooled features
  Activation activation = Activation::kRelu;
  PadMode pad = PadMode::kSymmetric;
  LowPass low_pass = LowPass::kNone;
  double bn_eps = 1e-5;
  bool layer_scale = false;                         ///< on every UIB and attention (the hybrids)
  int stem = 32;                                    ///< channels of the 3x3 stride-2 stem
  std::vector<std::vector<BlockSpec>> stages = {};  ///< timm's blocks.0, blocks.1, ...
  int head = 1280;                                  ///< channels of the 1x1 conv after pooling
  int output_stride = 32;  ///< 8 or 16: later strides become dilation, for dense prediction
  bool operator==(const NetworkSpec&) const = default;
};

/// Throws Error(kInvalidArgument) that names the block and what was wanted: sizes out of range,
/// even kernels, a stride inside a stage. Whatever passes can be lowered and printed.
void CheckSpec(const NetworkSpec& spec);
/// What is wrong with one block: "stride is 3, wanted 1 to 2". Empty if nothing is.
std::string ProblemOf(const BlockSpec& block);

}  // namespace mnv4
