#include "mnv4/data/bilinear.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace mnv4::data {
namespace {

// Output = source[low] + (source[high] - source[low]) * part.
struct Tap {
  int low = 0, high = 0;
  float part = 0;
};

std::vector<Tap> TapsOf(int from, int to) {
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  std::vector<Tap> taps(to);
  for (int i = 0; i < to; ++i) {
    const float at = (static_cast<float>(i) + 0.5f) * scale - 0.5f;
    const float floor = std::floor(at);
    taps[i].low = std::clamp(static_cast<int>(floor), 0, from - 1);
    taps[i].high = std::clamp(static_cast<int>(std::ceil(at)), 0, from - 1);
    taps[i].part = at - floor;
  }
  return taps;
}

using Floats4 = float __attribute__((vector_size(16)));

Floats4 Load4(const float* from) {
  Floats4 four;
  std::memcpy(&four, from, sizeof(four));
  return four;
}

// One source row at the resized width. Of three channels four are computed: both rows have room for
// a float more, and what is in it is overwritten by the next pixel.
template <int kChannels>
void Widen(const float* row, const std::vector<Tap>& taps, float* out) {
  for (const Tap& tap : taps) {
    const float* low = row + tap.low * kChannels;
    const float* high = row + tap.high * kChannels;
    if constexpr (kChannels == 3) {
      const Floats4 a = Load4(low), b = Load4(high);
      const Floats4 between = a + (b - a) * tap.part;
      std::memcpy(out, &between, sizeof(between));
    } else {
      *out = *low + (*high - *low) * tap.part;
    }
    out += kChannels;
  }
}

}  // namespace

void ResizeBilinear(const ImageView& image, bool mirrored, int width, int height,
                    const std::function<void(int y, const float* row)>& take) {
  std::vector<Tap> columns = TapsOf(image.width, width);
  if (mirrored) {
    for (Tap& tap : columns) {
      tap.low = image.width - 1 - tap.low;
      tap.high = image.width - 1 - tap.high;
    }
  }
  const size_t row_size = size_t{1} * width * image.channels;
  // The widened source rows at hand: the next output row often needs one of them again.
  struct Widened {
    int y = -1;
    std::vector<float> row;
  };
  Widened low{-1, std::vector<float>(row_size + 1)};
  Widened high{-1, std::vector<float>(row_size + 1)};
  const int source_size = image.width * image.channels;
  std::vector<float> source(source_size + 1);
  const auto widen = [&](int y, Widened& into) {
    if (into.y == y) return;
    into.y = y;
    const uint8_t* bytes = image.row(y);
    for (int i = 0; i < source_size; ++i) source[i] = static_cast<float>(bytes[i]);
    image.channels == 3 ? Widen<3>(source.data(), columns, into.row.data())
                        : Widen<1>(source.data(), columns, into.row.data());
  };
  std::vector<float> out(row_size);
  const std::vector<Tap> rows = TapsOf(image.height, height);
  for (int y = 0; y < height; ++y) {
    const Tap& tap = rows[y];
    if (high.y == tap.low) std::swap(low, high);
    widen(tap.low, low);
    widen(tap.high, high);
    const float *a = low.row.data(), *b = high.row.data();
    for (size_t i = 0; i < row_size; ++i) out[i] = a[i] + (b[i] - a[i]) * tap.part;
    take(y, out.data());
  }
}

std::vector<float> ResizeBilinear(const ImageView& image, bool mirrored, int width, int height) {
  const size_t row_size = size_t{1} * width * image.channels;
  std::vector<float> all(row_size * height);
  ResizeBilinear(image, mirrored, width, height,
                 [&](int y, const float* row) { std::copy_n(row, row_size, &all[row_size * y]); });
  return all;
}

}  // namespace mnv4::data
