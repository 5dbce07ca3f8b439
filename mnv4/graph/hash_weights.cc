// The deterministic fill (docs/hash-weights.md). Sums wrap modulo 2^64.

#include <cmath>

#include "mnv4/graph/bind.h"

namespace mnv4 {
namespace {

// FNV-1a.
uint64_t HashName(std::string_view name) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

// SplitMix64's output function.
uint64_t Mix(uint64_t z) {
  z += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

double Uniform(uint64_t seed, uint64_t index) {
  return static_cast<double>(Mix(seed + index) >> 11) * 0x1p-53;
}

// A value is offset + factor * r with r in [0, 1), or with 2 r - 1 if `centred`.
struct Rule {
  double offset, factor;
  bool centred;
};

Rule RuleFor(std::string_view name, const Shape& shape) {
  if (name.ends_with("running_mean")) return {0, 0.2, true};
  if (name.ends_with("running_var")) return {0.5, 1, false};
  if (name.ends_with("gamma")) return {0.25, 0.5, false};
  if (shape.size() >= 2) {
    const double bound = std::sqrt(4.5 / static_cast<double>(NumElements(shape) / shape[0]));
    // Small queries keep the softmax from saturating.
    return {0, name.ends_with("query.proj.weight") ? 0.02 * bound : bound, true};
  }
  if (name.ends_with("bias")) return {0, 0.3, true};
  return {0.75, 0.5, false};
}

}  // namespace

double HashUniform(std::string_view name, uint64_t index) { return Uniform(HashName(name), index); }

TensorMap HashWeights(const Graph& graph) {
  TensorMap weights;
  for (const Node& node : graph.nodes) {
    const auto* parameter = std::get_if<Parameter>(&node.op);
    if (parameter == nullptr) continue;
    const Rule rule = RuleFor(parameter->name, node.type.shape);
    const uint64_t seed = HashName(parameter->name);
    std::vector<float> values(static_cast<size_t>(NumElements(node.type.shape)));
    for (size_t i = 0; i < values.size(); ++i) {
      const double r = Uniform(seed, i);
      values[i] = static_cast<float>(rule.offset + rule.factor * (rule.centred ? 2 * r - 1 : r));
    }
    weights.emplace(parameter->name, MakeTensor(node.type.shape, std::move(values)));
  }
  return weights;
}

std::vector<float> HashInput(const Shape& shape) {
  const int64_t n = shape[0], h = shape[1], w = shape[2], c = shape[3];
  const uint64_t seed = HashName("input");
  std::vector<float> values;
  values.reserve(static_cast<size_t>(NumElements(shape)));
  for (int64_t image = 0; image < n; ++image) {
    for (int64_t pixel = 0; pixel < h * w; ++pixel) {
      for (int64_t channel = 0; channel < c; ++channel) {
        const auto index = static_cast<uint64_t>(channel * h * w + pixel);
        values.push_back(static_cast<float>(2 * Uniform(seed, index) - 1));
      }
    }
  }
  return values;
}

}  // namespace mnv4
