#include "mnv4/cli/checkup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "mnv4/arch/arch.h"
#include "mnv4/base/error.h"
#include "mnv4/io/testing.h"

namespace mnv4::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

IsaSet Set(std::initializer_list<Isa> members) {
  IsaSet set;
  for (const Isa isa : members) set.Add(isa);
  return set;
}

TEST(CheckInstructionSets, FindsWhatIsMaskedAndWhatIsCapped) {
  const IsaSet sse4 = Set({Isa::kSse4}), avx2 = Set({Isa::kSse4, Isa::kAvx2});
  EXPECT_EQ(CheckInstructionSets(avx2, avx2, "fma avx2").level, Level::kGood);
  const Finding capped = CheckInstructionSets(avx2, sse4, "fma avx2");
  EXPECT_EQ(capped.level, Level::kNote);
  EXPECT_EQ(capped.fix, "unset MNV4_ISA");
  EXPECT_THAT(CheckInstructionSets(sse4, sse4, "sse4_2").found, HasSubstr("no AVX2"));
  EXPECT_THAT(CheckInstructionSets(sse4, sse4, "avx2 sse4_2").found, HasSubstr("is masked"));
  EXPECT_EQ(CheckInstructionSets(IsaSet(), IsaSet(), "").level, Level::kProblem);
  EXPECT_EQ(CheckInstructionSets(avx2, avx2, "avx2 avx512f").level, Level::kNote);
}

TEST(CheckThreads, ComparesWithMaskAndQuota) {
  EXPECT_EQ(CheckThreads({.online = 8, .affinity = 8, .quota = kUnlimited}, 8).level, Level::kGood);
  const Finding masked = CheckThreads({.online = 8, .affinity = 2, .quota = kUnlimited}, 4);
  EXPECT_EQ(masked.level, Level::kProblem);
  EXPECT_EQ(masked.found, "4 threads on 8 CPUs, 2 by the affinity mask");
  EXPECT_EQ(CheckThreads({.online = 8, .affinity = 8, .quota = 1.5}, 2).level, Level::kProblem);
  EXPECT_EQ(CheckThreads({.online = 8, .affinity = 8, .quota = 0.5}, 1).level, Level::kNote);
}

TEST(TimingWarnings, AreTheFindingsThatAreNotGood) {
  Host host;
  host.threads = 4;
  host.governor = "performance";
  const CpuLimits limits{.online = 4, .affinity = 4, .quota = kUnlimited};
  host.load = 2.4;
  EXPECT_THAT(TimingWarnings(host, limits, 2), IsEmpty());
  EXPECT_THAT(TimingWarnings(host, limits, 3), ElementsAre(StartsWith("load: 2.4 on 4 CPUs")));
  host.governor = "powersave";
  EXPECT_THAT(TimingWarnings(host, limits, 5),
              ElementsAre(StartsWith("threads: 5 threads on 4 CPUs"),
                          StartsWith("frequency governor: powersave"), StartsWith("load: 2.4")));
}

TEST(CheckLabels, CountsThemAgainstTheClassifier) {
  model::Model model;
  model.spec = *FindArchitecture("conv_small");
  model.spec.num_classes = 2;
  EXPECT_EQ(CheckLabels(model).level, Level::kNote);
  model.labels = {"cat", "dog"};
  EXPECT_EQ(CheckLabels(model).level, Level::kGood);
  model.labels.push_back("cow");
  EXPECT_EQ(CheckLabels(model).found, "3 for 2 classes");
  EXPECT_THAT(CheckLabels(model).fix, Not(IsEmpty()));
}

TEST(CheckStorage, ReadsTheFile) {
  const test::TempFolder folder;
  const std::string path = folder.Put("storage.bin", std::string(1000, 'x'));
  EXPECT_THAT(CheckStorage(path).found, HasSubstr("storage.bin reads at"));
  EXPECT_THROW(CheckStorage(path + ".none"), Error);
}

TEST(CheckBuild, WantsARelease) {
  EXPECT_EQ(CheckBuild("0.1.0", "Release").level, Level::kGood);
  EXPECT_EQ(CheckBuild("0.1.0", "Debug").level, Level::kNote);
}

}  // namespace
}  // namespace mnv4::cli
