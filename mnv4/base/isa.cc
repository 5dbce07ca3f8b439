#include "mnv4/base/isa.h"

#include <cstdlib>

#include "mnv4/base/error.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace mnv4 {
namespace {

struct Entry {
  Isa isa;
  const char* name;
};

// In the order that capping cuts.
constexpr Entry kEntries[] = {
    {Isa::kScalar, "scalar"},   {Isa::kSse4, "sse4"},       {Isa::kAvx2, "avx2"},
    {Isa::kAvxVnni, "avxvnni"}, {Isa::kAvx512, "avx512"},   {Isa::kVnni, "vnni"},
    {Isa::kFp16, "fp16"},       {Isa::kBf16, "bf16"},       {Isa::kAmx, "amx"},
    {Isa::kNeon, "neon"},       {Isa::kDotprod, "dotprod"}, {Isa::kNeonFp16, "fp16"},
    {Isa::kI8mm, "i8mm"},
};

#if defined(__x86_64__)

struct Leaf {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Leaf Cpuid(uint32_t leaf, uint32_t subleaf) {
  Leaf out;
  __get_cpuid_count(leaf, subleaf, &out.eax, &out.ebx, &out.ecx, &out.edx);
  return out;
}

// The register state the operating system saves (XCR0). Needs OSXSAVE.
uint64_t SavedState() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t{high} << 32) | low;
}

constexpr bool Bit(uint32_t word, int bit) { return (word >> bit) & 1u; }
constexpr bool All(uint64_t word, uint64_t mask) { return (word & mask) == mask; }

bool IsAmd() {
  const Leaf vendor = Cpuid(0, 0);
  return vendor.ebx == 0x68747541u && vendor.edx == 0x69746E65u &&  // "Auth" "enti"
         vendor.ecx == 0x444D4163u;                                 // "cAMD"
}

IsaSet DetectX86() {
  IsaSet set;
  const Leaf one = Cpuid(1, 0);
  const Leaf seven = Cpuid(7, 0);
  const Leaf seven_one = Cpuid(7, 1);
  const Leaf extended = Cpuid(0x80000001u, 0);

  const bool sse4 = Bit(one.ecx, 9) && Bit(one.ecx, 19) && Bit(one.ecx, 20) &&  // SSSE3, SSE4.1/2
                    Bit(one.ecx, 25) && Bit(one.ecx, 1);                        // AES, PCLMUL
  if (!sse4) return set;
  set.Add(Isa::kSse4);

  if (!Bit(one.ecx, 27)) return set;  // OSXSAVE
  const uint64_t saved = SavedState();
  const bool avx2 = All(saved, 0x6) && Bit(one.ecx, 28) && Bit(one.ecx, 12) &&       // AVX, FMA
                    Bit(one.ecx, 29) && Bit(seven.ebx, 5) &&                         // F16C, AVX2
                    Bit(seven.ebx, 3) && Bit(seven.ebx, 8) && Bit(extended.ecx, 5);  // BMI, LZCNT
  if (!avx2) return set;
  set.Add(Isa::kAvx2);
  if (Bit(seven_one.eax, 4)) set.Add(Isa::kAvxVnni);

  const bool avx512 = All(saved, 0xE6) && Bit(seven.ebx, 16) && Bit(seven.ebx, 17) &&  // F, DQ
                      Bit(seven.ebx, 28) && Bit(seven.ebx, 30) && Bit(seven.ebx, 31);  // CD BW VL
  if (!avx512) return set;
  set.Add(Isa::kAvx512);
  if (Bit(seven.ecx, 11) && Bit(seven.ecx, 1)) set.Add(Isa::kVnni);  // VNNI, VBMI
  if (Bit(seven.edx, 23)) set.Add(Isa::kFp16);
  const bool bf16 = Bit(seven_one.eax, 5);
  const bool amx = bf16 && All(saved, 0x60000) && Bit(seven.edx, 24) &&  // tiles
                   Bit(seven.edx, 25) && Bit(seven.edx, 22);             // int8, bf16
  // Intel's dot products of bf16 run at half the rate of float32; AMD's at twice that rate. Beside
  // tiles one needs the conversions.
  if (bf16 && (IsAmd() || amx)) set.Add(Isa::kBf16);
  if (amx) set.Add(Isa::kAmx);
  return set;
}

#elif defined(__aarch64__)

IsaSet DetectArm() {
  IsaSet set;
  set.Add(Isa::kNeon);
  const unsigned long caps = getauxval(AT_HWCAP);
  if (caps & HWCAP_ASIMDDP) set.Add(Isa::kDotprod);
  if ((caps & HWCAP_FPHP) && (caps & HWCAP_ASIMDHP)) set.Add(Isa::kNeonFp16);
#if defined(HWCAP2_I8MM)
  if (getauxval(AT_HWCAP2) & HWCAP2_I8MM) set.Add(Isa::kI8mm);
#endif
  return set;
}

#endif

}  // namespace

IsaSet DetectIsa() {
#if defined(__x86_64__)
  static const IsaSet set = DetectX86();
#elif defined(__aarch64__)
  static const IsaSet set = DetectArm();
#else
  static const IsaSet set;
#endif
  return set;
}

IsaSet CapIsa(IsaSet set, std::string_view cap) {
  IsaSet capped;
  for (const Entry& entry : kEntries) {
    if (!set.Has(entry.isa)) continue;
    capped.Add(entry.isa);
    if (entry.name != cap) continue;
    // Intel's bf16 without tiles is slower than float32.
    return set.Has(Isa::kAmx) && !capped.Has(Isa::kAmx) ? capped.Without(Isa::kBf16) : capped;
  }
  throw Error(ErrorCode::kInvalidArgument,
              "instruction set '" + std::string(cap) + "': this machine has " + ToString(set));
}

IsaSet HostIsa() {
  static const IsaSet set = [] {
    const char* cap = std::getenv("MNV4_ISA");
    return cap == nullptr || *cap == '\0' ? DetectIsa() : CapIsa(DetectIsa(), cap);
  }();
  return set;
}

bool MayUseTiles() {
#if defined(__x86_64__)
  static const bool may = [] {
    constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM
    return DetectIsa().Has(Isa::kAmx) &&
           syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  }();
  return may;
#else
  return false;
#endif
}

const char* Name(Isa isa) {
  for (const Entry& entry : kEntries) {
    if (entry.isa == isa) return entry.name;
  }
  return "unknown";
}

std::string ToString(IsaSet set) {
  if (set == IsaSet()) return Name(Isa::kScalar);
  std::string text;
  for (const Entry& entry : kEntries) {
    if (entry.isa == Isa::kScalar || !set.Has(entry.isa)) continue;
    if (!text.empty()) text += ' ';
    text += entry.name;
  }
  return text;
}

}  // namespace mnv4
