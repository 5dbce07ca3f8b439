#pragma once
/// What the kernels' tests share: random tensors whose excess lanes and halos are as promised, the
/// instruction sets of this machine, and comparison with the references.

#include <gtest/gtest.h>

#include <cmath>
#include <initializer_list>
#include <random>
#include <vector>

#include "mnv4/base/aligned_buffer.h"
#include "mnv4/kernels/kernel.h"
#include "mnv4/kernels/reference.h"

namespace mnv4::kernels {

/// What this machine has, and fp16 where the test's program computes that in software.
inline IsaSet TestIsa() {
  IsaSet set = DetectIsa();
#ifdef MNV4_FP16_IN_SOFTWARE
  if (set.Has(Isa::kAvx512)) set.Add(Isa::kFp16);
#endif
  return set;
}
inline bool HasFp16(IsaSet isa) { return isa.Has(Isa::kFp16) || isa.Has(Isa::kNeonFp16); }

/// From the least SIMD set to all this machine has, without those that bring no kernels of their
/// own. Sets with fp16 have no bf16: a Plan asks for one of them.
inline std::vector<IsaSet> MachineIsas() {
  std::vector<IsaSet> sets;
  IsaSet all;
  const ConvKernel* before = ConvKernels(all).data();
  for (int i = 1; i < 32; ++i) {
    const auto isa = static_cast<Isa>(i);
    if (!TestIsa().Has(isa) || (isa == Isa::kAmx && !MayUseTiles())) continue;
    all.Add(isa);
    if (isa == Isa::kFp16) all = all.Without(Isa::kBf16);
    if (isa == Isa::kAmx) {
      all = all.Without(Isa::kFp16);
      all.Add(Isa::kBf16);
    }
    if (ConvKernels(all).data() == before) continue;
    before = ConvKernels(all).data();
    sets.push_back(all);
  }
  return sets;
}

inline Desc C16(int n, int h, int w, int c, Padding halo = {}) {
  return {.n = n, .h = h, .w = w, .c = c, .halo = halo};
}
inline Desc AsBf16(Desc desc) {
  desc.dtype = DType::kBF16;
  return desc;
}
inline Desc AsFp16(Desc desc) {
  desc.dtype = DType::kF16;
  return desc;
}
/// Whether a set has kernels for the types of these tensors.
inline bool HasTypesOf(IsaSet isa, std::initializer_list<Desc> descs) {
  for (const Desc& desc : descs) {
    if (desc.dtype == DType::kBF16 && !isa.Has(Isa::kBf16)) return false;
    if (desc.dtype == DType::kF16 && !HasFp16(isa)) return false;
  }
  return true;
}

inline Desc AsLines(Desc desc) {
  desc.layout = Layout::kLine64;
  return AsBf16(desc);
}

/// Normal deviates; excess lanes and halo are zero.
inline AlignedBuffer RandomTensor(const Desc& desc, uint32_t seed) {
  AlignedBuffer buffer(desc.bytes());
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  for (int image = 0; image < desc.n; ++image) {
    for (int y = 0; y < desc.h; ++y) {
      for (int x = 0; x < desc.w; ++x) {
        const int64_t pixel = desc.Offset(0, image, y, x);
        for (int c = 0; c < desc.c; ++c) {
          StoreElement(desc, buffer.data(), pixel + ChannelOffset(desc, c), normal(random));
        }
      }
    }
  }
  return buffer;
}

/// Memory full of NaN, but for the halo: what a kernel does not write, a test sees.
inline AlignedBuffer UnwrittenTensor(const Desc& desc) {
  AlignedBuffer buffer(desc.bytes());
  for (int image = 0; image < desc.n; ++image) {
    for (int y = 0; y < desc.h; ++y) {
      for (int x = 0; x < desc.w; ++x) {
        const int64_t pixel = desc.Offset(0, image, y, x);
        for (int c = 0; c < StoredChannels(desc); ++c) {
          StoreElement(desc, buffer.data(), pixel + ChannelOffset(desc, c), std::nan(""));
        }
      }
    }
  }
  return buffer;
}

/// Every element in memory, halo and excess lanes included; NaN equals NaN. bfloat16 and fp16 may
/// also differ by the last of their 8 or 11 bits if `tolerance` is not 0, since sums next to a tie
/// round either way.
inline void ExpectSame(const Desc& desc, const AlignedBuffer& actual, const AlignedBuffer& expected,
                       double tolerance) {
  const double last_bit = tolerance == 0               ? 0
                          : desc.dtype == DType::kBF16 ? 1.0 / 128
                          : desc.dtype == DType::kF16  ? 1.0 / 1024
                                                       : 0;
  for (int64_t i = 0; i < desc.elements(); ++i) {
    const double a = ElementAt(desc, actual.data(), i), e = ElementAt(desc, expected.data(), i);
    if (a == e || (std::isnan(a) && std::isnan(e))) continue;  // infinities too
    ASSERT_NEAR(a, e, tolerance + last_bit * std::abs(e))
        << "element " << i << " of " << desc.elements();
  }
}

}  // namespace mnv4::kernels
