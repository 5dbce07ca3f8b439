// The family by name: published networks, their width variants and anti-aliased variants.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "mnv4/arch/arch.h"
#include "mnv4/arch/published.h"

namespace mnv4 {
namespace {

constexpr std::string_view kPrefix = "mobilenetv4_";

// timm's registry, and the Model Garden's segmentation network. A width ends the name of its base:
// 035 is 0.35.
constexpr const char* kNames[] = {
    "mobilenetv4_conv_small_035",  "mobilenetv4_conv_small_050",   "mobilenetv4_conv_small",
    "mobilenetv4_conv_medium",     "mobilenetv4_conv_large",       "mobilenetv4_hybrid_medium_075",
    "mobilenetv4_hybrid_medium",   "mobilenetv4_hybrid_large_075", "mobilenetv4_hybrid_large",
    "mobilenetv4_conv_aa_medium",  "mobilenetv4_conv_blur_medium", "mobilenetv4_conv_aa_large",
    "mobilenetv4_conv_medium_seg",
};

// Same parameters as the base, trained anew.
struct LowPassVariant {
  std::string_view name, base;
  LowPass low_pass;
};
constexpr LowPassVariant kLowPassVariants[] = {
    {"conv_aa_medium", "conv_medium", LowPass::kAverage},
    {"conv_blur_medium", "conv_medium", LowPass::kBlur},
    {"conv_aa_large", "conv_large", LowPass::kAverage},
};

std::optional<NetworkSpec> FindPublished(std::string_view name) {
  NetworkSpec spec;
  for (const LowPassVariant& variant : kLowPassVariants) {
    if (name != variant.name) continue;
    name = variant.base;
    spec.low_pass = variant.low_pass;
  }
  for (const PublishedNetwork& network : kPublished) {
    if (name != network.name) continue;
    spec.activation = network.activation;
    spec.layer_scale = network.layer_scale;
    spec.stem = network.stem;
    for (const auto& blocks : network.stages)
      spec.stages.emplace_back(blocks.begin(), blocks.end());
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

struct ScaleBlock {
  double multiplier;

  int operator()(int channels) const { return RoundChannels(channels * multiplier); }
  void operator()(ConvSpec& block) const { block.out = (*this)(block.out); }
  void operator()(FusedIbSpec& block) const { block.out = (*this)(block.out); }
  void operator()(UibSpec& block) const { block.out = (*this)(block.out); }
  void operator()(MqaSpec&) const {}  // as wide as its input; heads and their width stay
};

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
  if (multiplier >= 1) spec.stem = scale(spec.stem);
  for (auto& stage : spec.stages) {
    for (BlockSpec& block : stage) std::visit(scale, block);
  }
  return spec;
}

std::optional<NetworkSpec> FindArchitecture(std::string_view name) {
  if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
  std::string full_name = std::string(kPrefix) + std::string(name);
  const int width = TakeWidth(name);
  std::optional<NetworkSpec> spec = FindPublished(name);
  if (!spec) return std::nullopt;
  if (width != 100) spec = ScaleWidth(*std::move(spec), width / 100.0);
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

}  // namespace mnv4
