#include "mnv4/kernels/attention_ref.h"
#include "mnv4/kernels/testing.h"

namespace mnv4::kernels {
namespace {

struct Case {
  int n, h, w;  // queries
  int kh, kw;   // keys
  int heads, kv_heads, dim;
};

AttentionProblem ProblemOf(const Case& c) {
  return {.q = C16(c.n, c.h, c.w, c.heads * c.dim),
          .k = C16(c.n, c.kh, c.kw, c.kv_heads * c.dim),
          .v = C16(c.n, c.kh, c.kw, c.kv_heads * c.dim),
          .y = C16(c.n, c.h, c.w, c.heads * c.dim),
          .heads = c.heads,
          .kv_heads = c.kv_heads,
          .scale = 1 / std::sqrt(static_cast<float>(c.dim))};
}

// In `pieces` consecutive ranges of units, each with scratch of its own.
AlignedBuffer RunIn(const AttentionKernel& kernel, const AttentionProblem& p,
                    const AttentionArgs& inputs, int pieces) {
  AlignedBuffer y = UnwrittenTensor(p.y);
  const int units = kernel.units(p);
  for (int i = 0; i < pieces; ++i) {
    const AlignedBuffer scratch(kernel.scratch_bytes(p));
    AttentionArgs args = inputs;
    args.y = y.data();
    args.scratch = scratch.data();
    kernel.run(p, args, units * i / pieces, units * (i + 1) / pieces);
  }
  return y;
}

class AttentionKernels : public testing::TestWithParam<Case> {};

TEST_P(AttentionKernels, AgreeWithTheReferenceHoweverTheyAreSplit) {
  const AttentionProblem f32 = ProblemOf(GetParam());
  const AlignedBuffer q = RandomTensor(f32.q, 1), k = RandomTensor(f32.k, 2),
                      v = RandomTensor(f32.v, 3);
  const AttentionArgs inputs = {.q = q.data(), .k = k.data(), .v = v.data()};
  for (const Desc& y : {f32.y, AsBf16(f32.y), AsLines(f32.y), AsFp16(f32.y)}) {
    AttentionProblem p = f32;
    p.y = y;
    const AlignedBuffer expected = RunIn(kAttentionRef, p, inputs, 1);
    for (const IsaSet isa : MachineIsas()) {
      if (!HasTypesOf(isa, {y})) continue;
      for (const AttentionKernel& kernel : kernels::AttentionKernels(isa)) {
        if (!kernel.accepts(p)) continue;
        SCOPED_TRACE(kernel.name);
        const AlignedBuffer whole = RunIn(kernel, p, inputs, 1);
        // Scores err by dim roundings, which the softmax passes on; values are about 1.
        ExpectSame(p.y, whole, expected, 1e-6 * GetParam().dim);
        for (const int pieces : {2, 3}) ExpectSame(p.y, RunIn(kernel, p, inputs, pieces), whole, 0);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, AttentionKernels,
    testing::Values(Case{1, 16, 16, 8, 8, 4, 1, 64},    // Hybrid-M, stage 2
                    Case{1, 8, 8, 8, 8, 4, 1, 64},      // Hybrid-M, stage 3
                    Case{1, 24, 24, 12, 12, 8, 1, 48},  // Hybrid-L, stage 2
                    Case{1, 12, 12, 12, 12, 8, 1, 64},  // Hybrid-L, stage 3
                    Case{2, 5, 7, 3, 4, 4, 4, 16},      // multi-head, odd sizes, a batch
                    Case{3, 3, 3, 2, 9, 4, 2, 32}, Case{1, 1, 1, 1, 1, 2, 1, 16},
                    Case{2, 3, 5, 2, 3, 3, 1, 16},    // half a line
                    Case{1, 2, 3, 2, 3, 2, 1, 20}));  // a dimension that only the reference takes

TEST(Attention, GivesNanWhereAQueryIsNan) {
  const AttentionProblem p = ProblemOf({1, 2, 4, 2, 4, 1, 1, 16});
  const AlignedBuffer q = RandomTensor(p.q, 1), k = RandomTensor(p.k, 2), v = RandomTensor(p.v, 3);
  q.as<float>()[p.q.Offset(0, 0, 1, 2) + 5] = std::nanf("");
  const AttentionArgs inputs = {.q = q.data(), .k = k.data(), .v = v.data()};
  for (const IsaSet isa : MachineIsas()) {
    const AttentionKernel& kernel = kernels::AttentionKernels(isa).front();
    const AlignedBuffer y = RunIn(kernel, p, inputs, 1);
    for (int pixel = 0; pixel < 8; ++pixel) {
      const float* at = y.as<float>() + p.y.Offset(0, 0, pixel / 4, pixel % 4);
      for (int c = 0; c < 16; ++c) EXPECT_EQ(std::isnan(at[c]), pixel == 6) << kernel.name;
    }
  }
}

}  // namespace
}  // namespace mnv4::kernels
