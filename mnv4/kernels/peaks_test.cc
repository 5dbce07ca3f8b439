#include "mnv4/kernels/peaks.h"

#include <cmath>

#include "mnv4/kernels/testing.h"

namespace mnv4::kernels {
namespace {

// How fast is the machine's business; here only that the figures are figures.
void ExpectSane(const Peaks& peaks, int threads) {
  EXPECT_EQ(peaks.threads, threads);
  for (const double rate : {peaks.macs_per_s, peaks.macs_per_s_one_thread}) {
    EXPECT_TRUE(std::isfinite(rate));
    EXPECT_GT(rate, 0);
  }
  ASSERT_FALSE(peaks.levels.empty());
  for (size_t i = 0; i < peaks.levels.size(); ++i) {
    EXPECT_TRUE(std::isfinite(peaks.levels[i].bytes_per_s));
    EXPECT_GT(peaks.levels[i].bytes_per_s, 0);
    if (i > 0 && peaks.levels[i].name != "memory") {
      EXPECT_GT(peaks.levels[i].bytes, peaks.levels[i - 1].bytes);
    }
  }
}

TEST(Peaks, AreSaneOnEveryInstructionSet) {
  std::vector<IsaSet> sets = MachineIsas();
  sets.push_back(IsaSet());  // the references alone
  ThreadPool pool(2);
  for (const IsaSet isa : sets) {
    SCOPED_TRACE(ToString(isa));
    const Peaks peaks = MeasurePeaks(isa, pool);
    ExpectSane(peaks, 2);
    EXPECT_EQ(peaks.bf16_macs_per_s > 0, isa.Has(Isa::kBf16));
    EXPECT_EQ(peaks.fp16_macs_per_s > 0, HasFp16(isa));
  }
}

TEST(Peaks, OfOneThreadAreThoseOfAll) {
  ThreadPool pool(1);
  const Peaks peaks = MeasurePeaks(DetectIsa(), pool);
  ExpectSane(peaks, 1);
  EXPECT_EQ(peaks.macs_per_s, peaks.macs_per_s_one_thread);
}

TEST(Peaks, ImproveFigureByFigure) {
  Peaks peaks = {.macs_per_s = 3, .macs_per_s_one_thread = 1, .levels = {{"memory", 0, 5}}};
  peaks.Improve({.macs_per_s = 2, .macs_per_s_one_thread = 2, .levels = {{"memory", 0, 6}}});
  EXPECT_EQ(peaks.macs_per_s, 3);
  EXPECT_EQ(peaks.macs_per_s_one_thread, 2);
  EXPECT_EQ(peaks.levels[0].bytes_per_s, 6);
}

TEST(Peaks, FindTheNearestLevelThatHoldsSoMuch) {
  const Peaks peaks = {.levels = {{"L2", 1000, 3e9}, {"L3", 8000, 2e9}, {"memory", 0, 1e9}}};
  EXPECT_EQ(peaks.LevelOf(1000).name, "L2");
  EXPECT_EQ(peaks.LevelOf(1001).name, "L3");
  EXPECT_EQ(peaks.LevelOf(8001).name, "memory");
  const Peaks large_caches = {.levels = {{"L2", 1000, 3e9}, {"L3", 8000, 2e9}}};
  EXPECT_EQ(large_caches.LevelOf(9000).name, "L3");  // memory could not be measured
}

}  // namespace
}  // namespace mnv4::kernels
