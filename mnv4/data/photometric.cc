#include "mnv4/data/photometric.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "mnv4/image/convert.h"

namespace mnv4::data {
namespace {

template <class Function>
Lut MakeLut(const Function& function) {
  Lut lut;
  for (int v = 0; v < 256; ++v) lut[v] = static_cast<uint8_t>(std::clamp<int>(function(v), 0, 255));
  return lut;
}

// base at factor 0, value at factor 1. Both profiles cast to 8 bits toward zero.
uint8_t Blend(int base, int value, float factor) {
  if (factor == 1) return static_cast<uint8_t>(value);  // exactly
  const float blended = static_cast<float>(base) + factor * static_cast<float>(value - base);
  return static_cast<uint8_t>(std::clamp(blended, 0.0f, 255.0f));
}

int64_t NumPixels(const Image& image) { return int64_t{1} * image.width * image.height; }

using Histogram = std::array<int64_t, 256>;

// Of one channel. Four counts side by side: neighbours are often equal, and would wait.
Histogram CountValues(const Image& image, int channel) {
  std::array<std::array<uint32_t, 256>, 4> counts = {};
  const uint8_t* values = image.pixels.data() + channel;
  const int64_t n = NumPixels(image), step = image.channels;
  for (int64_t i = 0; i < n; ++i) ++counts[i & 3][values[i * step]];
  Histogram sum;
  for (int v = 0; v < 256; ++v) {
    sum[v] = int64_t{1} * counts[0][v] + counts[1][v] + counts[2][v] + counts[3][v];
  }
  return sum;
}

void ApplyToChannel(const Lut& lut, int channel, Image& image) {
  uint8_t* values = image.pixels.data() + channel;
  const int64_t n = NumPixels(image), step = image.channels;
  for (int64_t i = 0; i < n; ++i) values[i * step] = lut[values[i * step]];
}

// Garden computes in float, Pillow in double.
template <class Float>
Lut StretchLut(int low, int high) {
  const Float scale = Float{255} / static_cast<Float>(high - low);
  const Float offset = -static_cast<Float>(low) * scale;
  return MakeLut([&](int v) {
    return static_cast<int>(
        std::clamp(static_cast<Float>(v) * scale + offset, Float{0}, Float{255}));
  });
}

// TensorFlow: to [0, 1], weighted, times 255.5, truncated.
std::vector<uint8_t> GardenGrey(const Image& image) {
  constexpr float kWeights[] = {0.2989f, 0.5870f, 0.1140f};
  std::array<std::array<float, 256>, 3> parts;
  for (int c = 0; c < 3; ++c) {
    for (int v = 0; v < 256; ++v) {
      parts[c][v] = static_cast<float>(v) * (1.0f / 255.0f) * kWeights[c];
    }
  }
  std::vector<uint8_t> grey(NumPixels(image));
  const uint8_t* rgb = image.pixels.data();
  for (size_t i = 0; i < grey.size(); ++i, rgb += 3) {
    const float sum = parts[0][rgb[0]] + parts[1][rgb[1]] + parts[2][rgb[2]];
    grey[i] = static_cast<uint8_t>(sum * 255.5f);
  }
  return grey;
}

std::vector<uint8_t> Grey(const Image& image, Profile profile) {
  if (image.channels == 1) return image.pixels;
  if (profile == Profile::kGarden) return GardenGrey(image);
  std::vector<uint8_t> grey(NumPixels(image));
  RgbToGrey(image.pixels.data(), NumPixels(image), grey.data());
  return grey;
}

// What Contrast fades to. Garden means the mean of the histogram and takes its sum: the number of
// pixels / 256, whatever is in them.
int ContrastBase(const Image& image, Profile profile) {
  if (profile == Profile::kGarden) {
    return static_cast<int>(std::min<int64_t>(NumPixels(image) / 256, 255));
  }
  const std::vector<uint8_t> grey = Grey(image, profile);
  const int64_t sum = std::accumulate(grey.begin(), grey.end(), int64_t{0});
  return static_cast<int>(static_cast<double>(sum) / static_cast<double>(grey.size()) + 0.5);
}

// 13 times the smoothed row between `up` and `down`: the nine neighbours, the middle five times.
void SmoothRow(const uint8_t* up, const uint8_t* row, const uint8_t* down, int channels, int size,
               uint16_t* sums) {
  for (int i = 0; i < size; ++i) {
    const int l = i - channels, r = i + channels;
    sums[i] = static_cast<uint16_t>(up[l] + up[i] + up[r] + row[l] + 5 * row[i] + row[r] + down[l] +
                                    down[i] + down[r]);
  }
}

}  // namespace

Lut InvertLut() {
  return MakeLut([](int v) { return 255 - v; });
}

Lut SolarizeLut(int threshold) {
  return MakeLut([=](int v) { return v < threshold ? v : 255 - v; });
}

Lut SolarizeAddLut(int addend) {
  return MakeLut([=](int v) { return v < 128 ? v + addend : v; });
}

Lut PosterizeLut(int bits) {
  const int dropped = 8 - std::clamp(bits, 0, 8);
  return MakeLut([=](int v) { return (v >> dropped) << dropped; });
}

Lut BlendLut(int base, float factor) {
  return MakeLut([=](int v) { return Blend(base, v, factor); });
}

void Apply(const Lut& lut, Image& image) {
  for (uint8_t& value : image.pixels) value = lut[value];
}

void AutoContrast(Image& image, Profile profile) {
  for (int c = 0; c < image.channels; ++c) {
    const Histogram counts = CountValues(image, c);
    int low = 0, high = 255;
    while (low < 255 && counts[low] == 0) ++low;
    while (high > 0 && counts[high] == 0) --high;
    if (high <= low) continue;
    const bool garden = profile == Profile::kGarden;
    ApplyToChannel(garden ? StretchLut<float>(low, high) : StretchLut<double>(low, high), c, image);
  }
}

void Equalize(Image& image) {
  for (int c = 0; c < image.channels; ++c) {
    const Histogram counts = CountValues(image, c);
    int last = 255;
    while (last > 0 && counts[last] == 0) --last;
    const int64_t step = (NumPixels(image) - counts[last]) / 255;
    if (step == 0) continue;
    int64_t below = step / 2;  // and the pixels of lesser values
    Lut lut;
    for (int v = 0; v < 256; ++v) {
      lut[v] = static_cast<uint8_t>(std::min<int64_t>(below / step, 255));
      below += counts[v];
    }
    ApplyToChannel(lut, c, image);
  }
}

void Brightness(Image& image, float factor) { Apply(BlendLut(0, factor), image); }

void Contrast(Image& image, float factor, Profile profile) {
  if (factor == 1) return;
  Apply(BlendLut(ContrastBase(image, profile), factor), image);
}

void Color(Image& image, float factor, Profile profile) {
  if (factor == 1 || image.channels != 3) return;
  const std::vector<uint8_t> grey = Grey(image, profile);
  uint8_t* rgb = image.pixels.data();
  for (const uint8_t base : grey) {
    for (int c = 0; c < 3; ++c, ++rgb) *rgb = Blend(base, *rgb, factor);
  }
}

void Sharpness(Image& image, float factor, Profile profile) {
  if (factor == 1 || image.width < 3 || image.height < 3) return;
  const int channels = image.channels;
  const int row_bytes = image.width * channels, inner_bytes = row_bytes - 2 * channels;
  const std::vector<uint8_t> before = image.pixels;
  std::vector<uint16_t> sums(inner_bytes);
  // Garden truncates the thirteenth, Pillow rounds it.
  const int half = profile == Profile::kGarden ? 0 : 6;
  for (int y = 1; y + 1 < image.height; ++y) {
    const uint8_t* row = &before[size_t{1} * y * row_bytes + channels];
    uint8_t* out = &image.pixels[size_t{1} * y * row_bytes + channels];
    SmoothRow(row - row_bytes, row, row + row_bytes, channels, inner_bytes, sums.data());
    for (int i = 0; i < inner_bytes; ++i) {
      out[i] = Blend(static_cast<uint16_t>(sums[i] + half) / 13, row[i], factor);
    }
  }
}

}  // namespace mnv4::data
