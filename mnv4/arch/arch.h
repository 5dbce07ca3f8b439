#pragma once
/// Specs to graphs, specs to text and back, and the published networks by name.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mnv4/arch/spec.h"
#include "mnv4/graph/graph.h"

namespace mnv4 {

/// Lowers a spec at one input shape. Parameters carry timm's names.
/// Outputs:
///   "logits"      [n, 1, 1, num_classes]; the same as "pre_logits" if num_classes is 0
///   "pre_logits"  [n, 1, 1, FeatureChannels], after the activation
///   "C1".."C5"    timm's features: the last map before each halving, and the last map of all
///   "blocks.0"..  the last map of each stage; "blocks.3" comes before the 960 convolution
/// Throws Error(kInvalidArgument) for sizes below 1 and specs that cannot be built.
Graph Lower(const NetworkSpec& spec, int n, int h, int w);

/// The text form; Parse(Print(s)) == s. Grammar: docs/network-text.md.
std::string Print(const NetworkSpec& spec);
/// Throws Error(kInvalidFile): line, what it has, what was wanted. Any bytes may be given.
NetworkSpec ParseNetwork(std::string_view text);

/// Nearest multiple of 8, at least 8, and the next one if that is below 90 % of v (timm's rule).
int RoundChannels(double v);

/// The architecture called `name`, with or without "mobilenetv4_"; nullopt if there is none.
/// Any width may end the name: "conv_small_060" is conv_small with 0.60 of its channels. "tf_" in
/// front of a V3 means TensorFlow's padding and epsilon.
std::optional<NetworkSpec> FindArchitecture(std::string_view name);
/// `spec` with every width times `multiplier`, as timm does it. What stays: V4's stem below 1, V3's
/// below 0.75; a head after the pooling always, one before it below 1; the heads of attention.
NetworkSpec ScaleWidth(NetworkSpec spec, double multiplier);
/// timm's names, from small to large.
std::span<const char* const> ArchitectureNames();
/// The architecture whose name, or name without "mobilenetv4_", is most like `name`: for error
/// texts.
std::string NearestArchitecture(std::string_view name);
/// The known name with the smallest edit distance, for error texts.
std::string NearestName(std::string_view name, std::span<const char* const> known);

enum class MeanStd : uint8_t {
  kImageNet,  ///< ImageNet's
  kHalf,      ///< 0.5 and 0.5
  kZero,      ///< 0 and 1
};

/// One published set of weights, its preprocessing and its accuracy.
struct PretrainedTag {
  const char* architecture;  ///< "mobilenetv4_conv_small"
  const char* tag;           ///< "e2400_r224_in1k"
  int num_classes;
  int size;  ///< input side, pixels
  double crop_pct;
  int test_size;  ///< larger evaluation setting; 0: none published
  double test_crop_pct;
  MeanStd mean_std;
  double top1;            ///< ImageNet-1k validation at `size`, per cent; 0: none
  double test_top1;       ///< at test_size
  bool on_hub;            ///< weights were published
  bool bilinear = false;  ///< interpolation; else bicubic
};
/// All rows; the first of an architecture is its default.
std::span<const PretrainedTag> PretrainedTags();

}  // namespace mnv4
