#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "mnv4/kernels/conv_ref.h"
#include "mnv4/kernels/emulated_tiles.h"
#include "mnv4/kernels/testing.h"

namespace mnv4::kernels {
namespace {

constexpr Padding kOne = {1, 1, 1, 1}, kTwo = {2, 2, 2, 2};
constexpr Padding kSame3 = {0, 0, 1, 1}, kSame5 = {1, 1, 2, 2};  // SAME, stride 2, even sides

// y has the size that the convolution rule gives; x carries `pad` as its halo if it is dense.
ConvProblem Conv(Desc x, int c_out, int side, int stride, Padding pad, int groups = 1) {
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
ConvProblem Pointwise(Desc x, int c_out) { return Conv(x, c_out, 1, 1, {}); }
ConvProblem Depthwise(Desc x, int side, int stride, Padding pad) {
  return Conv(x, x.c, side, stride, pad, x.c);
}
ConvProblem Stem(int n, int h, int w, int c_in, int c_out, Padding pad) {
  Desc x = C16(n, h, w, c_in);
  x.layout = Layout::kNhwc;
  return Conv(x, c_out, 3, 2, pad);
}
ConvProblem WithResidual(ConvProblem p, Padding halo = {}) {
  p.has_residual = true;
  p.residual = p.y;
  p.residual.halo = halo;
  return p;
}
ConvProblem With(ConvProblem p, Activation activation, Padding y_halo = {}) {
  p.activation = activation;
  p.y.halo = y_halo;
  return p;
}

// Of GELU for results of 16 bits where it is worst, near -4, beside their rounding (math-inl.h).
constexpr double kGelu16Error = 1.4e-4;

std::string Describe(const ConvProblem& p) {
  return fmt::format("{}x{}x{}x{} -> {}, {}x{} s{} groups {} {}{}", p.x.n, p.x.h, p.x.w, p.x.c,
                     p.y.c, p.kernel.h, p.kernel.w, p.stride.h, p.groups, Name(p.activation),
                     p.has_residual ? " + residual" : "");
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
                  .next_packed = packed.data()},
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
          ExpectSame(p_.y, one, expected_, fp16 ? of_fp16 : of_float32);
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
        const auto row = std::ranges::find_if(
            floats, [&](const ConvKernel& candidate) { return candidate.accepts(p_); });
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

TEST(ConvKernels, PointwiseAgreesAtVectorEdges) {
  for (const int channels : {1, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 50}) {
    Trial(Pointwise(C16(1, 3, 5, 20), channels)).CompareAll();
    Trial(Pointwise(C16(1, 3, 5, channels), 24)).CompareAll();
  }
  for (const int width : {1, 2, 5, 6, 7, 12, 13, 14, 15, 28, 29, 49}) {
    Trial(Pointwise(C16(1, 1, width, 16), 48)).CompareAll();
  }
}

TEST(ConvKernels, PointwiseAgreesOnLayersOfTheNetworks) {
  Trial(With(Pointwise(C16(1, 28, 28, 64), 192), Activation::kRelu)).CompareAll();
  Trial(WithResidual(Pointwise(C16(1, 14, 14, 192), 96))).CompareAll();
  Trial(WithResidual(Pointwise(C16(1, 7, 7, 512), 128))).CompareAll();
  Trial(With(Pointwise(C16(1, 7, 7, 128), 960), Activation::kRelu)).CompareAll();
  Trial(With(Pointwise(C16(1, 1, 1, 960), 1280), Activation::kRelu)).CompareAll();
  Trial(Pointwise(C16(1, 1, 1, 1280), 1000)).CompareAll();
  Trial(With(Pointwise(C16(1, 24, 24, 192), 768), Activation::kGelu)).CompareAll();
}

TEST(ConvKernels, PointwiseAgreesWithBatchesAndHalos) {
  for (int n = 1; n <= 9; ++n) Trial(Pointwise(C16(n, 2, 3, 24), 40)).CompareAll();
  Trial(With(Pointwise(C16(2, 5, 6, 32), 32), Activation::kRelu, kOne)).CompareAll();
  Trial(WithResidual(Pointwise(C16(2, 5, 6, 40), 24), kOne)).CompareAll();
}

// The lanes past the last channel are 0 after it too, which hard_sigmoid(0) is not.
TEST(ConvKernels, HardSigmoidAgreesOnAnyNumberOfChannels) {
  for (const int channels : {8, 16, 24, 40, 72, 88, 120, 200}) {
    Trial(With(Pointwise(C16(2, 1, 1, 24), channels), Activation::kHardSigmoid)).CompareAll();
  }
  Trial(With(Conv(C16(1, 6, 7, 20), 17, 3, 1, kOne), Activation::kHardSigmoid)).CompareAll();
  Trial(With(Stem(1, 12, 14, 3, 24, kOne), Activation::kHardSigmoid)).CompareAll();
  Trial(With(Depthwise(C16(1, 6, 7, 20), 3, 1, kOne), Activation::kHardSigmoid)).CompareAll();
}

TEST(ConvKernels, HardSwishAgreesOnLayersOfTheNetworks) {
  for (const int channels : {184, 200}) {
    Trial(With(Pointwise(C16(1, 14, 14, 80), channels), Activation::kHardSwish)).CompareAll();
    Trial(With(Depthwise(C16(1, 14, 14, channels), 3, 1, kOne), Activation::kHardSwish))
        .CompareAll();
  }
}

TEST(ConvKernels, DenseAgrees) {
  Trial(With(Conv(C16(1, 16, 16, 32), 96, 3, 2, kOne), Activation::kRelu)).CompareAll();
  Trial(With(Conv(C16(1, 16, 16, 24), 96, 3, 2, kSame3), Activation::kGelu)).CompareAll();
  Trial(Conv(C16(2, 9, 7, 20), 17, 3, 1, kOne)).CompareAll();
  Trial(Conv(C16(1, 11, 9, 16), 33, 5, 2, kTwo)).CompareAll();
  Trial(With(Conv(C16(1, 8, 10, 32), 32, 3, 2, kOne), Activation::kRelu6, kOne)).CompareAll();
  Trial(WithResidual(Conv(C16(1, 6, 6, 16), 16, 3, 1, kOne))).CompareAll();
}

TEST(ConvKernels, StemAgreesForAnyNumberOfInputChannels) {
  for (const int c_in : {1, 2, 3, 4, 7}) {
    Trial(With(Stem(1, 12, 14, c_in, 32, kOne), Activation::kRelu)).CompareAll();
  }
  Trial(With(Stem(2, 75, 101, 3, 24, kOne), Activation::kGelu)).CompareAll();
  Trial(With(Stem(1, 32, 32, 3, 32, kSame3), Activation::kRelu, kOne)).CompareAll();
  Trial(Stem(1, 1, 1, 3, 16, kOne)).CompareAll();
}

TEST(ConvKernels, StoredWeightsAgree) {
  for (const int channels : {1, 3, 8, 15, 16, 17, 31, 33, 50, 130}) {
    Trial(Pointwise(C16(1, 3, 5, 20), channels)).CompareStored();
    Trial(Pointwise(C16(1, 3, 5, channels), 24)).CompareStored();
    Trial(Pointwise(C16(1, 1, 1, 37), channels)).CompareStored();
  }
  for (const int width : {1, 2, 5, 6, 7, 13, 14, 15, 28, 29, 49}) {
    Trial(Pointwise(C16(1, 1, width, 16), 48)).CompareStored();
  }
  for (const int c_in : {255, 256, 257, 520, 960}) {  // longer sums than L1 holds
    for (const Activation activation : {Activation::kRelu, Activation::kGelu}) {
      Trial(With(Pointwise(C16(2, 5, 6, c_in), 40), activation)).CompareStored();
    }
    Trial(WithResidual(Pointwise(C16(1, 7, 7, c_in), 70))).CompareStored();
    Trial(WithResidual(Pointwise(C16(2, 5, 6, c_in), 24), kOne)).CompareStored();
    Trial(With(Pointwise(C16(2, 3, 4, c_in), 17), Activation::kHardSigmoid, kOne)).CompareStored();
  }
  Trial(With(Pointwise(C16(1, 1, 1, 960), 1280), Activation::kRelu)).CompareStored();
  Trial(WithResidual(Pointwise(C16(1, 1, 1, 150), 180))).CompareStored();
  Trial(With(Pointwise(C16(1, 56, 56, 128), 64), Activation::kRelu)).CompareStored();
  Trial(With(Conv(C16(1, 16, 16, 24), 96, 3, 2, kSame3), Activation::kGelu)).CompareStored();
  Trial(Conv(C16(2, 9, 7, 21), 17, 3, 1, kOne)).CompareStored();
  Trial(With(Conv(C16(1, 8, 10, 32), 32, 3, 2, kOne), Activation::kRelu6, kOne)).CompareStored();
  Trial(WithResidual(Conv(C16(1, 6, 6, 16), 16, 3, 1, kOne))).CompareStored();
  Trial(Conv(C16(1, 1, 1, 40), 33, 3, 1, kOne)).CompareStored();
}

// All that 16 bits can be, subnormals, infinities and NaN among them, come back as they were.
TEST(ConvKernels, StoredWeightsKeepEveryValue) {
  constexpr int kChannels = 1 << 16;
  for (const int pixels : {1, 3}) {
    const ConvProblem p = Pointwise(C16(1, 1, pixels, 1), kChannels);
    AlignedBuffer x(p.x.bytes());
    for (int i = 0; i < pixels; ++i) StoreElement(p.x, x.data(), p.x.Offset(0, 0, 0, i), 1);
    for (const IsaSet isa : MachineIsas()) {
      for (const ConvKernel& kernel : StoredConvKernels(isa)) {
        SCOPED_TRACE(kernel.name);
        std::vector<float> weights;
        for (uint32_t bits = 0; bits < kChannels; ++bits) {
          const auto word = static_cast<uint16_t>(bits);
          weights.push_back(kernel.stored == DType::kF16 ? HalfToFloat(word)
                                                         : BFloat16ToFloat(word));
        }
        const AlignedBuffer packed(kernel.packed_bytes(p)), y(p.y.bytes());
        const AlignedBuffer scratch(kernel.scratch_bytes(p));
        kernel.pack(p, weights.data(), {}, {}, packed.data());
        kernel.run(
            p, {.x = x.data(), .packed = packed.data(), .y = y.data(), .scratch = scratch.data()},
            0, kernel.units(p, 1), 1);
        for (int c = 0; c < kChannels; ++c) {
          const auto value = static_cast<float>(
              ElementAt(p.y, y.data(), p.y.Offset(0, 0, 0, pixels - 1) + ChannelOffset(p.y, c)));
          const float expected = weights[static_cast<size_t>(c)];
          ASSERT_TRUE(value == expected || (std::isnan(value) && std::isnan(expected)))
              << c << ": " << value << ", expected " << expected;
        }
      }
    }
  }
}

TEST(ConvKernels, DepthwiseAgreesOnEveryWidth) {
  for (int width = 1; width <= 20; ++width) {
    for (const int stride : {1, 2}) {
      Trial(With(Depthwise(C16(1, 6, width, 20), 3, stride, kOne), Activation::kRelu)).CompareAll();
      Trial(Depthwise(C16(1, 7, width, 16), 5, stride, kTwo)).CompareAll();
    }
  }
}

TEST(ConvKernels, DepthwiseAgreesWithAnyPaddingAndHalo) {
  Trial(Depthwise(C16(2, 8, 8, 24), 3, 2, kSame3)).CompareAll();
  Trial(Depthwise(C16(1, 8, 14, 40), 5, 2, kSame5)).CompareAll();
  Trial(Depthwise(C16(1, 9, 9, 17), 5, 1, {0, 1, 2, 3})).CompareAll();
  Trial(Depthwise(C16(1, 9, 9, 16), 3, 1, {})).CompareAll();
  Trial(Depthwise(C16(1, 1, 1, 33), 5, 1, kTwo)).CompareAll();
  ConvProblem halo = With(Depthwise(C16(2, 7, 7, 16), 3, 1, kOne), Activation::kGelu, kOne);
  halo.x.halo = {1, 2, 0, 1};
  Trial(halo).CompareAll();
}

// The problem with 16 bits in some of its places.
ConvProblem Narrow(ConvProblem p, Desc (*as)(Desc), bool x, bool y, bool residual) {
  if (x) p.x = as(p.x);
  if (y) p.y = as(p.y);
  if (residual) p.residual = as(p.residual);
  return p;
}
ConvProblem Bf16(const ConvProblem& p, bool x, bool y, bool residual = false) {
  return Narrow(p, AsBf16, x, y, residual);
}

TEST(ConvKernels, Bf16Agrees) {
  for (const bool y : {false, true}) {
    for (const int channels : {1, 2, 15, 16, 17, 24, 33, 50}) {
      Trial(Bf16(Pointwise(C16(1, 3, 5, 20), channels), true, y)).CompareAll();
      Trial(Bf16(Pointwise(C16(1, 3, 5, channels), 24), true, y)).CompareAll();
    }
    for (const int width : {1, 2, 5, 13, 14, 15, 28, 29, 49}) {
      Trial(Bf16(Pointwise(C16(1, 1, width, 48), 80), true, y)).CompareAll();
    }
    Trial(Bf16(With(Pointwise(C16(1, 1, 1, 960), 1280), Activation::kRelu), true, y)).CompareAll();
    Trial(Bf16(With(Conv(C16(1, 16, 16, 24), 96, 3, 2, kSame3), Activation::kRelu), true, y))
        .CompareAll();
    Trial(Bf16(Conv(C16(2, 9, 7, 21), 17, 3, 1, kOne), true, y)).CompareAll();
    for (const bool residual : {false, true}) {
      Trial(Bf16(WithResidual(Pointwise(C16(3, 7, 7, 96), 40), kOne), true, y, residual))
          .CompareAll();
    }
  }
  Trial(Bf16(With(Stem(2, 12, 14, 3, 24, kOne), Activation::kRelu, kOne), false, true))
      .CompareAll();
  for (int width = 1; width <= 20; ++width) {
    for (const int stride : {1, 2}) {
      Trial(Bf16(With(Depthwise(C16(1, 6, width, 20), 3, stride, kOne), Activation::kRelu), true,
                 true))
          .CompareAll();
      Trial(Bf16(Depthwise(C16(2, 7, width, 16), 5, stride, kTwo), true, true)).CompareAll();
    }
  }
}

// The problem as tiles read it, in lines; y and the residual in lines, or bfloat16 or float32 C16.
enum class Out { kLines, kBf16, kF32 };
Desc As(Out out, Desc desc) {
  return out == Out::kLines ? AsLines(desc) : out == Out::kBf16 ? AsBf16(desc) : desc;
}
ConvProblem Tiled(ConvProblem p, Out y, Out residual = Out::kLines) {
  if (p.x.layout != Layout::kNhwc) p.x = AsLines(p.x);
  p.y = As(y, p.y);
  if (p.has_residual) p.residual = As(residual, p.residual);
  return p;
}
constexpr Out kOuts[] = {Out::kLines, Out::kBf16, Out::kF32};

TEST(ConvKernels, TilesAgree) {
  if (EmulatedTileKernels().empty()) GTEST_SKIP() << "no bf16 conversions here";
  for (const Out y : kOuts) {
    for (const int channels : {1, 2, 15, 16, 17, 31, 32, 33, 48, 50, 64, 65, 80, 96}) {
      Trial(Tiled(Pointwise(C16(1, 3, 7, 20), channels), y)).CompareAll();
      Trial(Tiled(Pointwise(C16(1, 3, 7, channels), 40), y)).CompareAll();
    }
    // The last tile is shifted back.
    for (const int width : {16, 17, 31, 32, 33, 47, 48, 49, 64, 65, 80, 144}) {
      Trial(Tiled(Pointwise(C16(1, 1, width, 48), 80), y)).CompareAll();
    }
    for (const Out residual : kOuts) {
      Trial(Tiled(WithResidual(Pointwise(C16(3, 7, 7, 96), 40)), y, residual)).CompareAll();
      Trial(Tiled(WithResidual(Pointwise(C16(2, 3, 18, 33), 70), kOne), y, residual)).CompareAll();
      Trial(Tiled(WithResidual(Pointwise(C16(2, 3, 7, 33), 50), kOne), y, residual)).CompareAll();
    }
    Trial(Tiled(With(Conv(C16(1, 9, 40, 24), 96, 3, 2, kSame3), Activation::kRelu), y))
        .CompareAll();
    Trial(Tiled(Conv(C16(2, 6, 19, 37), 17, 3, 1, kOne), y)).CompareAll();
    Trial(Tiled(With(Pointwise(C16(1, 5, 17, 32), 48), Activation::kRelu6, kOne), y)).CompareAll();
    Trial(Tiled(With(Pointwise(C16(1, 4, 4, 32), 48), Activation::kRelu, kOne), y)).CompareAll();
    Trial(Tiled(Conv(C16(1, 5, 34, 16), 24, 1, 2, {}), y)).CompareAll();
  }
}

TEST(ConvKernels, TilesAgreeOnLayersOfTheNetworks) {
  if (EmulatedTileKernels().empty()) GTEST_SKIP() << "no bf16 conversions here";
  Trial(Tiled(With(Conv(C16(1, 112, 112, 32), 32, 3, 2, kOne), Activation::kRelu), Out::kLines))
      .CompareAll();
  Trial(Tiled(With(Pointwise(C16(1, 28, 28, 64), 192), Activation::kRelu), Out::kBf16))
      .CompareAll();
  Trial(Tiled(WithResidual(Pointwise(C16(1, 14, 14, 384), 96)), Out::kLines)).CompareAll();
  Trial(Tiled(WithResidual(Pointwise(C16(1, 7, 7, 512), 128)), Out::kLines, Out::kBf16))
      .CompareAll();
  Trial(Tiled(With(Pointwise(C16(1, 7, 7, 128), 960), Activation::kRelu), Out::kF32)).CompareAll();
  Trial(Tiled(With(Pointwise(C16(1, 24, 24, 192), 768), Activation::kGelu), Out::kBf16))
      .CompareAll();
  for (const Out y : {Out::kLines, Out::kBf16}) {
    for (const int c_in : {1, 3, 13, 25}) {
      Trial(Tiled(With(Stem(2, 12, 40, c_in, 24, kOne), Activation::kRelu, kOne), y)).CompareAll();
    }
    Trial(Tiled(With(Stem(1, 64, 64, 3, 32, kSame3), Activation::kRelu6), y)).CompareAll();
    Trial(Tiled(With(Pointwise(C16(1, 5, 7, 40), 50), Activation::kHardSwish), y)).CompareAll();
  }
}

TEST(ConvKernels, DepthwiseWritesLines) {
  if (EmulatedTileKernels().empty()) GTEST_SKIP() << "no bf16 conversions here";
  for (const int channels : {16, 20, 32, 48, 64, 70}) {
    for (const int stride : {1, 2}) {
      for (ConvProblem p :
           {With(Depthwise(C16(2, 6, 15, channels), 3, stride, kOne), Activation::kRelu),
            Depthwise(C16(1, 7, 9, channels), 5, stride, kTwo)}) {
        p.x = AsBf16(p.x);
        p.y = AsLines(p.y);
        Trial(p).CompareAll();
      }
    }
  }
}

// What the emulated tiles prove is true of the real ones.
TEST(ConvKernels, EmulatedTilesGiveTheBitsOfTheCpu) {
  if (!MayUseTiles()) GTEST_SKIP() << "no tiles here";
  for (const ConvProblem& p :
       {Tiled(WithResidual(Pointwise(C16(1, 7, 7, 512), 128)), Out::kF32),
        Tiled(With(Conv(C16(1, 9, 40, 24), 96, 3, 2, kOne), Activation::kRelu), Out::kLines),
        Tiled(With(Stem(1, 20, 64, 3, 32, kOne), Activation::kGelu), Out::kBf16)}) {
    SCOPED_TRACE(Describe(p));
    const Trial trial(p);
    const auto run = [&](std::span<const ConvKernel> rows) {
      const auto row = std::ranges::find_if(rows, [&](const ConvKernel& kernel) {
        return kernel.x == p.x.layout && kernel.accepts(p);
      });
      EXPECT_EQ(row->needs, Isa::kAmx);
      return trial.Run(*row, 1);
    };
    ExpectSame(p.y, run(ConvKernels(DetectIsa())), run(EmulatedTileKernels()), 0);
  }
}

TEST(ConvKernels, StemAgreesForA1x1Kernel) {
  Desc x = C16(2, 5, 17, 3);
  x.layout = Layout::kNhwc;
  Trial(Conv(x, 24, 1, 1, {})).CompareAll();
  if (!DetectIsa().Has(Isa::kBf16)) GTEST_SKIP() << "no bf16 arithmetic here";
  Trial(Bf16(Conv(x, 24, 1, 1, {}), false, true)).CompareAll();
}

ConvProblem Fp16(const ConvProblem& p, bool x, bool y, bool residual = false) {
  return Narrow(p, AsFp16, x, y, residual);
}

TEST(ConvKernels, Fp16Agrees) {
  for (const bool y : {false, true}) {
    for (const int channels : {1, 2, 15, 16, 17, 24, 32, 33, 50}) {
      Trial(Fp16(Pointwise(C16(1, 3, 5, 20), channels), true, y)).CompareAll();
      Trial(Fp16(Pointwise(C16(1, 3, 5, channels), 24), true, y)).CompareAll();
    }
    for (const int width : {1, 2, 5, 6, 7, 13, 27, 28, 29, 49, 56, 57}) {
      Trial(Fp16(Pointwise(C16(1, 1, width, 48), 80), true, y)).CompareAll();
    }
    Trial(Fp16(With(Pointwise(C16(1, 1, 1, 960), 1280), Activation::kRelu), true, y)).CompareAll();
    Trial(Fp16(Pointwise(C16(2, 1, 1, 960), 1280), true, y)).CompareAll();
    for (const int channels : {33, 70, 100, 128, 130, 180}) {  // one pixel, many panels
      Trial(Fp16(Pointwise(C16(1, 1, 1, 150), channels), true, y)).CompareAll();
    }
    Trial(Fp16(With(Pointwise(C16(1, 7, 7, 200), 64), Activation::kRelu6, kOne), true, y))
        .CompareAll();
    Trial(Fp16(With(Conv(C16(1, 16, 16, 24), 96, 3, 2, kSame3), Activation::kRelu), true, y))
        .CompareAll();
    Trial(Fp16(Conv(C16(2, 9, 7, 21), 17, 3, 1, kOne), true, y)).CompareAll();
    for (const bool residual : {false, true}) {
      Trial(Fp16(WithResidual(Pointwise(C16(3, 7, 7, 96), 40), kOne), true, y, residual))
          .CompareAll();
      Trial(Fp16(WithResidual(Pointwise(C16(1, 7, 7, 960), 48), {}), true, y, residual))
          .CompareAll();
      Trial(Fp16(WithResidual(Conv(C16(1, 6, 6, 48), 80, 3, 1, kOne), {}), true, y, residual))
          .CompareAll();
    }
  }
}

TEST(ConvKernels, Fp16DepthwiseAgrees) {
  for (int width = 1; width <= 30; ++width) {
    for (const int stride : {1, 2}) {
      const Desc x = C16(1, 6, width, 20);
      Trial(Fp16(With(Depthwise(x, 3, stride, kOne), Activation::kRelu), true, true)).CompareAll();
      Trial(Fp16(Depthwise(C16(2, 7, width, 16), 5, stride, kTwo), true, true)).CompareAll();
    }
  }
  Trial(Fp16(Depthwise(C16(2, 8, 8, 24), 3, 2, kSame3), true, true)).CompareAll();
  Trial(Fp16(Depthwise(C16(1, 8, 14, 40), 5, 2, kSame5), true, true)).CompareAll();
  Trial(Fp16(Depthwise(C16(1, 9, 9, 17), 5, 1, {0, 1, 2, 3}), true, true)).CompareAll();
  Trial(Fp16(Depthwise(C16(1, 9, 9, 16), 3, 1, {}), true, true)).CompareAll();
  Trial(Fp16(Depthwise(C16(1, 1, 1, 33), 5, 1, kTwo), true, true)).CompareAll();
  ConvProblem halo = With(Depthwise(C16(2, 7, 7, 16), 3, 1, kOne), Activation::kRelu6, kOne);
  halo.x.halo = {1, 2, 0, 1};
  Trial(Fp16(halo, true, true)).CompareAll();
}

TEST(ConvKernels, Fp16StemAgrees) {
  Trial(Fp16(With(Stem(2, 12, 14, 3, 24, kOne), Activation::kRelu, kOne), false, true))
      .CompareAll();
  Trial(Fp16(Stem(1, 9, 63, 3, 33, kOne), false, true)).CompareAll();
}

// Layers that are kept in float32 among others in fp16, and the stem of other pictures.
TEST(ConvKernels, Float32AgreesWhenItWritesFp16) {
  Trial(Fp16(Stem(2, 12, 14, 4, 24, kOne), false, true)).CompareAll();
  for (const bool residual : {false, true}) {
    Trial(Fp16(WithResidual(Pointwise(C16(1, 7, 7, 96), 40)), false, true, residual)).CompareAll();
  }
  Trial(Fp16(Conv(C16(1, 8, 8, 24), 40, 3, 2, kOne), false, true)).CompareAll();
}

// One output of a 1x1 convolution over `channels` whose inputs are 1 and weights are `weight`.
double Fp16SumOf(IsaSet isa, int channels, float weight, DType y) {
  ConvProblem p = Fp16(Pointwise(C16(1, 1, 1, channels), 16), true, false);
  p.y.dtype = y;
  AlignedBuffer x(p.x.bytes());
  for (int c = 0; c < channels; ++c) StoreElement(p.x, x.data(), c, 1);
  const ConvKernel& kernel = ConvKernels(isa).front();
  EXPECT_TRUE(kernel.accepts(p));
  const AlignedBuffer packed(kernel.packed_bytes(p)), result(p.y.bytes());
  const std::vector<float> weights(ConvRefWeights(p), weight);
  kernel.pack(p, weights.data(), {}, {}, packed.data());
  kernel.run(p, {.x = x.data(), .packed = packed.data(), .y = result.data()}, 0, kernel.units(p, 1),
             1);
  return ElementAt(p.y, result.data(), 0);
}

TEST(ConvKernels, Fp16SumsPassItsRangeOnlyFromChunkToChunk) {
  if (!HasFp16(TestIsa())) GTEST_SKIP() << "no fp16 arithmetic here";
  const IsaSet isa = TestIsa().Without(Isa::kAmx);
  EXPECT_EQ(Fp16SumOf(isa, 1280, 64, DType::kF32), 1280 * 64);  // 8192 a chunk
  EXPECT_EQ(Fp16SumOf(isa, 1280, 64, DType::kF16), INFINITY);   // shown, not clamped
  EXPECT_EQ(Fp16SumOf(isa, 128, 1024, DType::kF32), INFINITY);  // the Plan does not let that happen
}

// GELU in bfloat16 is computed from sums that were rounded before.
TEST(ConvKernels, Bf16GeluIsThatOfTheRoundedSum) {
  if (!DetectIsa().Has(Isa::kBf16)) GTEST_SKIP() << "no bf16 arithmetic here";
  const ConvProblem plain = Bf16(Pointwise(C16(1, 4, 7, 32), 48), true, true);
  const ConvProblem gelu = With(plain, Activation::kGelu);
  const auto first_row = [&](const ConvProblem& p) {
    const IsaSet isa = DetectIsa().Without(Isa::kAmx).Without(Isa::kFp16);
    return Trial(p).Run(ConvKernels(isa).front(), 1);
  };
  const AlignedBuffer sums = first_row(plain), activated = first_row(gelu);
  for (int64_t i = 0; i < plain.y.elements(); ++i) {
    const double expected = Activate(ElementAt(plain.y, sums.data(), i), Activation::kGelu);
    ASSERT_NEAR(ElementAt(plain.y, activated.data(), i), expected,
                kGelu16Error + std::abs(expected) / 256);
  }
}

// x is zero but for one value and weights are 1, so that every row must give the reference's bits.
void CompareAllOnOneValue(float value) {
  for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kRelu6}) {
    for (const ConvProblem& p : {With(Pointwise(C16(1, 1, 4, 16), 32), activation),
                                 With(Depthwise(C16(1, 1, 4, 16), 3, 1, kOne), activation)}) {
      AlignedBuffer x(p.x.bytes());
      x.as<float>()[p.x.Offset(0, 0, 0, 3) + 2] = value;
      const std::vector<float> weights(ConvRefWeights(p), 1.0f);
      const auto run = [&](const ConvKernel& kernel) {
        const AlignedBuffer packed(kernel.packed_bytes(p));
        kernel.pack(p, weights.data(), {}, {}, packed.data());
        AlignedBuffer y(p.y.bytes());
        kernel.run(p, {.x = x.data(), .packed = packed.data(), .y = y.data()}, 0,
                   kernel.units(p, 1), 1);
        return y;
      };
      const AlignedBuffer expected = run(kConvRef);
      for (const IsaSet isa : MachineIsas()) {
        for (const ConvKernel& kernel : ConvKernels(isa)) {
          if (kernel.x != p.x.layout || !kernel.accepts(p)) continue;
          SCOPED_TRACE(fmt::format("{}, {}, {}", kernel.name, Name(activation), value));
          ExpectSame(p.y, run(kernel), expected, 0);
        }
      }
    }
  }
}

TEST(ConvKernels, Fp16LetsNanPassThroughClamps) {
  if (!HasFp16(TestIsa())) GTEST_SKIP() << "no fp16 arithmetic here";
  for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kRelu6}) {
    for (const ConvProblem& like : {With(Pointwise(C16(1, 1, 4, 16), 32), activation),
                                    With(Depthwise(C16(1, 1, 4, 16), 3, 1, kOne), activation)}) {
      const ConvProblem p = Fp16(like, true, true);
      AlignedBuffer x(p.x.bytes());
      StoreElement(p.x, x.data(), p.x.Offset(0, 0, 0, 0) + 2, std::nan(""));
      const std::vector<float> weights(ConvRefWeights(p), 1.0f);
      const auto run = [&](const ConvKernel& kernel) {
        const AlignedBuffer packed(kernel.packed_bytes(p));
        kernel.pack(p, weights.data(), {}, {}, packed.data());
        AlignedBuffer y(p.y.bytes());
        kernel.run(p, {.x = x.data(), .packed = packed.data(), .y = y.data()}, 0,
                   kernel.units(p, 1), 1);
        return y;
      };
      for (const ConvKernel& kernel : ConvKernels(MachineIsas().back())) {
        if (kernel.needs == Isa::kScalar || !kernel.accepts(p)) continue;
        SCOPED_TRACE(fmt::format("{}, {}", kernel.name, Name(activation)));
        // A pair of pixels shares no lanes: the neighbour of a NaN's neighbour is a number.
        ExpectSame(p.y, run(kernel), run(kConvRef), 0);
      }
    }
  }
}

// What PyTorch does: a NaN is no number after ReLU either, and spoils only what it touches.
TEST(ConvKernels, LetNanPassThroughClamps) { CompareAllOnOneValue(std::nanf("")); }

TEST(ConvKernels, KeepDenormalsAndInfinities) {
  using Limits = std::numeric_limits<float>;
  for (const float value :
       {Limits::denorm_min(), 1e-39f, -1e-39f, Limits::infinity(), -Limits::infinity()}) {
    CompareAllOnOneValue(value);
  }
}

TEST(ConvKernels, ReferenceTakesWhatNoFastKernelDoes) {
  ConvProblem dilated = Depthwise(C16(1, 9, 9, 16), 3, 1, kTwo);
  dilated.dilation = {2, 2};
  ConvProblem grouped = Conv(C16(1, 5, 5, 8), 12, 3, 1, kOne, 4);
  for (const ConvProblem& p : {dilated, grouped}) {
    const auto table = ConvKernels(DetectIsa());
    ASSERT_TRUE(table.back().accepts(p));
    const AlignedBuffer y = Trial(p).Run(table.back(), 1);
    for (int64_t i = 0; i < p.y.elements(); ++i) ASSERT_FALSE(std::isnan(y.as<float>()[i]));
  }
}

}  // namespace
}  // namespace mnv4::kernels
