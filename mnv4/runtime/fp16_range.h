#pragma once
/// fp16 ends at 65504. Which convolutions may pass it is decided from their weights, which
/// attention from its size, when a Plan is made, given a bound on what flows between layers.

#include <cstddef>
#include <span>

namespace mnv4::runtime {

/// What activations are taken to stay below (docs/numerics.md). Beyond it fp16 results may become
/// infinite, and then NaN: visible, not silently wrong.
inline constexpr float kLargestActivation = 64;

/// True if a convolution of `channels` outputs might pass fp16's range on inputs within that bound:
/// if |scale| * sum of |weights| * bound + |bias| of a channel does, or is no number. `weights` are
/// OIHW; `scale` and `bias` may be empty; `growth`: how much larger sums on their way may be.
bool MayPassFp16(std::span<const float> weights, std::span<const float> scale,
                 std::span<const float> bias, size_t channels, double growth = 1);

/// The same for attention's scores, which kernels form as exponents of 2: if dim * bound^2 * scale
/// * log2(e) does.
bool ScoresMayPassFp16(int dim, double scale);

/// True if fp16 holds all weights times their channel's scale: none is too large or no number.
bool FitFp16(std::span<const float> weights, std::span<const float> scale, size_t channels);

}  // namespace mnv4::runtime
