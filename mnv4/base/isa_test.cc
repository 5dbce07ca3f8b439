#include "mnv4/base/isa.h"

#include <gtest/gtest.h>

#include "mnv4/base/error.h"

namespace mnv4 {
namespace {

IsaSet Set(std::initializer_list<Isa> members) {
  IsaSet set;
  for (const Isa isa : members) set.Add(isa);
  return set;
}

TEST(Isa, CapKeepsWhatLiesBelow) {
  const IsaSet machine = Set({Isa::kSse4, Isa::kAvx2, Isa::kAvx512, Isa::kVnni});
  EXPECT_EQ(CapIsa(machine, "avx2"), Set({Isa::kSse4, Isa::kAvx2}));
  EXPECT_EQ(CapIsa(machine, "vnni"), machine);
  EXPECT_EQ(CapIsa(machine, "scalar"), IsaSet());
}

// Intel's bf16 without tiles is slower than float32.
TEST(Isa, CapTakesBf16AwayWithTheTiles) {
  const IsaSet fp16 = Set({Isa::kSse4, Isa::kAvx2, Isa::kAvx512, Isa::kFp16});
  IsaSet machine = fp16;
  machine.Add(Isa::kBf16);
  machine.Add(Isa::kAmx);
  EXPECT_EQ(CapIsa(machine, "amx"), machine);
  EXPECT_EQ(CapIsa(machine, "fp16"), fp16);
}

TEST(Isa, CapRefusesWhatTheMachineLacks) {
  const IsaSet machine = Set({Isa::kSse4, Isa::kAvx2});
  EXPECT_THROW(CapIsa(machine, "avx512"), Error);
  EXPECT_THROW(CapIsa(machine, "avx3"), Error);
}

TEST(Isa, NamesTheSet) {
  EXPECT_EQ(ToString(Set({Isa::kSse4, Isa::kAvx2})), "sse4 avx2");
  EXPECT_EQ(ToString(IsaSet()), "scalar");
}

TEST(Isa, FindsTheBaselineThisTestWasCompiledFor) {
#if defined(__x86_64__)
  EXPECT_TRUE(DetectIsa().Has(Isa::kSse4));
#elif defined(__aarch64__)
  EXPECT_TRUE(DetectIsa().Has(Isa::kNeon));
#endif
}

}  // namespace
}  // namespace mnv4
