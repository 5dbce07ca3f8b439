#include "mnv4/kernels/pointwise_ref.h"
#include "mnv4/kernels/testing.h"

namespace mnv4::kernels {
namespace {

constexpr Activation kAll[] = {Activation::kNone, Activation::kRelu,      Activation::kRelu6,
                               Activation::kGelu, Activation::kHardSwish, Activation::kHardSigmoid};

// The first row that accepts, as the Plan takes it.
const PointwiseKernel& KernelFor(IsaSet isa, const PointwiseProblem& p) {
  for (const PointwiseKernel& kernel : kernels::PointwiseKernels(isa)) {
    if (kernel.accepts(p)) return kernel;
  }
  return kPointwiseRef;
}

TEST(PointwiseKernels, AgreeWithTheReference) {
  for (const int channels : {1, 15, 16, 17, 50}) {
    for (const Activation activation : kAll) {
      for (const bool add : {false, true}) {
        for (const bool scaled : {false, true}) {
          const PointwiseProblem p = {.a = C16(2, 5, 7, channels, {1, 1, 1, 1}),
                                      .y = C16(2, 5, 7, channels),
                                      .has_b = add,
                                      .b = C16(2, 5, 7, channels, {0, 1, 0, 0}),
                                      .activation = activation};
          const AlignedBuffer a = RandomTensor(p.a, 1), b = RandomTensor(p.b, 2);
          const Desc lanes = C16(1, 1, 1, channels);
          const AlignedBuffer scale = RandomTensor(lanes, 3), bias = RandomTensor(lanes, 4);
          PointwiseArgs args = {.a = a.data(), .b = add ? b.data() : nullptr};
          if (scaled) {
            args.scale = scale.as<float>();
            args.bias = bias.as<float>();
          }
          AlignedBuffer expected = UnwrittenTensor(p.y);
          args.y = expected.data();
          kPointwiseRef.run(p, args, 0, kPointwiseRef.units(p));
          for (const IsaSet isa : MachineIsas()) {
            const PointwiseKernel& kernel = KernelFor(isa, p);
            AlignedBuffer y = UnwrittenTensor(p.y);
            args.y = y.data();
            kernel.run(p, args, 0, 3);
            kernel.run(p, args, 3, kernel.units(p));
            SCOPED_TRACE(kernel.name);
            ExpectSame(p.y, y, expected, 4e-6);
          }
        }
      }
    }
  }
}

TEST(PointwiseKernels, GateEachImageByItsOwnChannels) {
  for (const int channels : {1, 15, 16, 17, 72}) {
    for (const Activation activation : {Activation::kNone, Activation::kHardSwish}) {
      const PointwiseProblem p = {.a = C16(3, 5, 7, channels, {1, 1, 1, 1}),
                                  .y = C16(3, 5, 7, channels, {0, 0, 1, 1}),
                                  .has_gate = true,
                                  .gate = C16(3, 1, 1, channels, {0, 1, 0, 0}),
                                  .activation = activation};
      const AlignedBuffer a = RandomTensor(p.a, 1), gate = RandomTensor(p.gate, 2);
      const AlignedBuffer expected = UnwrittenTensor(p.y);
      PointwiseArgs args = {.a = a.data(), .scale = gate.as<float>(), .y = expected.data()};
      kPointwiseRef.run(p, args, 0, kPointwiseRef.units(p));
      for (const IsaSet isa : MachineIsas()) {
        const PointwiseKernel& kernel = KernelFor(isa, p);
        EXPECT_NE(&kernel, &kPointwiseRef);
        const AlignedBuffer y = UnwrittenTensor(p.y);
        args.y = y.data();
        kernel.run(p, args, 0, 3);
        kernel.run(p, args, 3, kernel.units(p));
        SCOPED_TRACE(kernel.name);
        ExpectSame(p.y, y, expected, 4e-6);
      }
    }
  }
}

TEST(PointwiseKernels, AgreeForEveryMixOfTypes) {
  for (int mix = 0; mix < 24; ++mix) {
    const auto desc = [&](int bit) {
      const Desc f32 = C16(1, 3, 5, 70);
      const bool wide = !(mix >> bit & 1);
      if (mix >= 16) return wide ? f32 : AsFp16(f32);
      if (mix >= 8 && (bit != 1 || wide)) return AsLines(f32);
      return wide ? f32 : AsBf16(f32);
    };
    const PointwiseProblem p = {.a = desc(0),
                                .y = desc(1),
                                .has_b = true,
                                .b = desc(2),
                                .has_gate = mix >= 8,
                                .gate = C16(1, 1, 1, 70)};
    const AlignedBuffer a = RandomTensor(p.a, 1), b = RandomTensor(p.b, 2);
    const AlignedBuffer gate = RandomTensor(p.gate, 3);
    const AlignedBuffer expected = UnwrittenTensor(p.y), y = UnwrittenTensor(p.y);
    PointwiseArgs args = {.a = a.data(), .b = b.data(), .y = expected.data()};
    if (p.has_gate) args.scale = gate.as<float>();
    kPointwiseRef.run(p, args, 0, kPointwiseRef.units(p));
    for (const IsaSet isa : MachineIsas()) {
      if (!HasTypesOf(isa, {p.a, p.b, p.y})) continue;
      const PointwiseKernel& kernel = KernelFor(isa, p);
      EXPECT_NE(&kernel, &kPointwiseRef);
      args.y = y.data();
      kernel.run(p, args, 0, kernel.units(p));
      ExpectSame(p.y, y, expected, 1e-6);
    }
  }
}

TEST(PointwiseKernels, LetNanPassAsPyTorchDoes) {
  const Desc desc = C16(1, 1, 1, 16);
  for (const Activation activation : kAll) {
    const PointwiseProblem p = {.a = desc, .y = desc, .activation = activation};
    AlignedBuffer a(desc.bytes());
    a.as<float>()[3] = std::nanf("");
    for (const IsaSet isa : MachineIsas()) {
      AlignedBuffer y(desc.bytes());
      KernelFor(isa, p).run(p, {.a = a.data(), .y = y.data()}, 0, 1);
      for (int i = 0; i < 16; ++i) EXPECT_EQ(std::isnan(y.as<float>()[i]), i == 3);
    }
  }
}

}  // namespace
}  // namespace mnv4::kernels
