#pragma once
/// The reference convolution: any type, layout, halo, padding, stride, dilation and groups.

#include "mnv4/kernels/reference.h"

namespace mnv4::kernels {

inline size_t ConvRefWeights(const ConvProblem& p) {
  return static_cast<size_t>(p.y.c) * (p.x.c / p.groups) * p.kernel.h * p.kernel.w;
}

/// The bias of all channels, then OIHW weights with the scale multiplied in.
inline void ConvRefPack(const ConvProblem& p, const float* oihw, std::span<const float> scale,
                        std::span<const float> bias, void* packed) {
  const size_t per_channel = ConvRefWeights(p) / p.y.c;
  float* weights = static_cast<float*>(packed) + p.y.c;
  for (int c = 0; c < p.y.c; ++c) {
    static_cast<float*>(packed)[c] = bias.empty() ? 0 : bias[c];
    const float factor = scale.empty() ? 1 : scale[c];
    for (size_t i = c * per_channel; i < (c + 1) * per_channel; ++i) weights[i] = oihw[i] * factor;
  }
}

inline double ConvRefSum(const ConvProblem& p, const void* x, const float* packed, int image,
                         int oy, int ox, int c) {
  const int depth = p.x.c / p.groups;  // channels that one output channel reads
  const int first = c / (p.y.c / p.groups) * depth;
  const float* weights = packed + p.y.c + static_cast<int64_t>(c) * depth * p.kernel.h * p.kernel.w;
  double sum = packed[c];
  for (int ky = 0; ky < p.kernel.h; ++ky) {
    const int iy = oy * p.stride.h - p.pad.top + ky * p.dilation.h;
    if (iy < 0 || iy >= p.x.h) continue;
    for (int kx = 0; kx < p.kernel.w; ++kx) {
      const int ix = ox * p.stride.w - p.pad.left + kx * p.dilation.w;
      if (ix < 0 || ix >= p.x.w) continue;
      const int64_t pixel = p.x.Offset(0, image, iy, ix);
      for (int i = 0; i < depth; ++i) {
        const double weight = weights[(i * p.kernel.h + ky) * p.kernel.w + kx];
        sum += weight * ElementAt(p.x, x, pixel + ChannelOffset(p.x, first + i));
      }
    }
  }
  return sum;
}

inline void ConvRefRun(const ConvProblem& p, const ConvArgs& args, int begin, int end,
                       int /*threads*/) noexcept {
  const auto* packed = static_cast<const float*>(args.packed);
  StoreRows(p.y, args.y, begin, end, [&](int image, int oy, int ox, int c) {
    double value = Activate(ConvRefSum(p, args.x, packed, image, oy, ox, c), p.activation);
    if (p.has_residual) {
      value += ElementAt(p.residual, args.residual,
                         p.residual.Offset(0, image, oy, ox) + ChannelOffset(p.residual, c));
    }
    return value;
  });
}

inline constexpr ConvKernel kConvRef = {
    .name = "conv-ref",
    .needs = Isa::kScalar,
    .x = Layout::kC16,
    .x_type = DType::kF32,
    .accepts = [](const ConvProblem&) { return true; },
    .wants_halo = false,
    .packed_bytes =
        [](const ConvProblem& p) { return (p.y.c + ConvRefWeights(p)) * sizeof(float); },
    .scratch_bytes = [](const ConvProblem&) -> size_t { return 0; },
    .pack = ConvRefPack,
    .units = [](const ConvProblem& p, int /*threads*/) { return CountRowUnits(p.y); },
    .run = ConvRefRun,
};

}  // namespace mnv4::kernels
