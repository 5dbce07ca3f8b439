#include <algorithm>
#include <string>
#include <vector>

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

// The first row for these types.
const AttentionKernel& KernelFor(IsaSet isa, const AttentionProblem& p) {
  const auto table = kernels::AttentionKernels(isa);
  return *std::ranges::find_if(table, [&](const AttentionKernel& row) { return row.accepts(p); });
}

AttentionProblem ReadingFp16(AttentionProblem p) {
  p.q = AsFp16(p.q);
  p.k = AsFp16(p.k);
  p.v = AsFp16(p.v);
  return p;
}

class AttentionKernels : public testing::TestWithParam<Case> {
 protected:
  // Each row that accepts the problem, with y in each of these types.
  static void ExpectTheReferencesResults(AttentionProblem p, std::initializer_list<Desc> outputs,
                                         double tolerance) {
    const AlignedBuffer q = RandomTensor(p.q, 1), k = RandomTensor(p.k, 2),
                        v = RandomTensor(p.v, 3);
    const AttentionArgs inputs = {.q = q.data(), .k = k.data(), .v = v.data()};
    for (const Desc& y : outputs) {
      p.y = y;
      const AlignedBuffer expected = RunIn(kAttentionRef, p, inputs, 1);
      for (const IsaSet isa : MachineIsas()) {
        if (!HasTypesOf(isa, {p.q, y})) continue;
        for (const AttentionKernel& kernel : kernels::AttentionKernels(isa)) {
          if (!kernel.accepts(p)) continue;
          SCOPED_TRACE(kernel.name);
          const AlignedBuffer whole = RunIn(kernel, p, inputs, 1);
          ExpectSame(p.y, whole, expected, tolerance);
          for (const int pieces : {2, 3}) {
            ExpectSame(p.y, RunIn(kernel, p, inputs, pieces), whole, 0);
          }
        }
      }
    }
  }
};

// Scores err by dim roundings, which the softmax passes on; values are about 1.
TEST_P(AttentionKernels, AgreeWithTheReferenceHoweverTheyAreSplit) {
  const AttentionProblem p = ProblemOf(GetParam());
  ExpectTheReferencesResults(p, {p.y, AsBf16(p.y), AsLines(p.y), AsFp16(p.y)},
                             1e-6 * GetParam().dim);
}

// Each of dim products in a score, and of at most 128 in a mean, rounds a sum of some units, up or
// down, by 2^-11 of it. Measured: a quarter of this, half where products are not fused.
TEST_P(AttentionKernels, AgreeWithTheReferenceInFp16) {
  const AttentionProblem p = ReadingFp16(ProblemOf(GetParam()));
  const int products = std::min(GetParam().dim, 128) + std::min(GetParam().kh * GetParam().kw, 128);
  ExpectTheReferencesResults(p, {p.y, AsFp16(p.y)}, std::sqrt(products) / 512);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, AttentionKernels,
    testing::Values(Case{1, 16, 16, 8, 8, 4, 1, 64},    // Hybrid-M, stage 2
                    Case{1, 8, 8, 8, 8, 4, 1, 64},      // Hybrid-M, stage 3
                    Case{1, 24, 24, 12, 12, 8, 1, 48},  // Hybrid-L, stage 2
                    Case{1, 12, 12, 12, 12, 8, 1, 64},  // Hybrid-L, stage 3
                    Case{2, 5, 7, 3, 4, 4, 4, 16},      // multi-head, odd sizes, a batch
                    Case{3, 3, 3, 2, 9, 4, 2, 32}, Case{1, 1, 1, 1, 1, 2, 1, 16},
                    Case{2, 3, 5, 2, 3, 3, 1, 16},     // half a line
                    Case{2, 1, 29, 10, 20, 2, 1, 32},  // means of several chunks in fp16
                    Case{1, 5, 6, 3, 11, 3, 1, 144},   // scores of several
                    Case{2, 7, 8, 1, 7, 4, 2, 48}, Case{1, 4, 4, 4, 4, 2, 2, 64},
                    Case{1, 2, 3, 2, 3, 2, 1, 20}));  // a dimension that only the reference takes

// What becomes of problems with these numbers in place of some: q[0], k[0] and v[0] are those of
// the first pixel's first channel.
class HostileAttention : public testing::TestWithParam<bool> {
 protected:
  HostileAttention() : p_(ProblemOf({1, 2, 4, 3, 6, 1, 1, 16})) {
    if (GetParam()) p_ = ReadingFp16(p_);
    q_ = RandomTensor(p_.q, 1);
    k_ = RandomTensor(p_.k, 2);
    v_ = RandomTensor(p_.v, 3);
  }

  static void Fill(const Desc& desc, AlignedBuffer& tensor, double value) {
    for (int64_t i = 0; i < desc.elements(); ++i) StoreElement(desc, tensor.data(), i, value);
  }
  // function(kernel, y) of the row of each instruction set.
  template <class Function>
  void ForEachKernel(Function function) const {
    const AttentionArgs inputs = {.q = q_.data(), .k = k_.data(), .v = v_.data()};
    for (const IsaSet isa : MachineIsas()) {
      if (!HasTypesOf(isa, {p_.q})) continue;
      const AttentionKernel& kernel = KernelFor(isa, p_);
      SCOPED_TRACE(kernel.name);
      const AlignedBuffer y = RunIn(kernel, p_, inputs, 1);
      function(y.as<float>());
    }
  }

  AttentionProblem p_;
  AlignedBuffer q_, k_, v_;
};

TEST_P(HostileAttention, GivesNanWhereAQueryIsNan) {
  StoreElement(p_.q, q_.data(), p_.q.Offset(0, 0, 1, 2) + 5, std::nan(""));
  ForEachKernel([](const float* y) {
    for (int i = 0; i < 8 * 16; ++i) EXPECT_EQ(std::isnan(y[i]), i / 16 == 6) << i;
  });
}

TEST_P(HostileAttention, GivesNanWhereAScoreIsInfinite) {
  StoreElement(p_.q, q_.data(), p_.q.Offset(0, 0, 1, 2) + 5, INFINITY);
  ForEachKernel([](const float* y) {
    for (int i = 0; i < 8 * 16; ++i) EXPECT_EQ(std::isnan(y[i]), i / 16 == 6) << i;
  });
}

TEST_P(HostileAttention, PassesAnInfiniteValueOn) {
  StoreElement(p_.v, v_.data(), p_.v.Offset(0, 0, 1, 2) + 5, INFINITY);
  ForEachKernel([](const float* y) {
    for (int i = 0; i < 8 * 16; ++i) EXPECT_EQ(std::isfinite(y[i]), i % 16 != 5) << i;
  });
}

TEST_P(HostileAttention, AveragesTheValuesOfEqualScores) {
  Fill(p_.k, k_, 1);
  std::vector<double> sums(16);
  for (int i = 0; i < 18 * 16; ++i) sums[i % 16] += ElementAt(p_.v, v_.data(), i);
  ForEachKernel([&](const float* y) {
    for (int i = 0; i < 8 * 16; ++i) EXPECT_NEAR(y[i], sums[i % 16] / 18, 2e-3) << i;
  });
}

// A score of 4 * 60 * 60 for one token, its opposite for the others.
TEST_P(HostileAttention, TakesTheValueOfAScoreFarAboveTheOthers) {
  Fill(p_.q, q_, 60);
  Fill(p_.k, k_, -60);
  const int64_t token = p_.k.Offset(0, 0, 1, 2);
  for (int i = 0; i < 16; ++i) StoreElement(p_.k, k_.data(), token + i, 60);
  ForEachKernel([&](const float* y) {
    for (int i = 0; i < 8 * 16; ++i) {
      EXPECT_NEAR(y[i], ElementAt(p_.v, v_.data(), token + i % 16), 1e-6) << i;
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Types, HostileAttention, testing::Bool(), [](const auto& info) {
  return std::string(info.param ? "Fp16" : "Float32");
});

}  // namespace
}  // namespace mnv4::kernels
