#pragma once
/// A MobileNet of any generation as plain data: compared, printed, parsed back from its own text.
/// Sources: published.h and published_v1_v3.h.

#include <cstdint>
#include <optional>
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

/// Depthwise separable convolution (V1): depthwise, squeeze-and-excite, 1x1. timm's `ds` and `dsa`.
struct SeparableSpec {
  int kernel = 3;
  int out = 0;
  int stride = 1;
  double squeeze = 0;     ///< channels between squeeze and excite / channels; 0: none
  bool activate = false;  ///< true: an activation at the end, and no residual (timm's `dsa`)
  std::optional<Activation> activation = {};  ///< if not the network's
  bool operator==(const SeparableSpec&) const = default;
};

/// Inverted residual (V2, V3): 1x1 expand, depthwise, squeeze-and-excite, 1x1 project. timm's `ir`.
struct InvertedResidualSpec {
  int kernel = 3;
  double expand = 6;  ///< inner channels / input channels, before rounding to a multiple of 8
  int out = 0;
  int stride = 1;
  double squeeze = 0;                         ///< as above, of the inner channels
  std::optional<Activation> activation = {};  ///< if not the network's
  bool operator==(const InvertedResidualSpec&) const = default;
};

using BlockSpec =
    std::variant<ConvSpec, FusedIbSpec, UibSpec, MqaSpec, SeparableSpec, InvertedResidualSpec>;

/// The papers' names: the four forms of the UIB count as four, one of which is V2's block.
enum class BlockKind : uint8_t {
  kConv,
  kFusedIb,
  kExtraDw,
  kIb,
  kConvNext,
  kFfn,
  kMqa,
  kMha,
  kSeparable
};

constexpr BlockKind KindOf(const BlockSpec& block) {
  if (const auto* mqa = std::get_if<MqaSpec>(&block)) {
    return mqa->multi_head ? BlockKind::kMha : BlockKind::kMqa;
  }
  if (const auto* uib = std::get_if<UibSpec>(&block)) {
    if (uib->dw_start > 0) return uib->dw_mid > 0 ? BlockKind::kExtraDw : BlockKind::kConvNext;
    return uib->dw_mid > 0 ? BlockKind::kIb : BlockKind::kFfn;
  }
  if (std::holds_alternative<SeparableSpec>(block)) return BlockKind::kSeparable;
  if (std::holds_alternative<InvertedResidualSpec>(block)) return BlockKind::kIb;
  return std::holds_alternative<ConvSpec>(block) ? BlockKind::kConv : BlockKind::kFusedIb;
}

/// 2 if the block halves the map, else 1.
int StrideOf(const BlockSpec& block);

/// Which generation's rules the ends of the network and its widths follow.
enum class Family : uint8_t {
  kV1,  ///< 1x1 convolution and batch norm before the pooling; usually none
  kV2,  ///< the same
  kV3,  ///< 1x1 convolution with bias after the pooling
  kV4,  ///< 1x1 convolution and batch norm after the pooling
};

enum class PadMode : uint8_t {
  kSymmetric,  ///< PyTorch graphs: k/2 on all sides
  kSame,       ///< TensorFlow graphs: the smaller half before
};

/// What follows every stride-2 layer but the stem, which then runs at stride 1: timm's `aa_layer`.
enum class LowPass : uint8_t { kNone, kAverage, kBlur };

/// Everything that decides the graph but the input's height, width and batch.
struct NetworkSpec {
  std::string name;  ///< "mobilenetv4_conv_small", or what a text file calls it
  Family family = Family::kV4;
  int in_chans = 3;
  int num_classes = 1000;  ///< 0: no classifier, the output is the pooled features
  Activation activation = Activation::kRelu;
  PadMode pad = PadMode::kSymmetric;
  LowPass low_pass = LowPass::kNone;
  double bn_eps = 1e-5;
  bool layer_scale = false;                         ///< on every UIB and attention (the hybrids)
  int stem = 32;                                    ///< channels of the 3x3 stride-2 stem
  std::vector<std::vector<BlockSpec>> stages = {};  ///< timm's blocks.0, blocks.1, ...
  int head = 1280;         ///< channels of the 1x1 conv beside the pooling; 0: there is none
  int output_stride = 32;  ///< 8 or 16: later strides become dilation, for dense prediction
  bool operator==(const NetworkSpec&) const = default;
};

/// Throws Error(kInvalidArgument) that names the block and what was wanted: sizes out of range,
/// even kernels, a stride inside a stage. Whatever passes can be lowered and printed.
void CheckSpec(const NetworkSpec& spec);
/// Where the 1x1 convolution of the head is, if there is one.
inline bool HasConvBeforePooling(const NetworkSpec& spec) {
  return spec.head > 0 && (spec.family == Family::kV1 || spec.family == Family::kV2);
}
/// Channels of the map that is pooled, and of the features ("pre_logits") that are classified.
int MapChannels(const NetworkSpec& spec);
int FeatureChannels(const NetworkSpec& spec);
/// What is wrong with one block: "stride is 3, wanted 1 to 2". Empty if nothing is.
std::string ProblemOf(const BlockSpec& block);

}  // namespace mnv4
