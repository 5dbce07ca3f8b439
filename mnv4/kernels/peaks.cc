#include "mnv4/kernels/peaks.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "mnv4/base/aligned_buffer.h"
#include "mnv4/base/caches.h"
#include "mnv4/base/check.h"
#include "mnv4/base/clock.h"
#include "mnv4/kernels/fp16_tiles.h"
#include "mnv4/kernels/tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "mnv4/kernels/peaks.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target
// must follow foreach_target.h
#include <hwy/highway.h>

#include "mnv4/kernels/math-inl.h"

#ifndef MNV4_KERNELS_PEAK_LOOPS
#define MNV4_KERNELS_PEAK_LOOPS
namespace mnv4::kernels {
namespace {

constexpr int64_t kTileMacs = int64_t{4} * 16 * 16 * 32;
constexpr int kSeeds = 16 * 16;  // floats that MultiplyAdd starts from: the most sums x lanes

// Loops that do nothing else. They return what they computed, so that it is computed.
struct PeakLoops {
  int64_t macs;  // of one round
  // From kSeeds values; `factor` and `term` keep the sums finite.
  float (*multiply_add)(const float* seeds, float factor, float term, int rounds) noexcept;
  // Twice as many multiply-adds, of bfloat16; null if there are none.
  float (*bf16_multiply_add)(const float* seeds, float factor, float term, int rounds) noexcept;
  // kTileMacs a round; null if there are none. Needs Isa::kAmx.
  float (*tile_multiply_add)(const float* seeds, float factor, float term, int rounds) noexcept;
  // `count` is a multiple of 256.
  float (*read)(const float* values, size_t count) noexcept;
};

}  // namespace
}  // namespace mnv4::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace mnv4::kernels::HWY_NAMESPACE {
namespace {

// CPUs finish up to four multiply-adds a cycle and each takes four cycles: 16 sums keep them all
// busy. Of the 16 registers of SSE and AVX2, two units of four or five cycles, 12 are enough.
#if HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_AVX2
constexpr int kSums = 12;
#else
constexpr int kSums = 16;
#endif
static_assert(kSums * kLanes <= kSeeds);

HWY_INLINE float Total(const Vec (&sums)[kSums]) {
  Vec total = sums[0];
  for (int i = 1; i < kSums; ++i) total = hn::Add(total, sums[i]);
  return hn::GetLane(hn::SumOfLanes(kF32, total));
}

float MultiplyAdd(const float* seeds, float factor, float term, int rounds) noexcept {
  const Vec a = hn::Set(kF32, factor), b = hn::Set(kF32, term);
  Vec sums[kSums];
  HWY_UNROLL(16)
  for (int i = 0; i < kSums; ++i) sums[i] = hn::LoadU(kF32, seeds + i * kLanes);
  for (int round = 0; round < rounds; ++round) {
    HWY_UNROLL(16)
    for (int i = 0; i < kSums; ++i) sums[i] = hn::MulAdd(sums[i], a, b);
  }
  return Total(sums);
}

#if HWY_TARGET == HWY_AVX3
// Pairs of bfloat16, whose sums grow only by what `factor` squared is.
float Bf16MultiplyAdd(const float* seeds, float factor, float /*term*/, int rounds) noexcept {
  const Vec a = hn::Set(kF32, factor);
  Vec sums[kSums];
  HWY_UNROLL(16)
  for (int i = 0; i < kSums; ++i) sums[i] = hn::LoadU(kF32, seeds + i * kLanes);
  for (int round = 0; round < rounds; ++round) {
    HWY_UNROLL(16)
    for (int i = 0; i < kSums; ++i) {
      __m512 sum = sums[i].raw;
      __asm__("vdpbf16ps %1, %1, %0" : "+v"(sum) : "v"(a.raw));
      sums[i] = Vec{sum};
    }
  }
  return Total(sums);
}
// A seed is a pair of bfloat16 between -0 and 2.
float TileMultiplyAdd(const float* seeds, float /*factor*/, float /*term*/, int rounds) noexcept {
  float sums[kSeeds] = {};
  HardwareTiles tiles;
  tiles.Load<0>(sums, kCacheLine);
  tiles.Load<1>(sums, kCacheLine);
  tiles.Load<2>(sums, kCacheLine);
  tiles.Load<3>(sums, kCacheLine);
  tiles.Load<4>(seeds, kCacheLine);
  tiles.Load<5>(seeds, kCacheLine);
  tiles.Load<6>(seeds, kCacheLine);
  tiles.Load<7>(seeds, kCacheLine);
  for (int round = 0; round < rounds; ++round) {
    tiles.MultiplyAdd<0, 4, 6>();
    tiles.MultiplyAdd<1, 4, 7>();
    tiles.MultiplyAdd<2, 5, 6>();
    tiles.MultiplyAdd<3, 5, 7>();
  }
  tiles.Store<0>(sums, kCacheLine);
  return sums[0];
}
constexpr auto* kBf16MultiplyAdd = &Bf16MultiplyAdd;
constexpr auto* kTileMultiplyAdd = &TileMultiplyAdd;
#else
constexpr decltype(PeakLoops::bf16_multiply_add) kBf16MultiplyAdd = nullptr;
constexpr decltype(PeakLoops::tile_multiply_add) kTileMultiplyAdd = nullptr;
#endif

float Read(const float* values, size_t count) noexcept {
  constexpr int kReads = 8;
  Vec sums[kReads];
  HWY_UNROLL(8)
  for (Vec& sum : sums) sum = hn::Zero(kF32);
  for (size_t at = 0; at < count; at += kReads * kLanes) {
    HWY_UNROLL(8)
    for (int i = 0; i < kReads; ++i) {
      sums[i] = hn::Add(sums[i], hn::Load(kF32, values + at + i * kLanes));
    }
  }
  Vec total = sums[0];
  for (int i = 1; i < kReads; ++i) total = hn::Add(total, sums[i]);
  return hn::GetLane(hn::SumOfLanes(kF32, total));
}

}  // namespace

constinit const PeakLoops kPeakLoops = {.macs = int64_t{kSums} * kLanes,
                                        .multiply_add = MultiplyAdd,
                                        .bf16_multiply_add = kBf16MultiplyAdd,
                                        .tile_multiply_add = kTileMultiplyAdd,
                                        .read = Read};

}  // namespace mnv4::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mnv4::kernels {
namespace {

constexpr size_t kLargestProbe = 256 << 20;  // bytes; the system needs 50 ms to hand out so much

// The sums wait for each other a little, as those of the reference kernels do.
float MultiplyAddScalar(const float* seeds, float factor, float term, int rounds) noexcept {
  double sums[4] = {seeds[0], seeds[1], seeds[2], seeds[3]};
  for (int round = 0; round < rounds; ++round) {
    for (double& sum : sums) sum = sum * factor + term;
  }
  return static_cast<float>(sums[0] + sums[1] + sums[2] + sums[3]);
}

float ReadScalar(const float* values, size_t count) noexcept {
  float sums[4] = {};
  for (size_t i = 0; i < count; ++i) sums[i % 4] += values[i];
  return sums[0] + sums[1] + sums[2] + sums[3];
}

constexpr PeakLoops kScalarLoops = {.macs = 4,
                                    .multiply_add = MultiplyAddScalar,
                                    .bf16_multiply_add = nullptr,
                                    .tile_multiply_add = nullptr,
                                    .read = ReadScalar};

// As kernel_tables.cc chooses.
const PeakLoops& LoopsFor(IsaSet isa) {
#if HWY_TARGETS & HWY_AVX3
  if (isa.Has(Isa::kAvx512)) return N_AVX3::kPeakLoops;
#endif
#if HWY_TARGETS & HWY_AVX2
  if (isa.Has(Isa::kAvx2)) return N_AVX2::kPeakLoops;
#endif
#if HWY_TARGETS & HWY_SSE4
  if (isa.Has(Isa::kSse4)) return N_SSE4::kPeakLoops;
#endif
#if HWY_TARGETS & HWY_NEON
  if (isa.Has(Isa::kNeon)) return N_NEON::kPeakLoops;
#endif
  return kScalarLoops;
}

// Units a second when body(thread) does `units` of them on all threads together: the best try of
// those that fit in `budget_ms`, at least two. A step without work comes first, so that the threads
// start together, from a barrier: waking one takes longer than many a try.
template <class Body>
double BestRate(ThreadPool& pool, double units, double budget_ms, Body body) {
  double best_s = std::numeric_limits<double>::infinity();
  const Clock::time_point start = Clock::now();
  do {
    double seconds[3] = {};
    auto step = [&](size_t index, int thread) noexcept {
      if (index > 0) body(thread);
    };
    pool.RunSteps(3, step, seconds);
    best_s = std::min({best_s, seconds[1], seconds[2]});
  } while (MillisecondsSince(start) < budget_ms);
  return units / std::max(best_s, 1e-9);
}

// What a loop returns goes here, so that the compiler has to call it.
struct alignas(kCacheLine) Sink {
  volatile float value = 0;
};

double MeasureMultiplyAdds(decltype(PeakLoops::multiply_add) loop, int64_t macs_of_round,
                           ThreadPool& pool) {
  constexpr int kRounds = 20000;  // some 50 us
  float seeds[kSeeds];
  for (int i = 0; i < kSeeds; ++i) seeds[i] = 1 + static_cast<float>(i) / kSeeds;
  std::vector<Sink> sinks(static_cast<size_t>(pool.threads()));
  const double macs = static_cast<double>(macs_of_round) * kRounds * pool.threads();
  return BestRate(pool, macs, 15, [&](int thread) {
    sinks[static_cast<size_t>(thread)].value = loop(seeds, 0.5f, 1.0f, kRounds);
  });
}

// Threads read parts of their own of `bytes` bytes, again and again.
double MeasureReads(const PeakLoops& loops, ThreadPool& pool, size_t bytes) {
  constexpr size_t kUnit = 256;                // floats
  constexpr size_t kLeastRead = 4096 * kUnit;  // 4 MB: some 50 us
  const auto threads = static_cast<size_t>(pool.threads());
  const size_t part = std::max<size_t>(1, bytes / threads / (kUnit * sizeof(float))) * kUnit;
  const size_t rounds = (kLeastRead + part - 1) / part;
  const AlignedBuffer buffer(part * threads * sizeof(float));
  std::vector<Sink> sinks(threads);
  const double read = static_cast<double>(part * threads * rounds * sizeof(float));
  return BestRate(pool, read, 12, [&](int thread) {
    const auto index = static_cast<size_t>(thread);
    for (size_t round = 0; round < rounds; ++round) {
      sinks[index].value = loops.read(buffer.as<const float>() + index * part, part);
    }
  });
}

}  // namespace

const MemoryLevel& Peaks::LevelOf(size_t bytes) const {
  MNV4_CHECK(!levels.empty());
  const auto found = std::find_if(levels.begin(), levels.end() - 1,
                                  [&](const MemoryLevel& level) { return bytes <= level.bytes; });
  return *found;
}

void Peaks::Improve(const Peaks& second) {
  MNV4_CHECK(threads == second.threads && levels.size() == second.levels.size());
  macs_per_s = std::max(macs_per_s, second.macs_per_s);
  bf16_macs_per_s = std::max(bf16_macs_per_s, second.bf16_macs_per_s);
  fp16_macs_per_s = std::max(fp16_macs_per_s, second.fp16_macs_per_s);
  macs_per_s_one_thread = std::max(macs_per_s_one_thread, second.macs_per_s_one_thread);
  for (size_t i = 0; i < levels.size(); ++i) {
    levels[i].bytes_per_s = std::max(levels[i].bytes_per_s, second.levels[i].bytes_per_s);
  }
}

Peaks MeasurePeaks(IsaSet isa, ThreadPool& pool) {
  const PeakLoops& loops = LoopsFor(isa);
  Peaks peaks;
  peaks.threads = pool.threads();
  peaks.macs_per_s = MeasureMultiplyAdds(loops.multiply_add, loops.macs, pool);
  ThreadPool alone(1);
  peaks.macs_per_s_one_thread = peaks.threads == 1
                                    ? peaks.macs_per_s
                                    : MeasureMultiplyAdds(loops.multiply_add, loops.macs, alone);
  // Threads that other work kept from running together still do what one does.
  peaks.macs_per_s = std::max(peaks.macs_per_s, peaks.macs_per_s_one_thread);

  if (isa.Has(Isa::kAmx) && MayUseTiles() && loops.tile_multiply_add != nullptr) {
    peaks.bf16_macs_per_s = MeasureMultiplyAdds(loops.tile_multiply_add, kTileMacs, pool);
  } else if (isa.Has(Isa::kBf16) && loops.bf16_multiply_add != nullptr) {
    peaks.bf16_macs_per_s = MeasureMultiplyAdds(loops.bf16_multiply_add, 2 * loops.macs, pool);
  }
  if (isa.Has(Isa::kFp16) || isa.Has(Isa::kNeonFp16)) {
    peaks.fp16_macs_per_s = MeasureMultiplyAdds(Fp16MultiplyAdd, 2 * loops.macs, pool);
  }

  size_t nearer = 0;  // what the levels before hold
  for (const Cache& cache : MachineCaches()) {
    const size_t bytes = cache.BytesFor(peaks.threads);
    // Between the two sizes, and far from both: the nearer caches do not help, this one holds it.
    const auto probe =
        static_cast<size_t>(std::sqrt(static_cast<double>(nearer) * static_cast<double>(bytes)));
    if (cache.level > 1 && bytes > nearer && probe <= kLargestProbe) {
      peaks.levels.push_back({.name = "L" + std::to_string(cache.level),
                              .bytes = bytes,
                              .bytes_per_s = MeasureReads(loops, pool, probe)});
    }
    nearer = std::max(nearer, bytes);
  }
  // Where the caches are too large to read past them quickly, the last one stands for memory.
  if (peaks.levels.empty() || 2 * nearer <= kLargestProbe) {
    peaks.levels.push_back(
        {.name = "memory",
         .bytes = 0,
         .bytes_per_s = MeasureReads(loops, pool, std::min(2 * nearer, kLargestProbe))});
  }
  return peaks;
}

}  // namespace mnv4::kernels
#endif
