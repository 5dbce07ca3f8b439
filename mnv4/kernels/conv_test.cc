#include <limits>
#include <string_view>
#include <tuple>

#include "mnv4/kernels/conv_trial.h"

namespace mnv4::kernels {
namespace {

// The row that a plan takes.
const ConvKernel& FirstFor(const ConvProblem& p, IsaSet isa) {
  return *std::ranges::find_if(ConvKernels(isa), [&](const ConvKernel& kernel) {
    return kernel.x == p.x.layout && kernel.x_type == p.x.dtype && kernel.accepts(p);
  });
}

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

// 3x3 with stride 2 and even sides of output, of which some are multiples of 4.
TEST(ConvKernels, WinogradAgrees) {
  for (const int width : {3, 4, 8, 27, 28, 30, 55, 56, 57, 58, 60, 64, 116}) {
    Trial(Conv(C16(1, 8, width, 16), 32, 3, 2, kOne)).CompareAll();
    Trial(Conv(C16(2, 4, width, 24), 48, 3, 2, kSame3)).CompareAll();
  }
  for (const int channels : {1, 3, 15, 17, 24, 40, 70}) {
    for (const int width : {12, 16}) {
      Trial(With(Conv(C16(1, 8, width, 32), channels, 3, 2, kOne), Activation::kRelu6))
          .CompareAll();
      Trial(With(Conv(C16(3, 8, width, channels), 32, 3, 2, kOne), Activation::kGelu, kOne))
          .CompareAll();
    }
  }
  Trial(With(Conv(C16(1, 56, 56, 32), 96, 3, 2, kOne), Activation::kRelu)).CompareAll();
  Trial(With(Conv(C16(3, 40, 24, 32), 40, 3, 2, kOne), Activation::kRelu)).CompareAll();
  Trial(With(Conv(C16(1, 16, 16, 32), 24, 3, 2, kOne), Activation::kHardSigmoid)).CompareAll();
}

TEST(ConvKernels, WinogradTakesTheNetworksDenseLayers) {
  for (const IsaSet isa : MachineIsas()) {
    ConvProblem p = Conv(C16(1, 112, 112, 32), 32, 3, 2, kOne);
    if (HasFp16(isa)) p.x.dtype = p.y.dtype = DType::kF16;
    const std::string_view kernel = FirstFor(p, isa).name;
    const auto name = HasFp16(isa) ? "winograd-2x2" : "winograd-4x4";
    EXPECT_TRUE(kernel.starts_with(name)) << kernel << ToString(isa);
  }
}

// 1x1 layers of enough pixels, an even number, and channels.
TEST(ConvKernels, StrassenAgrees) {
  for (const int channels : {192, 224, 384, 416, 800}) {  // one part to three
    Trial(Pointwise(C16(1, 8, 16, channels), 192)).CompareAll();
    Trial(WithResidual(Pointwise(C16(2, 10, 20, channels), 256))).CompareAll();
  }
  for (const int width : {64, 83, 84, 85, 111, 112, 113, 140, 141, 210}) {
    Trial(With(Pointwise(C16(1, 2, width, 192), 256), Activation::kRelu6)).CompareAll();
    Trial(With(Pointwise(C16(3, 2, width, 416), 192), Activation::kGelu)).CompareAll();
  }
  Trial(With(Pointwise(C16(1, 40, 40, 768), 192), Activation::kRelu)).CompareAll();
  Trial(With(Pointwise(C16(9, 16, 16, 256), 640), Activation::kHardSwish)).CompareAll();
}

// More threads than tiles of an image, ranges that begin within a group or a chunk.
TEST(ConvKernels, StrassenAgreesOnManyThreads) {
  for (const ConvProblem& p :
       {Pointwise(C16(3, 12, 20, 416), 192), Pointwise(C16(1, 8, 16, 192), 512)}) {
    const Trial trial(p);
    for (const IsaSet isa : MachineIsas()) {
      const ConvKernel& kernel = FirstFor(p, isa);
      SCOPED_TRACE(kernel.name);
      const AlignedBuffer one = trial.Run(kernel, 1);
      for (const int threads : {5, 16, 23}) ExpectSame(p.y, trial.Run(kernel, threads), one, 0);
    }
  }
}

// Pixels are multiplied in pairs that depend on their image alone.
TEST(ConvKernels, StrassenGivesAnImageTheSameBitsInABatch) {
  const ConvProblem batch = Pointwise(C16(3, 12, 18, 224), 256);
  const ConvProblem one = Pointwise(C16(1, 12, 18, 224), 256);
  const AlignedBuffer x = RandomTensor(batch.x, 1);
  std::vector<float> weights(ConvRefWeights(one));
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = std::sin(static_cast<float>(i));
  const auto image_of = [](const Desc& desc, const AlignedBuffer& values, int image) {
    std::vector<float> all;
    for (int block = 0; block < desc.blocks(); ++block) {
      const float* const first = values.as<float>() + desc.Offset(block, image, 0, 0);
      all.insert(all.end(), first, first + desc.h * desc.w * kBlock);
    }
    return all;
  };
  for (const IsaSet isa : MachineIsas()) {
    const ConvKernel& kernel = FirstFor(batch, isa);
    SCOPED_TRACE(kernel.name);
    ASSERT_TRUE(kernel.accepts(one));
    const AlignedBuffer of_batch = RunPlainly(kernel, batch, x, weights);
    for (int image = 0; image < batch.x.n; ++image) {
      AlignedBuffer of_one(one.x.bytes());
      std::ranges::copy(image_of(batch.x, x, image), of_one.as<float>());
      const AlignedBuffer y = RunPlainly(kernel, one, of_one, weights);
      EXPECT_EQ(image_of(one.y, y, 0), image_of(batch.y, of_batch, image)) << "image " << image;
    }
  }
}

TEST(ConvKernels, StrassenTakesTheNetworksLargeLayers) {
  for (const IsaSet isa : MachineIsas()) {
    const bool takes = !isa.Has(Isa::kBf16) && !HasFp16(isa) && !isa.Has(Isa::kNeon);
    for (const auto& [size, in, out] :
         {std::tuple(24, 192, 768), {24, 768, 192}, {12, 2048, 512}}) {
      const std::string_view name = FirstFor(Pointwise(C16(1, size, size, in), out), isa).name;
      EXPECT_TRUE(name.starts_with(takes ? "strassen" : "pointwise")) << name << ToString(isa);
    }
  }
}

TEST(ConvKernels, StemAgreesForAnyNumberOfInputChannels) {
  for (const int c_in : {1, 2, 3, 4, 7}) {
    Trial(With(Stem(1, 12, 14, c_in, 32, kOne), Activation::kRelu)).CompareAll();
  }
  Trial(With(Stem(2, 75, 101, 3, 24, kOne), Activation::kGelu)).CompareAll();
  Trial(With(Stem(1, 32, 32, 3, 32, kSame3), Activation::kRelu, kOne)).CompareAll();
  Trial(Stem(1, 1, 1, 3, 16, kOne)).CompareAll();
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

// x is zero but for one value and weights are 1, so that every row must give the reference's bits.
void CompareAllOnOneValue(float value) {
  for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kRelu6}) {
    std::vector<ConvProblem> problems = {With(Pointwise(C16(1, 1, 4, 16), 32), activation),
                                         With(Depthwise(C16(1, 1, 4, 16), 3, 1, kOne), activation)};
    // Differences of infinities are NaN.
    if (!std::isinf(value)) {
      problems.push_back(With(Conv(C16(1, 4, 8, 16), 32, 3, 2, kOne), activation));
    }
    for (const ConvProblem& p : problems) {
      AlignedBuffer x(p.x.bytes());
      x.as<float>()[p.x.Offset(0, 0, 0, 3) + 2] = value;
      const std::vector<float> weights(ConvRefWeights(p), 1.0f);
      const auto run = [&](const ConvKernel& kernel) { return RunPlainly(kernel, p, x, weights); };
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

// What PyTorch does: a NaN is no number after ReLU either, and spoils only what it touches.
TEST(ConvKernels, LetNanPassThroughClamps) { CompareAllOnOneValue(std::nanf("")); }

// x is random but for a NaN in pixel `at` of image 0. Results that may_spoil(pixel) may be NaN; all
// others are what the reference gives.
void CompareAllBesideNan(const ConvProblem& p, int64_t at, bool (*may_spoil)(int64_t pixel)) {
  AlignedBuffer x = RandomTensor(p.x, 1);
  x.as<float>()[p.x.Offset(0, 0, 0, 0) + at * kBlock + 2] = std::nanf("");
  const std::vector<float> weights(ConvRefWeights(p), 1.0f);
  const AlignedBuffer expected = RunPlainly(kConvRef, p, x, weights);
  for (const IsaSet isa : MachineIsas()) {
    for (const ConvKernel& kernel : ConvKernels(isa)) {
      if (kernel.x != p.x.layout || kernel.x_type != DType::kF32 || !kernel.accepts(p)) continue;
      SCOPED_TRACE(kernel.name);
      const AlignedBuffer y = RunPlainly(kernel, p, x, weights);
      for (int64_t i = 0; i < p.y.elements(); ++i) {
        const float value = y.as<float>()[i], wanted = expected.as<float>()[i];
        const bool spoiled = may_spoil(i / kBlock % (p.y.h * p.y.w));
        if (std::isnan(wanted) || (!spoiled && std::isnan(value))) {
          EXPECT_EQ(std::isnan(value), std::isnan(wanted)) << "element " << i;
        } else if (!spoiled) {
          EXPECT_NEAR(value, wanted, 1e-4) << "element " << i;
        }
      }
    }
  }
}

// Winograd's squares of 4 x 4 share what they compute: there it may spoil the whole square.
TEST(ConvKernels, NanStaysInItsSquare) {
  const ConvProblem p = Conv(C16(1, 8, 24, 16), 32, 3, 2, kOne);  // 4 x 12 results
  const int64_t middle_of_second = 4 * p.x.columns() + 12;
  CompareAllBesideNan(p, middle_of_second, [](int64_t pixel) { return pixel % 12 / 4 == 1; });
}

// Strassen's products have values of two pixels, half an image apart.
TEST(ConvKernels, NanStaysInItsPair) {
  const ConvProblem p = Pointwise(C16(1, 12, 18, 192), 192);
  CompareAllBesideNan(p, 20, [](int64_t pixel) { return pixel % 108 == 20; });
}

TEST(ConvKernels, KeepDenormalsAndInfinities) {
  using Limits = std::numeric_limits<float>;
  for (const float value :
       {Limits::denorm_min(), 1e-39f, -1e-39f, Limits::infinity(), -Limits::infinity()}) {
    CompareAllOnOneValue(value);
  }
}

TEST(LaterWeights, AreFetchedOnceByWhoeverNeedsThem) {
  const std::vector<std::byte> bytes(1003);
  for (const int threads : {1, 2, 3, 5}) {
    const int units = 7;
    size_t at = 0;  // threads take their shares in order, layers the parts of each
    for (int thread = 0; thread < threads; ++thread) {
      const int begin = units * thread / threads, end = units * (thread + 1) / threads;
      for (const auto& [from, to] : {std::pair(0.0, 0.25), {0.25, 0.9}, {0.9, 1.0}}) {
        const auto part = LaterWeights{bytes, from, to}.PartOf(begin, end, units);
        EXPECT_EQ(part.data(), bytes.data() + at);
        at += part.size();
      }
    }
    EXPECT_EQ(at, bytes.size());
  }
  EXPECT_TRUE(LaterWeights().PartOf(0, 1, 1).empty());
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
