#include "mnv4/data/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>
#include <vector>

namespace mnv4::data {
namespace {

using Block = std::array<uint32_t, 4>;

// The vectors that Random123 is published with.
TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_EQ(Philox({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(Philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, IsAFunctionOfItsArguments) {
  std::set<uint32_t> firsts;
  for (const uint64_t seed : {0u, 1u}) {
    for (const Use use : {Use::kShuffle, Use::kSample}) {
      for (const uint64_t a : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32}) {
        for (const uint64_t b : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32}) {
          Random once(seed, use, a, b), again(seed, use, a, b);
          for (int i = 0; i < 10; ++i) {
            const uint32_t bits = once.Bits();
            EXPECT_EQ(bits, again.Bits());
            firsts.insert(bits);
          }
        }
      }
    }
  }
  EXPECT_EQ(firsts.size(), 2u * 2 * 3 * 3 * 10);
}

TEST(Random, StaysWhatItWas) {
  Random random(42, Use::kSample, 3, 7);
  const std::vector<uint32_t> golden = {0xace2689au, 0x20221489u, 0x1db4fef8u,
                                        0xfb10cd92u, 0x70bf21ebu, 0x23270385u};
  for (const uint32_t bits : golden) EXPECT_EQ(random.Bits(), bits);
}

struct Moments {
  double mean = 0, variance = 0, least = 1e9, most = -1e9;
};

Moments MomentsOf(const std::function<double(Random&)>& draw) {
  constexpr int kDraws = 200'000;
  Random random(1, Use::kSample, 2, 3);
  Moments m;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = draw(random);
    m.mean += x / kDraws;
    squares += x * x / kDraws;
    m.least = std::min(m.least, x);
    m.most = std::max(m.most, x);
  }
  m.variance = squares - m.mean * m.mean;
  return m;
}

TEST(Random, UnitsFillTheirRange) {
  for (const auto& m : {MomentsOf([](Random& r) { return r.Unit(); }),
                        MomentsOf([](Random& r) { return double{r.UnitFloat()}; })}) {
    EXPECT_NEAR(m.mean, 0.5, 0.003);
    EXPECT_NEAR(m.variance, 1.0 / 12, 0.001);
    EXPECT_GE(m.least, 0);
    EXPECT_LT(m.least, 1e-4);
    EXPECT_LT(m.most, 1);
    EXPECT_GT(m.most, 1 - 1e-4);
  }
}

TEST(Random, BelowIsEven) {
  Random random(5, Use::kSample, 0, 0);
  std::array<int, 7> counts = {};
  for (int i = 0; i < 70'000; ++i) ++counts[random.Below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);
  EXPECT_EQ(random.Below(1), 0u);
  // Two thirds of 2^32: a plain remainder would favour the lower half.
  constexpr uint32_t kMost = 0xaaaaaaab;
  int low = 0;
  for (int i = 0; i < 10'000; ++i) low += random.Below(kMost) < kMost / 2 ? 1 : 0;
  EXPECT_NEAR(low, 5000, 250);
}

TEST(Random, NormalIsStandard) {
  const Moments m = MomentsOf([](Random& r) { return r.Normal(); });
  EXPECT_NEAR(m.mean, 0, 0.01);
  EXPECT_NEAR(m.variance, 1, 0.02);
  EXPECT_GT(m.most, 4);
}

TEST(Random, BetaHasItsMoments) {
  const double pairs[][2] = {{1, 1}, {0.8, 0.8}, {0.2, 0.2}, {2, 5}, {0.3, 4}};
  for (const auto& [a, b] : pairs) {
    const Moments m = MomentsOf([a = a, b = b](Random& r) { return r.Beta(a, b); });
    EXPECT_NEAR(m.mean, a / (a + b), 0.005) << a << " " << b;
    EXPECT_NEAR(m.variance, a * b / ((a + b) * (a + b) * (a + b + 1)), 0.002) << a << " " << b;
    EXPECT_GE(m.least, 0);
    EXPECT_LE(m.most, 1);
  }
}

TEST(Random, BetaOfTinyShapesIsAtTheEnds) {
  Random random(1, Use::kMix, 0, 0);
  for (int i = 0; i < 1000; ++i) {
    const double x = random.Beta(1e-4, 1e-4);
    EXPECT_TRUE(x >= 0 && x <= 1) << x;
  }
}

}  // namespace
}  // namespace mnv4::data
