// Pictures of ImageNet's size as training meets them: decoded, cropped, augmented, normalised.
//
// $MNV4_BENCH_JPEG names a file to take; without it one is made. benchmarks/pipeline_race.py runs
// this beside timm on the same file.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include "mnv4/data/augment.h"
#include "mnv4/data/transform.h"
#include "mnv4/image/encode_jpeg.h"

namespace mnv4::data {
namespace {

const std::vector<std::byte>& Photo() {
  static const std::vector<std::byte> photo = [] {
    const char* path = std::getenv("MNV4_BENCH_JPEG");
    if (path == nullptr) return EncodeJpeg(Blobs(500, 375));
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
    const auto view = std::as_bytes(std::span(bytes));
    return std::vector<std::byte>(view.begin(), view.end());
  }();
  return photo;
}

Transform CropOnly(Profile profile) {
  Transform transform;
  transform.profile = profile;
  return transform;
}

// The recipe of Conv-S: RandAugment of two layers, magnitude 9, probability 0.5.
Transform ConvS(Profile profile) {
  Transform transform = CropOnly(profile);
  transform.auto_augment = AutoAugmentKind::kRandAugment;
  transform.rand_augment.translate = 20;
  return transform;
}

void BM_Load(benchmark::State& state, const Transform& transform) {
  std::vector<float> out(size_t{224} * 224 * 3);
  uint64_t index = 0;
  for (auto _ : state) {
    LoadForTraining(Photo(), transform, Random(1, Use::kSample, 0, index++), out.data());
    benchmark::DoNotOptimize(out.data());
  }
  if (!std::all_of(out.begin(), out.end(), [](float v) { return std::abs(v) < 3; })) {
    state.SkipWithError("not normalised pixels");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(BM_Load, conv_s, ConvS(Profile::kGarden))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Load, conv_s_clean, ConvS(Profile::kClean))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Load, crop, CropOnly(Profile::kGarden))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Load, crop_clean, CropOnly(Profile::kClean))->Unit(benchmark::kMillisecond);

void BM_Decode(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Decode(Photo()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Decode)->Unit(benchmark::kMillisecond);

// One operation at magnitude 9.
void BM_Op(benchmark::State& state, Profile profile) {
  const auto op = static_cast<Op>(state.range(0));
  state.SetLabel(Name(op));
  const double argument = ArgumentOf(op, 9, {.profile = profile}, 224);
  const Image image = Blobs(224, 224);
  for (auto _ : state) {
    Image changed = image;
    ApplyOp(op, argument, profile, changed);
    benchmark::DoNotOptimize(changed.pixels.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(image.pixels.size()));
}
BENCHMARK_CAPTURE(BM_Op, garden, Profile::kGarden)
    ->DenseRange(0, kNumOps - 1)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Op, clean, Profile::kClean)
    ->DenseRange(0, kNumOps - 1)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace mnv4::data
