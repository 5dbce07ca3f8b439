#include "mnv4/data/transform.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "mnv4/base/check.h"
#include "mnv4/data/augment.h"
#include "mnv4/data/bilinear.h"
#include "mnv4/data/crop.h"
#include "mnv4/data/erase.h"
#include "mnv4/data/photometric.h"
#include "mnv4/image/resize.h"
#include "mnv4/image/window.h"

namespace mnv4::data {
namespace {

constexpr int64_t kMaxPixels = DecodeOptions().max_pixels;

// A random part of the picture, decoded.
Image LoadCrop(std::span<const std::byte> bytes, const Transform& transform, Random& random) {
  const auto reader = OpenPicture(bytes, kMaxPixels);
  const Turn turn = TurnOf(reader->orientation());
  int width = reader->width(), height = reader->height();
  if (turn.transpose) std::swap(width, height);
  const CropRange range = {transform.area_min, transform.area_max, transform.aspect_min,
                           transform.aspect_max};
  const bool garden = transform.profile == Profile::kGarden;
  const Window crop =
      garden ? GardenCrop(width, height, range, random) : CleanCrop(width, height, range, random);
  return ReadWindow(*reader, turn, crop, transform.input.channels);
}

Image FlipLeftRight(Image image) {
  for (int y = 0; y < image.height; ++y) {
    uint8_t* left = &image.pixels[size_t{1} * y * image.width * image.channels];
    uint8_t* right = left + (image.width - 1) * image.channels;
    for (; left < right; left += image.channels, right -= image.channels) {
      std::swap_ranges(left, left + image.channels, right);
    }
  }
  return image;
}

// Cut off, not rounded.
Image ResizeTo8Bits(const ImageView& crop, bool flip, const Preprocess& input) {
  Image image{input.width, input.height, crop.channels, {}};
  const size_t row_size = size_t{1} * image.width * image.channels;
  image.pixels.resize(row_size * image.height);
  ResizeBilinear(crop, flip, image.width, image.height, [&](int y, const float* row) {
    uint8_t* out = &image.pixels[row_size * y];
    for (size_t i = 0; i < row_size; ++i) {
      out[i] = static_cast<uint8_t>(static_cast<int>(std::min(row[i], 255.0f)));
    }
  });
  return image;
}

// torchvision's ColorJitter: the three in a random order.
void JitterColours(double strength, Profile profile, Random& random, Image& image) {
  constexpr Op kOps[] = {Op::kBrightness, Op::kContrast, Op::kColor};
  int order[] = {0, 1, 2};
  for (int i = 2; i > 0; --i) std::swap(order[i], order[random.Below(i + 1)]);
  for (const int i : order) {
    const double factor = random.Between(std::max(0.0, 1 - strength), 1 + strength);
    ApplyOp(kOps[i], factor, profile, image);
  }
}

bool ChangesColours(const Transform& transform) {
  return transform.auto_augment != AutoAugmentKind::kNone || transform.colour_jitter > 0;
}

// Garden resizes to floats, which become 8 bits for the operations only.
bool StaysFloat(const Transform& transform) {
  return transform.profile == Profile::kGarden && transform.crop == CropKind::kRandom &&
         !ChangesColours(transform);
}

// All up to normalisation.
Image LoadAugmented(std::span<const std::byte> bytes, const Transform& transform, Random& random) {
  const Preprocess& input = transform.input;
  Image image;
  if (transform.crop == CropKind::kCenter) {
    image = LoadPixels(bytes, input);
    if (random.Chance(transform.flip)) image = FlipLeftRight(std::move(image));
  } else {
    image = LoadCrop(bytes, transform, random);
    const bool flip = random.Chance(transform.flip);
    if (transform.profile == Profile::kGarden) {
      image = ResizeTo8Bits(image.view(), flip, input);
    } else {
      image = Resize(image.view(), input.width, input.height, input.interpolation);
      if (flip) image = FlipLeftRight(std::move(image));
    }
  }
  switch (transform.auto_augment) {
    case AutoAugmentKind::kNone:
      break;
    case AutoAugmentKind::kRandAugment:
      ApplyRandAugment(transform.rand_augment, transform.profile, random, image);
      break;
    case AutoAugmentKind::kAutoAugment:
      ApplyAutoAugment(transform.profile, random, image);
      break;
  }
  if (transform.colour_jitter > 0) {
    JitterColours(transform.colour_jitter, transform.profile, random, image);
  }
  return image;
}

// Garden's crop alone: resized and normalised without ever being rounded.
void LoadFloats(std::span<const std::byte> bytes, const Transform& transform, Random& random,
                float* out) {
  const Preprocess& input = transform.input;
  const Image crop = LoadCrop(bytes, transform, random);
  const bool flip = random.Chance(transform.flip);
  const size_t row_size = size_t{1} * input.width * input.channels;
  std::vector<float> means(row_size), stds(row_size);  // a row of them: vectors need no modulo
  for (size_t i = 0; i < row_size; ++i) {
    means[i] = static_cast<float>(input.mean[i % input.channels]);
    stds[i] = static_cast<float>(input.std[i % input.channels]);
  }
  ResizeBilinear(crop.view(), flip, input.width, input.height, [&](int y, const float* row) {
    float* to = out + row_size * y;
    for (size_t i = 0; i < row_size; ++i) to[i] = (row[i] / 255.0f - means[i]) / stds[i];
  });
}

}  // namespace

void LoadForTraining(std::span<const std::byte> bytes, const Transform& transform, Random random,
                     float* out) {
  const Preprocess& input = transform.input;
  const auto channels = static_cast<size_t>(input.channels);
  MNV4_CHECK(input.mean.size() == channels && input.std.size() == channels);
  if (StaysFloat(transform)) {
    LoadFloats(bytes, transform, random, out);
  } else {
    const Image image = LoadAugmented(bytes, transform, random);
    Normalize(image.view(), input, out, ptrdiff_t{1} * image.width * image.channels, image.channels,
              1);
  }
  if (!random.Chance(transform.erase)) return;
  EraseRectangle(input.height, input.width, input.channels, random,
                 {out, size_t{1} * input.height * input.width * channels});
}

Image PixelsForTraining(std::span<const std::byte> bytes, const Transform& transform,
                        Random random) {
  const Preprocess& input = transform.input;
  Image image{
      .width = input.width, .height = input.height, .channels = input.channels, .pixels = {}};
  image.pixels.resize(size_t{1} * input.height * input.width * input.channels);
  std::vector<float> values(image.pixels.size());
  LoadForTraining(bytes, transform, random, values.data());
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t c = i % input.mean.size();
    const double value = 255 * (values[i] * input.std[c] + input.mean[c]);
    image.pixels[i] = static_cast<uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
  }
  return image;
}

}  // namespace mnv4::data
