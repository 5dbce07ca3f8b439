#pragma once
/// Random numbers that are a function of what they are for: a sample's augmentation depends on
/// (seed, epoch, index) and nothing else, so workers and restarts change nothing.
/// Philox4x32-10 (Salmon et al. 2011), by Random123.

#include <array>
#include <cstdint>

namespace mnv4::data {

/// What a stream is for; streams of different uses are independent.
enum class Use : uint32_t {
  kShuffle = 1,  ///< the order of an epoch
  kSample,       ///< crop, flip and augmentation of one sample
  kMix,          ///< Mixup and CutMix of one batch
  kDropPath,     ///< stochastic depth of one micro-batch
  kDropout,      ///< dropout of one micro-batch
  kInitialise,   ///< weights
  kSynthetic,    ///< pictures of SyntheticSource
};

/// One block of Philox4x32-10.
std::array<uint32_t, 4> Philox(const std::array<uint32_t, 4>& counter,
                               const std::array<uint32_t, 2>& key);

class Random {
 public:
  /// `a` and `b` are counters, for example epoch and index.
  Random(uint64_t seed, Use use, uint64_t a, uint64_t b);

  uint32_t Bits();
  /// In [0, 1), 53 bits.
  double Unit();
  /// In [0, 1), 24 bits: what float arithmetic can tell apart.
  float UnitFloat();
  double Between(double lo, double hi) { return lo + (hi - lo) * Unit(); }
  /// In [0, n), n > 0, without bias.
  uint32_t Below(uint32_t n);
  bool Chance(double p) { return Unit() < p; }
  /// Standard normal.
  double Normal();
  /// Beta(a, b), a and b > 0.
  double Beta(double a, double b);

 private:
  double Gamma(double shape);

  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;
  std::array<uint32_t, 4> block_ = {};
  int used_ = 4;
};

}  // namespace mnv4::data
