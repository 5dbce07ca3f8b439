// Convolutions in bfloat16 and fp16, on vectors and on tiles, and with weights stored so.

#include "mnv4/kernels/conv_trial.h"

namespace mnv4::kernels {
namespace {

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

TEST(ConvKernels, Fp16WinogradAgrees) {
  for (const int width : {3, 4, 27, 28, 30, 56, 57, 60, 112, 116}) {
    Trial(Fp16(Conv(C16(1, 8, width, 16), 32, 3, 2, kOne), true, true)).CompareAll();
    Trial(Fp16(Conv(C16(2, 4, width, 24), 48, 3, 2, kSame3), true, true)).CompareAll();
  }
  for (const int channels : {1, 3, 15, 17, 24, 40, 70}) {
    Trial(Fp16(With(Conv(C16(1, 8, 12, 32), channels, 3, 2, kOne), Activation::kRelu6, kOne), true,
               true))
        .CompareAll();
    Trial(Fp16(With(Conv(C16(3, 8, 12, channels), 32, 3, 2, kOne), Activation::kGelu, kOne), true,
               true))
        .CompareAll();
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
  const std::vector<float> weights(ConvRefWeights(p), weight);
  return ElementAt(p.y, RunPlainly(kernel, p, x, weights).data(), 0);
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

TEST(ConvKernels, Fp16LetsNanPassThroughClamps) {
  if (!HasFp16(TestIsa())) GTEST_SKIP() << "no fp16 arithmetic here";
  for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kRelu6}) {
    for (const ConvProblem& like : {With(Pointwise(C16(1, 1, 4, 16), 32), activation),
                                    With(Depthwise(C16(1, 1, 4, 16), 3, 1, kOne), activation),
                                    With(Conv(C16(1, 4, 8, 16), 32, 3, 2, kOne), activation)}) {
      const ConvProblem p = Fp16(like, true, true);
      AlignedBuffer x(p.x.bytes());
      StoreElement(p.x, x.data(), p.x.Offset(0, 0, 0, 0) + 2, std::nan(""));
      const std::vector<float> weights(ConvRefWeights(p), 1.0f);
      const auto run = [&](const ConvKernel& kernel) { return RunPlainly(kernel, p, x, weights); };
      for (const ConvKernel& kernel : ConvKernels(MachineIsas().back())) {
        if (kernel.needs == Isa::kScalar || !kernel.accepts(p)) continue;
        SCOPED_TRACE(fmt::format("{}, {}", kernel.name, Name(activation)));
        // A pair of pixels shares no lanes: the neighbour of a NaN's neighbour is a number.
        ExpectSame(p.y, run(kernel), run(kConvRef), 0);
      }
    }
  }
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

}  // namespace
}  // namespace mnv4::kernels
