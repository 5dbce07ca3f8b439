// The networks by name: those published, their width variants and other relatives.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "mnv4/arch/arch.h"
#include "mnv4/arch/published.h"

namespace mnv4 {
namespace {

constexpr std::string_view kPrefix = "mobilenetv4_", kTensorFlow = "tf_", kMinimal = "_minimal";

// timm's registry, and the Model Garden's segmentation network. A width ends the name of its base:
// 035 is 0.35.
constexpr const char* kNames[] = {
    "mobilenetv4_conv_small_035",
    "mobilenetv4_conv_small_050",
    "mobilenetv4_conv_small",
    "mobilenetv4_conv_medium",
    "mobilenetv4_conv_large",
    "mobilenetv4_hybrid_medium_075",
    "mobilenetv4_hybrid_medium",
    "mobilenetv4_hybrid_large_075",
    "mobilenetv4_hybrid_large",
    "mobilenetv4_conv_aa_medium",
    "mobilenetv4_conv_blur_medium",
    "mobilenetv4_conv_aa_large",
    "mobilenetv4_conv_medium_seg",
    "mobilenetv1_100",
    "mobilenetv1_100h",
    "mobilenetv1_125",
    "mobilenetv2_035",
    "mobilenetv2_050",
    "mobilenetv2_075",
    "mobilenetv2_100",
    "mobilenetv2_110d",
    "mobilenetv2_120d",
    "mobilenetv2_140",
    "mobilenetv3_large_075",
    "mobilenetv3_large_100",
    "mobilenetv3_small_050",
    "mobilenetv3_small_075",
    "mobilenetv3_small_100",
    "tf_mobilenetv3_large_075",
    "tf_mobilenetv3_large_100",
    "tf_mobilenetv3_large_minimal_100",
    "tf_mobilenetv3_small_075",
    "tf_mobilenetv3_small_100",
    "tf_mobilenetv3_small_minimal_100",
};

// Relatives of a network that have a name of their own and are trained anew.
struct Variant {
  std::string_view name, base;
  LowPass low_pass = LowPass::kNone;
  double width = 1, depth = 1;  // of all blocks, while stem and head stay
  std::optional<int> head = {};
};
constexpr Variant kVariants[] = {
    {.name = "mobilenetv4_conv_aa_medium",
     .base = "mobilenetv4_conv_medium",
     .low_pass = LowPass::kAverage},
    {.name = "mobilenetv4_conv_blur_medium",
     .base = "mobilenetv4_conv_medium",
     .low_pass = LowPass::kBlur},
    {.name = "mobilenetv4_conv_aa_large",
     .base = "mobilenetv4_conv_large",
     .low_pass = LowPass::kAverage},
    {.name = "mobilenetv1_100h", .base = "mobilenetv1", .head = 1024},
    {.name = "mobilenetv2_110d", .base = "mobilenetv2", .width = 1.1, .depth = 1.2},
    {.name = "mobilenetv2_120d", .base = "mobilenetv2", .width = 1.2, .depth = 1.4},
};

std::optional<NetworkSpec> FindPublished(std::string_view name) {
  for (const PublishedNetwork& network : kPublished) {
    if (name != network.name) continue;
    NetworkSpec spec;
    spec.family = network.family;
    spec.activation = network.activation;
    spec.layer_scale = network.layer_scale;
    spec.stem = network.stem;
    spec.head = network.head;
    for (const auto& blocks : network.stages) {
      if (!blocks.empty()) spec.stages.emplace_back(blocks.begin(), blocks.end());
    }
    return spec;
  }
  return std::nullopt;
}

// The hundredths in "_035" at the end of a name, which are cut off it; 100 if there are none.
int TakeWidth(std::string_view& name) {
  if (name.size() < 4 || name[name.size() - 4] != '_') return 100;
  int width = 0;
  const char* end = name.data() + name.size();
  if (std::from_chars(end - 3, end, width).ptr != end || width < 10) return 100;
  name.remove_suffix(4);
  return width;
}

struct MinimizeBlock {
  template <class Block>
  void operator()(Block& block) const {
    if constexpr (requires { block.squeeze; }) {
      block.kernel = 3;
      block.squeeze = 0;
      block.activation.reset();
    }
  }
};

// The minimalistic V3: 3x3 everywhere, ReLU, no squeeze-and-excite.
void Minimize(NetworkSpec& spec) {
  spec.activation = Activation::kRelu;
  for (auto& stage : spec.stages) {
    for (BlockSpec& block : stage) std::visit(MinimizeBlock{}, block);
  }
}

struct ScaleBlock {
  double multiplier;

  int operator()(int channels) const { return RoundChannels(channels * multiplier); }
  void operator()(MqaSpec&) const {}  // as wide as its input; heads and their width stay
  template <class Block>
  void operator()(Block& block) const {
    block.out = (*this)(block.out);
  }
};

// timm: more blocks in all stages but the first and the last.
void ScaleDepth(NetworkSpec& spec, double multiplier) {
  for (size_t s = 1; s + 1 < spec.stages.size(); ++s) {
    auto& stage = spec.stages[s];
    const auto blocks = std::ceil(static_cast<double>(stage.size()) * multiplier);
    stage.resize(static_cast<size_t>(blocks), BlockSpec(stage.back()));
  }
}

NetworkSpec Apply(const Variant& variant, const NetworkSpec& base) {
  NetworkSpec spec = ScaleWidth(base, variant.width);
  ScaleDepth(spec, variant.depth);
  spec.low_pass = variant.low_pass;
  spec.stem = base.stem;
  spec.head = variant.head.value_or(base.head);
  return spec;
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

int RoundChannels(double v) {
  const int rounded = std::max(8, static_cast<int>(std::floor((v + 4) / 8)) * 8);
  return rounded < 0.9 * v ? rounded + 8 : rounded;
}

NetworkSpec ScaleWidth(NetworkSpec spec, double multiplier) {
  const ScaleBlock scale{multiplier};
  const double least = spec.family == Family::kV4 ? 1 : spec.family == Family::kV3 ? 0.75 : 0;
  if (multiplier >= least) spec.stem = scale(spec.stem);
  if (HasConvBeforePooling(spec)) spec.head = std::max(spec.head, scale(spec.head));
  for (auto& stage : spec.stages) {
    for (BlockSpec& block : stage) std::visit(scale, block);
  }
  return spec;
}

std::optional<NetworkSpec> FindArchitecture(std::string_view name) {
  std::string full_name(name);
  if (name.find("mobilenet") == name.npos) full_name.insert(0, kPrefix);
  std::string_view base = full_name;
  const bool tensor_flow = base.starts_with(kTensorFlow);
  if (tensor_flow) base.remove_prefix(kTensorFlow.size());
  const size_t length = base.size();
  const int width = TakeWidth(base);
  const bool has_width = base.size() < length;
  const bool minimal = base.ends_with(kMinimal);
  if (minimal) base.remove_suffix(kMinimal.size());
  const auto* variant = std::find_if(std::begin(kVariants), std::end(kVariants),
                                     [&](const Variant& v) { return base == v.name; });
  const bool is_variant = variant != std::end(kVariants);

  std::optional<NetworkSpec> spec = FindPublished(is_variant ? variant->base : base);
  if (!spec || ((tensor_flow || minimal) && spec->family != Family::kV3)) return std::nullopt;
  if (is_variant) spec = Apply(*variant, *spec);
  if (minimal) Minimize(*spec);
  if (tensor_flow) {
    spec->pad = PadMode::kSame;
    spec->bn_eps = 1e-3;
  }
  if (width != 100) spec = ScaleWidth(*std::move(spec), width / 100.0);
  // Names of the other generations always have a width.
  if (!has_width && !is_variant && spec->family != Family::kV4) full_name += "_100";
  spec->name = std::move(full_name);
  return spec;
}

std::span<const char* const> ArchitectureNames() { return kNames; }

std::string NearestName(std::string_view name, std::span<const char* const> known) {
  name = name.substr(0, 128);  // enough to tell, and somebody else's text may be long
  const auto nearest = std::min_element(known.begin(), known.end(), [&](auto* a, auto* b) {
    return EditDistance(name, a) < EditDistance(name, b);
  });
  return nearest == known.end() ? "" : *nearest;
}

std::string NearestArchitecture(std::string_view name) {
  name = name.substr(0, 64);
  const std::string full_name = std::string(kPrefix) + std::string(name);
  std::string as_it_is = NearestName(name, kNames), completed = NearestName(full_name, kNames);
  const bool completes = EditDistance(full_name, completed) < EditDistance(name, as_it_is);
  return completes ? completed : as_it_is;
}

}  // namespace mnv4
