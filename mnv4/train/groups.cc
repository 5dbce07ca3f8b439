#include "mnv4/train/groups.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "mnv4/base/error.h"

namespace mnv4::train {
namespace {

// "blocks.2.0" is under "blocks.2", "blocks.20" is not.
bool IsUnder(std::string_view name, std::string_view scope) {
  return name.starts_with(scope) && name.size() > scope.size() && name[scope.size()] == '.';
}

// What owns the parameter, without its own name: "blocks.2.0.dw_start.bn".
std::string_view Scope(std::string_view name) {
  const size_t dot = name.rfind('.');
  return dot == name.npos ? std::string_view() : name.substr(0, dot);
}

std::string_view LastPart(std::string_view name) { return name.substr(name.rfind('.') + 1); }

bool IsStem(std::string_view name) { return IsUnder(name, "conv_stem") || IsUnder(name, "bn1"); }

// The order of layers: {0} the stem, {1, stage, block} a block, {2} what follows.
std::vector<int> Layer(std::string_view name) {
  if (IsStem(name)) return {0};
  if (!IsUnder(name, "blocks")) return {2};
  const char* const end = name.data() + name.size();
  int stage = 0, block = 0;
  const auto first = std::from_chars(name.data() + std::string_view("blocks.").size(), end, stage);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return {2};
  if (std::from_chars(first.ptr + 1, end, block).ec != std::errc()) return {2};
  return {1, stage, block};
}

bool Freezes(std::string_view pattern, std::string_view name) {
  if (pattern == "bn") return IsBatchNorm(name);
  if (pattern == "stem") return IsStem(name);
  if (pattern == "head") {
    return !IsStem(name) && !IsUnder(name, "blocks") && !IsUnder(name, "classifier");
  }
  return (pattern == "classifier" || pattern == "blocks" || IsUnder(pattern, "blocks")) &&
         IsUnder(name, pattern);
}

}  // namespace

// timm: bn1, dw_start.bn, norm, query.norm, norm_head; layer_scale is none.
bool IsBatchNorm(std::string_view name) {
  const std::string_view owner = LastPart(Scope(name));
  return owner.starts_with("bn") || owner.starts_with("norm");
}

bool TakesDecay(DecayFilter filter, std::string_view name, std::span<const int64_t> shape) {
  if (filter == DecayFilter::kGarden) return !IsBatchNorm(name);
  return shape.size() > 1 && LastPart(name) != "bias";
}

bool TakesL2(std::string_view name, std::span<const int64_t> shape) {
  if (LastPart(name) != "weight" || name.find(".attn.") != name.npos) return false;
  if (shape.size() == 2) return true;
  if (shape.size() != 4) return false;
  const bool depthwise = shape[1] == 1 && shape[0] > 1 && !IsStem(name);
  return !depthwise;
}

std::vector<double> LayerLrScales(std::span<const std::string> names, double decay) {
  std::map<std::vector<int>, int> ids;
  for (const std::string& name : names) ids[Layer(name)];
  int next = 0;
  for (auto& [layer, id] : ids) id = next++;
  std::vector<double> scales;
  scales.reserve(names.size());
  for (const std::string& name : names)
    scales.push_back(std::pow(decay, next - 1 - ids[Layer(name)]));
  return scales;
}

std::vector<bool> Frozen(std::span<const std::string> names,
                         std::span<const std::string> patterns) {
  std::vector<bool> frozen(names.size());
  for (const std::string& pattern : patterns) {
    bool fits = false;
    for (size_t i = 0; i < names.size(); ++i) {
      if (!Freezes(pattern, names[i])) continue;
      frozen[i] = true;
      fits = true;
    }
    if (!fits) {
      throw Error(ErrorCode::kInvalidArgument,
                  "freeze: '" + pattern +
                      "' names nothing in this network, expected stem, blocks, blocks.N, "
                      "blocks.N.M, head, classifier or bn");
    }
  }
  return frozen;
}

}  // namespace mnv4::train
