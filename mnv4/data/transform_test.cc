#include "mnv4/data/transform.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>

#include "mnv4/base/error.h"
#include "mnv4/data/bilinear.h"
#include "mnv4/data/crop.h"
#include "mnv4/image/encode_jpeg.h"
#include "mnv4/image/preprocess.h"

namespace mnv4::data {
namespace {

constexpr int kSide = 48;

Transform Plain() {
  Transform transform;
  transform.input.height = transform.input.width = kSide;
  transform.flip = 0;
  return transform;
}

Random At(uint64_t index) { return Random(3, Use::kSample, 0, index); }

const std::vector<std::byte>& Photo() {
  static const auto* photo = new std::vector<std::byte>(EncodeJpeg(Blobs(131, 97)));
  return *photo;
}

std::vector<float> Loaded(const Transform& transform, uint64_t index = 0,
                          std::span<const std::byte> bytes = Photo()) {
  const Preprocess& input = transform.input;
  std::vector<float> out(size_t{1} * input.height * input.width * input.channels, -99.0f);
  LoadForTraining(bytes, transform, At(index), out.data());
  return out;
}

std::vector<float> Normalized(const Image& image, const Preprocess& input) {
  std::vector<float> out(image.pixels.size());
  Normalize(image.view(), input, out.data(), image.width * image.channels, image.channels, 1);
  return out;
}

Image Flipped(const Image& image) {
  Image out = image;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      std::copy_n(
          image.view().row(y) + x * image.channels, image.channels,
          &out.pixels[(size_t{1} * y * image.width + image.width - 1 - x) * image.channels]);
    }
  }
  return out;
}

TEST(LoadForTraining, OfTheCentreIsEvaluation) {
  for (const Profile profile : {Profile::kGarden, Profile::kClean}) {
    for (const int channels : {1, 3}) {
      Transform transform = Plain();
      transform.profile = profile;
      transform.crop = CropKind::kCenter;
      if (channels == 1) {
        transform.input.channels = 1;
        transform.input.mean = {0.5};
        transform.input.std = {0.25};
      }
      EXPECT_EQ(Loaded(transform),
                Normalized(LoadPixels(Photo(), transform.input), transform.input));
    }
  }
}

TEST(LoadForTraining, ResizesGardensCropInFloat) {
  const Transform transform = Plain();
  const Image whole = Decode(Photo());
  for (uint64_t index = 0; index < 20; ++index) {
    Random random = At(index);
    const Window crop = GardenCrop(whole.width, whole.height, {}, random);
    const ImageView view{whole.view().row(crop.y) + 3 * crop.x, crop.width, crop.height, 3,
                         ptrdiff_t{3} * whole.width};
    const std::vector<float> resized = ResizeBilinear(view, false, kSide, kSide);
    const std::vector<float> loaded = Loaded(transform, index);
    for (size_t i = 0; i < resized.size(); ++i) {
      const auto mean = static_cast<float>(transform.input.mean[i % 3]);
      const auto std = static_cast<float>(transform.input.std[i % 3]);
      ASSERT_FLOAT_EQ(loaded[i], (resized[i] / 255.0f - mean) / std);
    }
  }
}

TEST(LoadForTraining, ResizesCleanCropsAsPillow) {
  Transform transform = Plain();
  transform.profile = Profile::kClean;
  const Image whole = Decode(Photo());
  for (uint64_t index = 0; index < 20; ++index) {
    Random random = At(index);
    const Window crop = CleanCrop(whole.width, whole.height, {}, random);
    const ImageView view{whole.view().row(crop.y) + 3 * crop.x, crop.width, crop.height, 3,
                         ptrdiff_t{3} * whole.width};
    const Image resized = Resize(view, kSide, kSide, Interpolation::kBicubic);
    ASSERT_EQ(Loaded(transform, index), Normalized(resized, transform.input));
  }
}

TEST(PixelsForTraining, AreThePixelsBeforeNormalisation) {
  Transform transform = Plain();
  transform.auto_augment = AutoAugmentKind::kRandAugment;
  transform.colour_jitter = 0.4;
  for (const Profile profile : {Profile::kGarden, Profile::kClean}) {
    transform.profile = profile;
    for (uint64_t index = 0; index < 30; ++index) {
      const Image pixels = PixelsForTraining(Photo(), transform, At(index));
      ASSERT_EQ(Loaded(transform, index), Normalized(pixels, transform.input));
    }
  }
}

TEST(PixelsForTraining, ShowWhatWasErased) {
  Transform transform = Plain();
  const Image whole = PixelsForTraining(Photo(), transform, At(3));
  transform.erase = 1;
  const Image erased = PixelsForTraining(Photo(), transform, At(3));
  size_t changed = 0;
  for (size_t i = 0; i < whole.pixels.size(); ++i) changed += whole.pixels[i] != erased.pixels[i];
  EXPECT_GT(changed, whole.pixels.size() / 100);
  EXPECT_LT(changed, whole.pixels.size() / 2);
}

TEST(LoadForTraining, FlipsWhatItIsToldTo) {
  for (const CropKind crop : {CropKind::kCenter, CropKind::kRandom}) {
    for (const Profile profile : {Profile::kGarden, Profile::kClean}) {
      Transform transform = Plain();
      transform.profile = profile;
      transform.crop = crop;
      const Image plain = PixelsForTraining(Photo(), transform, At(1));
      transform.flip = 1;
      const Image flipped = PixelsForTraining(Photo(), transform, At(1));
      EXPECT_NE(flipped.pixels, plain.pixels);
      EXPECT_EQ(Flipped(flipped).pixels, plain.pixels);
    }
  }
}

TEST(LoadForTraining, TurnsWithoutStrengthChangeNothing) {
  Transform none = Plain();
  none.crop = CropKind::kCenter;
  Transform idle = none;
  idle.auto_augment = AutoAugmentKind::kRandAugment;
  idle.rand_augment = {.layers = 3, .probability = 0};
  idle.colour_jitter = 1e-9;
  for (uint64_t index = 0; index < 10; ++index) {
    EXPECT_EQ(Loaded(none, index), Loaded(idle, index));
  }
}

TEST(LoadForTraining, ErasesAsOftenAsItIsTold) {
  Transform transform = Plain();
  const std::vector<float> plain = Loaded(transform, 1);
  transform.erase = 1;
  const std::vector<float> erased = Loaded(transform, 1);
  const auto equal = std::inner_product(plain.begin(), plain.end(), erased.begin(), 0,
                                        std::plus<>(), std::equal_to<>());
  EXPECT_LT(equal, static_cast<int>(plain.size() * 0.99));
  EXPECT_GT(equal, static_cast<int>(plain.size() * 0.6));
  transform.erase = 0.25;
  int count = 0;
  Transform none = Plain();
  for (uint64_t index = 0; index < 200; ++index) {
    count += Loaded(transform, index) == Loaded(none, index) ? 0 : 1;
  }
  EXPECT_NEAR(count, 50, 18);
}

TEST(LoadForTraining, DependsOnItsArgumentsOnly) {
  Transform transform = Plain();
  transform.flip = 0.5;
  transform.auto_augment = AutoAugmentKind::kRandAugment;
  transform.erase = 0.5;
  EXPECT_EQ(Loaded(transform, 4), Loaded(transform, 4));
  EXPECT_NE(Loaded(transform, 4), Loaded(transform, 5));
}

TEST(LoadForTraining, TakesPicturesOfAnyShape) {
  Transform transform = Plain();
  transform.auto_augment = AutoAugmentKind::kRandAugment;
  transform.rand_augment.probability = 1;
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 300}, {300, 1}, {2, 2}, {7, 500}}) {
    const auto jpeg = EncodeJpeg(SyntheticPixels(width, height, 3));
    for (const Profile profile : {Profile::kGarden, Profile::kClean}) {
      transform.profile = profile;
      for (uint64_t index = 0; index < 40; ++index) {
        const std::vector<float> out = Loaded(transform, index, jpeg);
        ASSERT_TRUE(std::none_of(out.begin(), out.end(), [](float v) { return v == -99.0f; }));
      }
    }
  }
}

TEST(LoadForTraining, RefusesWhatDoesNotDecode) {
  const std::span<const std::byte> bytes = Photo();
  for (const auto part : {bytes.first(0), bytes.first(20), bytes.first(300), bytes.subspan(1)}) {
    EXPECT_THROW(Loaded(Plain(), 0, part), Error);
  }
}

// Of a PNM picture, which has no decoder of its own to change. Found by running it.
TEST(LoadForTraining, StaysWhatItWas) {
  const Image noise = SyntheticPixels(70, 53, 3);
  std::string pnm = "P6\n70 53\n255\n";
  pnm.append(reinterpret_cast<const char*>(noise.pixels.data()), noise.pixels.size());
  const struct {
    Profile profile;
    AutoAugmentKind kind;
    const char* hash;
  } golden[] = {{Profile::kGarden, AutoAugmentKind::kNone, "3e593eb7702bbd79"},
                {Profile::kGarden, AutoAugmentKind::kRandAugment, "fa3938a0309b3d09"},
                {Profile::kGarden, AutoAugmentKind::kAutoAugment, "34c96c619c21187c"},
                {Profile::kClean, AutoAugmentKind::kNone, "57c663b0f87554bc"},
                {Profile::kClean, AutoAugmentKind::kRandAugment, "88029f1a4b43a619"},
                {Profile::kClean, AutoAugmentKind::kAutoAugment, "32800ac3f4a4f600"}};
  for (const auto& [profile, kind, hash] : golden) {
    Transform transform = Plain();
    transform.flip = 0.5;
    transform.profile = profile;
    transform.auto_augment = kind;
    std::string all;
    for (uint64_t index = 0; index < 50; ++index) {
      const auto out = Loaded(transform, index, std::as_bytes(std::span(pnm)));
      all += Hash(std::as_bytes(std::span(out)));
    }
    EXPECT_EQ(Hash(std::as_bytes(std::span(all))), hash);
  }
}

}  // namespace
}  // namespace mnv4::data
