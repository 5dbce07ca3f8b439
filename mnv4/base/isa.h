#pragma once
/// The instruction sets that kernels choose from: what the CPU has, capped by MNV4_ISA.

#include <cstdint>
#include <string>
#include <string_view>

namespace mnv4 {

/// Documented feature sets, not a chain: avxvnni exists without avx512.
enum class Isa : uint8_t {
  kScalar,   ///< the reference kernels, everywhere
  kSse4,     ///< SSE4.2, AES, PCLMUL: the least this program needs on x86-64
  kAvx2,     ///< AVX2, FMA, BMI1, BMI2, F16C, LZCNT
  kAvxVnni,  ///< + 256-bit dot products
  kAvx512,   ///< AVX-512 F, BW, CD, DQ, VL
  kVnni,     ///< + AVX-512 VNNI, VBMI
  kFp16,     ///< + AVX512-FP16
  kBf16,     ///< + AVX512-BF16 where it serves: on AMD's CPUs, and beside tiles
  kAmx,      ///< + tiles, of int8 and bf16; for their use see MayUseTiles
  kNeon,     ///< AArch64
  kDotprod,
  kNeonFp16,
  kI8mm,
};

/// A set of them.
class IsaSet {
 public:
  constexpr IsaSet() = default;
  constexpr explicit IsaSet(uint32_t bits) : bits_(bits) {}
  constexpr bool Has(Isa isa) const { return (bits_ >> static_cast<int>(isa)) & 1u; }
  constexpr void Add(Isa isa) { bits_ |= 1u << static_cast<int>(isa); }
  constexpr IsaSet Without(Isa isa) const { return IsaSet(bits_ & ~(1u << static_cast<int>(isa))); }
  constexpr uint32_t bits() const { return bits_; }
  bool operator==(const IsaSet&) const = default;

 private:
  uint32_t bits_ = 1;  // kScalar
};

/// What this CPU and operating system offer.
IsaSet DetectIsa();
/// `set` without everything above `cap`: "sse4" leaves sse4, "avx512" sse4 avx2 avxvnni avx512.
/// Throws Error(kInvalidArgument) for an unknown name or one this machine lacks.
IsaSet CapIsa(IsaSet set, std::string_view cap);
/// DetectIsa() capped by $MNV4_ISA, read once. Throws as CapIsa does.
IsaSet HostIsa();

/// Whether this process may use what Isa::kAmx stands for. Asks Linux the first time: it refuses if
/// a thread has a signal stack too small for the tiles' 8 KB, and wants larger ones from then on,
/// so whoever computes on tiles asks, and nobody else. Threads and forked processes inherit the
/// answer.
bool MayUseTiles();

const char* Name(Isa isa);
/// "sse4 avx2"; "scalar" if there is nothing else.
std::string ToString(IsaSet set);

}  // namespace mnv4
