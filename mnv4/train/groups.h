#pragma once
/// Which tensors take weight decay, L2 and which learning rate, and which stay frozen: decided by
/// timm's name and the shape, so it needs no LibTorch.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mnv4::train {

/// Weight or bias of a batch norm.
bool IsBatchNorm(std::string_view name);

enum class DecayFilter : uint8_t {
  kGarden,  ///< all but batch norms: layer-scale gammas and the classifier's bias too
  kNo1d,    ///< nothing with one dimension and no bias (timm)
};
bool TakesDecay(DecayFilter filter, std::string_view name, std::span<const int64_t> shape);

/// Kernels of regular convolutions and of the classifier; not those of depthwise convolutions and
/// attention layers, batch norms or biases (Model Garden).
bool TakesL2(std::string_view name, std::span<const int64_t> shape);

/// For each name decay^(last layer - layer), timm's layer-wise decay of the learning rate: the stem
/// is layer 0, each block the next one, all behind the blocks the last.
std::vector<double> LayerLrScales(std::span<const std::string> names, double decay);

/// For each name whether one of `patterns` freezes it: `stem`, `blocks` (all), `blocks.N` (a
/// stage), `blocks.N.M` (a block), `head` (what is between blocks and classifier), `classifier`,
/// `bn` (the batch norms everywhere). Throws Error(kInvalidArgument) for one that fits no name.
std::vector<bool> Frozen(std::span<const std::string> names, std::span<const std::string> patterns);

}  // namespace mnv4::train
