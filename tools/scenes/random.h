#pragma once
// Counter-based random numbers: a scene's stream depends on (seed, split, index) and nothing else,
// so any number of processes may draw any part of a set. No <random>: its distributions differ
// between standard libraries.

#include <cstdint>

namespace mnv4::scenes {

/// SplitMix64's output function: a bijection that scatters nearby counters.
constexpr uint64_t Mix64(uint64_t z) {
  z += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

class Rng {
 public:
  Rng(uint64_t seed, uint64_t split, uint64_t index)
      : state_(Mix64(Mix64(Mix64(seed) + split) + index)) {}

  uint64_t Bits() {
    const uint64_t bits = Mix64(state_);
    state_ += 0x9e3779b97f4a7c15u;
    return bits;
  }
  /// In [0, 1).
  float Unit() { return static_cast<float>(Bits() >> 40) * 0x1p-24f; }
  float Between(float lo, float hi) { return lo + (hi - lo) * Unit(); }
  /// In [0, n), n > 0.
  int Below(int n) { return static_cast<int>((Bits() >> 32) * static_cast<uint64_t>(n) >> 32); }
  bool Chance(float p) { return Unit() < p; }

 private:
  uint64_t state_;
};

}  // namespace mnv4::scenes
