// Decoding and resizing, as a photograph and as an ImageNet picture meet them.
//
// $MNV4_BENCH_JPEG names the file that LoadPixels and Decode take; without it they make one.
// benchmarks/pillow_race.py runs this beside Pillow on the same file.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "mnv4/image/encode_jpeg.h"
#include "mnv4/image/image.h"

namespace mnv4 {
namespace {

void SetPixels(benchmark::State& state, int64_t pixels) {
  state.SetBytesProcessed(state.iterations() * pixels * 3);
}

// Source and target size as arguments.
void BM_Resize(benchmark::State& state, Interpolation interpolation, const char* hash) {
  const int width = static_cast<int>(state.range(0)), height = static_cast<int>(state.range(1));
  const Image source = SyntheticPixels(width, height, 3);
  Image out;
  for (auto _ : state) {
    out = Resize(source.view(), static_cast<int>(state.range(2)), static_cast<int>(state.range(3)),
                 interpolation);
  }
  if (Hash(out) != hash) state.SkipWithError("not the bytes of Pillow");
  SetPixels(state, int64_t{width} * height);
}
constexpr auto kBicubic = Interpolation::kBicubic, kBilinear = Interpolation::kBilinear;
// The hashes are those of tests/golden/images/resized.txt.
BENCHMARK_CAPTURE(BM_Resize, photo_bicubic, kBicubic, "00ddbaa0afac71a3")
    ->Args({4000, 3000, 358, 269})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Resize, imagenet_bicubic, kBicubic, "d93e702ed793631e")
    ->Args({500, 375, 341, 256})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Resize, imagenet_bilinear, kBilinear, "679e7b497d1565b5")
    ->Args({500, 375, 341, 256})
    ->Unit(benchmark::kMillisecond);

const std::vector<std::byte>& Photo() {
  static const std::vector<std::byte> photo = [] {
    const char* path = std::getenv("MNV4_BENCH_JPEG");
    if (path == nullptr) return EncodeJpeg(Blobs(4000, 3000));
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
    const auto view = std::as_bytes(std::span(bytes));
    return std::vector<std::byte>(view.begin(), view.end());
  }();
  return photo;
}

void BM_Decode(benchmark::State& state) {
  Image out;
  for (auto _ : state) out = Decode(Photo());
  SetPixels(state, int64_t{out.width} * out.height);
}
BENCHMARK(BM_Decode)->Unit(benchmark::kMillisecond);

// To Conv-M's 256 x 256.
void BM_LoadPixels(benchmark::State& state) {
  const Preprocess preprocess{.height = 256, .width = 256, .crop_pct = 0.95};
  Image out;
  for (auto _ : state) out = LoadPixels(Photo(), preprocess);
  const Image whole = Decode(Photo());
  if (out.pixels != ResizeAndCrop(whole.view(), preprocess).pixels) {
    state.SkipWithError("not the pixels of the whole picture");
  }
  SetPixels(state, int64_t{whole.width} * whole.height);
}
BENCHMARK(BM_LoadPixels)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mnv4
