#pragma once
/// Problems for tests of convolutions, and a trial of all that this machine has against the
/// reference.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "mnv4/kernels/conv_ref.h"
#include "mnv4/kernels/emulated_tiles.h"
#include "mnv4/kernels/testing.h"

namespace mnv4::kernels {

inline constexpr Padding kOne = {1, 1, 1, 1}, kTwo = {2, 2, 2, 2};
inline constexpr Padding kSame3 = {0, 0, 1, 1},
                         kSame5 = {1, 1, 2, 2};  // SAME, stride 2, even sides

// y has the size that the convolution rule gives; x carries `pad` as its halo if it is dense.
inline ConvProblem Conv(Desc x, int c_out, int side, int stride, Padding pad, int groups = 1) {
  ConvProblem p;
  p.x = x;
  p.kernel = {side, side};
  p.stride = {stride, stride};
  p.pad = pad;
  p.groups = groups;
  if (groups == 1) p.x.halo = pad;
  const int h = (x.h + pad.top + pad.bottom - side) / stride + 1;
  const int w = (x.w + pad.left + pad.right - side) / stride + 1;
  p.y = C16(x.n, h, w, c_out);
  return p;
}
inline ConvProblem Pointwise(Desc x, int c_out) { return Conv(x, c_out, 1, 1, {}); }
inline ConvProblem Depthwise(Desc x, int side, int stride, Padding pad) {
  return Conv(x, x.c, side, stride, pad, x.c);
}
inline ConvProblem Stem(int n, int h, int w, int c_in, int c_out, Padding pad) {
  Desc x = C16(n, h, w, c_in);
  x.layout = Layout::kNhwc;
  return Conv(x, c_out, 3, 2, pad);
}
inline ConvProblem WithResidual(ConvProblem p, Padding halo = {}) {
  p.has_residual = true;
  p.residual = p.y;
  p.residual.halo = halo;
  return p;
}
inline ConvProblem With(ConvProblem p, Activation activation, Padding y_halo = {}) {
  p.activation = activation;
  p.y.halo = y_halo;
  return p;
}

// Of GELU for results of 16 bits where it is worst, near -4, beside their rounding (math-inl.h).
inline constexpr double kGelu16Error = 1.4e-4;

inline std::string Describe(const ConvProblem& p) {
  return fmt::format("{}x{}x{}x{} -> {}, {}x{} s{} groups {} {}{}", p.x.n, p.x.h, p.x.w, p.x.c,
                     p.y.c, p.kernel.h, p.kernel.w, p.stride.h, p.groups, Name(p.activation),
                     p.has_residual ? " + residual" : "");
}

// On one thread, without scale, bias and residual.
inline AlignedBuffer RunPlainly(const ConvKernel& kernel, const ConvProblem& p,
                                const AlignedBuffer& x, const std::vector<float>& weights) {
  const AlignedBuffer packed(kernel.packed_bytes(p)), scratch(kernel.scratch_bytes(p));
  kernel.pack(p, weights.data(), {}, {}, packed.data());
  AlignedBuffer y(p.y.bytes());
  kernel.run(p, {.x = x.data(), .packed = packed.data(), .y = y.data(), .scratch = scratch.data()},
             0, kernel.units(p, 1), 1);
  return y;
}

// Weights, inputs and the reference's answer to one problem.
class Trial {
 public:
  explicit Trial(const ConvProblem& p)
      : p_(p), x_(RandomTensor(p.x, 1)), residual_(RandomTensor(p.residual, 2)) {
    std::mt19937 random(3);
    std::normal_distribution<float> normal;
    weights_.resize(ConvRefWeights(p));
    const bool bf16 = UsesBf16();  // then scaled weights are multiples of 1/64, x is rounded
    for (int64_t i = 0; bf16 && p.x.dtype == DType::kF32 && i < p.x.elements(); ++i) {
      x_.as<float>()[i] = BFloat16ToFloat(FloatToBFloat16(x_.as<float>()[i]));
    }
    for (float& weight : weights_) {
      weight = bf16 ? std::round(16 * normal(random)) / 16 : normal(random);
    }
    for (int c = 0; c < p.y.c; ++c) {
      scale_.push_back(bf16 ? std::ldexp(1.0f, c % 3 - 2)
                            : 0.5f + 0.1f * static_cast<float>(c % 7));
      bias_.push_back(normal(random));
    }
    expected_ = Run(kConvRef, 1);
  }

  AlignedBuffer Run(const ConvKernel& kernel, int threads) const {
    return Run(kernel, threads, weights_, scale_);
  }
  AlignedBuffer Run(const ConvKernel& kernel, int threads, const std::vector<float>& weights,
                    const std::vector<float>& scale) const {
    const AlignedBuffer packed(kernel.packed_bytes(p_));
    kernel.pack(p_, weights.data(), scale, bias_, packed.data());
    AlignedBuffer y = UnwrittenTensor(p_.y);
    const int units = kernel.units(p_, threads);
    for (int thread = 0; thread < threads; ++thread) {
      const AlignedBuffer scratch(kernel.scratch_bytes(p_));
      kernel.run(p_,
                 {.x = x_.data(),
                  .packed = packed.data(),
                  .residual = p_.has_residual ? residual_.data() : nullptr,
                  .y = y.data(),
                  .scratch = scratch.data(),
                  .next = {packed.data(), packed.size()},
                  .later = {.bytes = {packed.data(), packed.size()}, .from = 0.2, .to = 1}},
                 units * thread / threads, units * (thread + 1) / threads, threads);
    }
    return y;
  }

  // Every row of every table of this machine that takes the problem, and of emulated tiles.
  void CompareAll() const {
    SCOPED_TRACE(Describe(p_));
    // A sum of k products of normal deviates is about sqrt(k) and takes k roundings, which add up
    // like a random walk; the factor is for the unlucky among many thousand sums.
    const double k = static_cast<double>(ConvRefWeights(p_)) / p_.y.c;
    // In fp16 that walk has up to 128 steps of 2^-12 of a sum and starts anew; that such chunks add
    // up in fp16 is a step for each of them, within the factor.
    const bool gelu16 = p_.activation == Activation::kGelu && p_.y.dtype != DType::kF32;
    const double of_gelu = gelu16 ? kGelu16Error : 0;
    const double of_float32 = of_gelu + 4e-7 * (4 + k);
    // Fewer products have larger terms: by the mean squares of their coefficients the worst result
    // has 4.8 times the roundings in a square of F(4, 2), 3 times in Strassen's pairs. Twice the
    // tolerance is enough.
    const double of_larger_terms = of_gelu + 2 * 4e-7 * (4 + k);
    const double of_fp16 = of_gelu + 0x1p-11 * (6 + 4 * std::sqrt(k * std::min(k, 128.0)));
    for (const IsaSet isa : MachineIsas()) {
      if (!HasTypesOf(isa, {p_.x, p_.y, p_.residual})) continue;
      int fast = 0;
      const auto compare = [&](std::span<const ConvKernel> rows) {
        for (const ConvKernel& kernel : rows) {
          if (kernel.needs == Isa::kScalar || kernel.x != p_.x.layout || !kernel.accepts(p_))
            continue;
          SCOPED_TRACE(kernel.name);
          ++fast;
          const bool fp16 = kernel.needs == Isa::kFp16 || kernel.needs == Isa::kNeonFp16;
          const AlignedBuffer one = Run(kernel, 1);
          const std::string_view name = kernel.name;
          const bool larger = name.starts_with("winograd-4x4") || name.starts_with("strassen");
          ExpectSame(p_.y, one, expected_, fp16 ? of_fp16 : larger ? of_larger_terms : of_float32);
          for (const int threads : {2, 3}) ExpectSame(p_.y, Run(kernel, threads), one, 0);
        }
      };
      compare(ConvKernels(isa));
      compare(EmulatedTileKernels());
      EXPECT_GT(fast, 0) << "only the reference takes this problem";
    }
  }

  // Every row with stored weights, on every instruction set, beside the reference on weights that
  // were scaled and rounded before.
  void CompareStored() const {
    SCOPED_TRACE(Describe(p_));
    const size_t of_channel = weights_.size() / static_cast<size_t>(p_.y.c);
    const double tolerance = 4e-7 * (4 + static_cast<double>(of_channel));
    for (const IsaSet isa : MachineIsas()) {
      int rows = 0;
      for (const ConvKernel& kernel : StoredConvKernels(isa)) {
        if (!kernel.accepts(p_)) continue;
        SCOPED_TRACE(kernel.name);
        ++rows;
        std::vector<float> rounded = weights_;
        for (size_t i = 0; i < rounded.size(); ++i) {
          const float scaled = rounded[i] * scale_[i / of_channel];
          rounded[i] = kernel.stored == DType::kF16 ? HalfToFloat(FloatToHalf(scaled))
                                                    : BFloat16ToFloat(FloatToBFloat16(scaled));
        }
        const AlignedBuffer one = Run(kernel, 1);
        ExpectSame(p_.y, one, Run(kConvRef, 1, rounded, {}), tolerance);
        const auto floats = ConvKernels(isa.Without(Isa::kFp16).Without(Isa::kNeonFp16));
        const auto row = std::ranges::find_if(floats, [&](const ConvKernel& candidate) {
          return std::string_view(kernel.name).starts_with(candidate.name);
        });
        ExpectSame(p_.y, one, Run(*row, 1, rounded, {}), 0);
        for (const int threads : {2, 3}) ExpectSame(p_.y, Run(kernel, threads), one, 0);
        EXPECT_LT(kernel.packed_bytes(p_),
                  p_.y.panels() * kBlock * (of_channel * sizeof(uint16_t) + kCacheLine));
      }
      const bool has_16_bits = isa.Has(Isa::kBf16) || HasFp16(isa);
      EXPECT_GE(rows, has_16_bits ? 0 : 2);
    }
  }

 private:
  bool UsesBf16() const { return p_.x.dtype == DType::kBF16 || p_.y.dtype == DType::kBF16; }

  ConvProblem p_;
  AlignedBuffer x_, residual_, expected_;
  std::vector<float> weights_, scale_, bias_;
};

}  // namespace mnv4::kernels
