#include "mnv4/data/random.h"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>

namespace mnv4::data {
namespace {

uint32_t Low(uint64_t value) { return static_cast<uint32_t>(value); }
uint32_t High(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

}  // namespace

std::array<uint32_t, 4> Philox(const std::array<uint32_t, 4>& counter,
                               const std::array<uint32_t, 2>& key) {
  const r123::Philox4x32::ctr_type in = {{counter[0], counter[1], counter[2], counter[3]}};
  const r123::Philox4x32::ctr_type out = r123::Philox4x32()(in, {{key[0], key[1]}});
  return {out[0], out[1], out[2], out[3]};
}

// A counter has room for `b` and the number of the block; all else goes into the key.
Random::Random(uint64_t seed, Use use, uint64_t a, uint64_t b) {
  const auto key =
      Philox({Low(a), High(a), static_cast<uint32_t>(use), 0}, {Low(seed), High(seed)});
  key_ = {key[0], key[1]};
  counter_ = {0, 0, Low(b), High(b)};
}

uint32_t Random::Bits() {
  if (used_ == 4) {
    block_ = Philox(counter_, key_);
    if (++counter_[0] == 0) ++counter_[1];
    used_ = 0;
  }
  return block_[used_++];
}

double Random::Unit() {
  const uint64_t high = Bits() >> 6, low = Bits() >> 5;  // 26 + 27 bits
  return static_cast<double>(high << 27 | low) * 0x1p-53;
}

float Random::UnitFloat() { return static_cast<float>(Bits() >> 8) * 0x1p-24f; }

// Lemire 2019: the high half of a product is even but for a few low halves, which are drawn again.
uint32_t Random::Below(uint32_t n) {
  uint64_t product = uint64_t{Bits()} * n;
  if (Low(product) < n) {
    const uint32_t uneven = -n % n;
    while (Low(product) < uneven) product = uint64_t{Bits()} * n;
  }
  return High(product);
}

// Box and Muller 1958, one of the pair.
double Random::Normal() {
  const double radius = std::sqrt(-2 * std::log(1 - Unit()));
  return radius * std::cos(2 * std::numbers::pi * Unit());
}

// Marsaglia and Tsang 2000.
double Random::Gamma(double shape) {
  if (shape < 1) {
    const double larger = Gamma(shape + 1);
    return larger * std::pow(1 - Unit(), 1 / shape);
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = Normal();
    const double root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(1 - Unit()) < x * x / 2 + d * (1 - v + std::log(v))) return d * v;
  }
}

double Random::Beta(double a, double b) {
  const double x = Gamma(a), y = Gamma(b);
  if (x + y > 0) return x / (x + y);
  return Chance(a / (a + b)) ? 1 : 0;  // both too small for a double: all mass is at the ends
}

}  // namespace mnv4::data
