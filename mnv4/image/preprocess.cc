#include "mnv4/image/preprocess.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "mnv4/base/check.h"
#include "mnv4/base/error.h"
#include "mnv4/image/convert.h"
#include "mnv4/image/orientation.h"
#include "mnv4/image/reader.h"
#include "mnv4/image/resample.h"
#include "mnv4/image/resizer.h"

namespace mnv4 {
namespace {

constexpr const char* kCropModes[] = {"center", "squash", "border"};

// To whole numbers, half to even: Python's round(), and what C does by default.
int64_t Round(double value) { return static_cast<int64_t>(std::nearbyint(value)); }

struct Size {
  int64_t width = 0, height = 0;  // pixels
};

// torchvision's Resize to one number: the shorter side becomes `to`, the longer is truncated.
Size FitShorterSide(Size from, int64_t to) {
  const auto scaled = [to](int64_t longer, int64_t shorter) {
    return static_cast<int64_t>(static_cast<double>(to * longer) / static_cast<double>(shorter));
  };
  if (from.width <= from.height) return {to, scaled(from.height, from.width)};
  return {scaled(from.width, from.height), to};
}

// timm's ResizeKeepRatio: the result lies within `to`, or covers it.
Size FitKeepingRatio(Size from, Size to, bool within) {
  const double ratio_h = static_cast<double>(from.height) / static_cast<double>(to.height);
  const double ratio_w = static_cast<double>(from.width) / static_cast<double>(to.width);
  const double ratio = within ? std::max(ratio_h, ratio_w) : std::min(ratio_h, ratio_w);
  return {Round(static_cast<double>(from.width) / ratio),
          Round(static_cast<double>(from.height) / ratio)};
}

Size ResizedSize(Size from, const Preprocess& preprocess) {
  const auto enlarged = [&](int side) {
    return static_cast<int64_t>(std::floor(side / preprocess.crop_pct));
  };
  const Size to{enlarged(preprocess.width), enlarged(preprocess.height)};
  switch (preprocess.crop_mode) {
    case CropMode::kSquash:
      return to;
    case CropMode::kBorder:
      return FitKeepingRatio(from, to, /*within=*/true);
    case CropMode::kCenter:
      break;
  }
  if (to.width == to.height) return FitShorterSide(from, to.width);
  return FitKeepingRatio(from, to, /*within=*/false);
}

// One axis: how it is resized, and where what is kept comes to lie in the crop.
struct AxisFit {
  AxisResize resize;
  int at = 0;
};

AxisFit FitAxis(int64_t from, int64_t to, int crop) {
  AxisFit fit;
  fit.resize.from = static_cast<int>(from);
  fit.resize.to = static_cast<int>(to);
  fit.resize.kept = static_cast<int>(std::min<int64_t>(to, crop));
  if (to < crop) {
    fit.at = static_cast<int>(crop - to) / 2;
  } else {
    fit.resize.begin = static_cast<int>(Round(static_cast<double>(to - crop) / 2.0));
  }
  return fit;
}

struct CropFit {
  AxisFit x, y;
};

CropFit FitCrop(int width, int height, const Preprocess& preprocess) {
  const Size from{width, height}, to = ResizedSize(from, preprocess);
  constexpr int64_t kMaxSide = std::numeric_limits<int>::max();
  if (std::min(to.width, to.height) < 1 || std::max(to.width, to.height) > kMaxSide) {
    throw Error(ErrorCode::kRuntime,
                fmt::format("{}x{} pixels would be resized to {}x{}: the picture is too narrow",
                            width, height, to.width, to.height));
  }
  return {FitAxis(from.width, to.width, preprocess.width),
          FitAxis(from.height, to.height, preprocess.height)};
}

// Gives the kept part of the picture, turned as it is stored: it is resized as it lies, with its
// axes exchanged and mirrored, and only the small result has to be turned.
Resizer MakeResizer(const CropFit& fit, const Turn& turn, int channels,
                    const Preprocess& preprocess) {
  AxisResize x = fit.x.resize, y = fit.y.resize;
  PassOrder order = PillowOrder(x, y);
  if (turn.transpose) {
    std::swap(x, y);
    order = order == PassOrder::kHorizontalFirst ? PassOrder::kVerticalFirst
                                                 : PassOrder::kHorizontalFirst;
  }
  x.mirrored = turn.from_right;
  y.mirrored = turn.from_below;
  return Resizer(x, y, order, channels, preprocess.interpolation);
}

// Puts the kept part on the background: black, or the mean colour around a bordered picture.
Image Place(Image part, const CropFit& fit, const Preprocess& preprocess) {
  if (part.width == preprocess.width && part.height == preprocess.height) return part;
  Image crop{preprocess.width, preprocess.height, part.channels, {}};
  crop.pixels.resize(size_t{1} * crop.width * crop.height * crop.channels);
  if (preprocess.crop_mode == CropMode::kBorder) {
    MNV4_CHECK(preprocess.mean.size() == static_cast<size_t>(crop.channels));
    for (size_t i = 0; i < crop.pixels.size(); ++i) {
      crop.pixels[i] = static_cast<uint8_t>(Round(255 * preprocess.mean[i % crop.channels]));
    }
  }
  for (int y = 0; y < part.height; ++y) {
    const size_t at = (size_t{1} * (fit.y.at + y) * crop.width + fit.x.at) * crop.channels;
    std::copy_n(part.view().row(y), part.width * part.channels, &crop.pixels[at]);
  }
  return crop;
}

// Decodes a few rows at a time, which stay in the cache, and gives them to the resizer.
void PushRows(PictureReader& reader, int channels, Resizer& resizer) {
  const size_t row_bytes = size_t{3} * reader.width() + kRowSlack;
  std::vector<uint8_t> buffer(row_bytes * kRowsAtOnce);
  std::array<uint8_t*, kRowsAtOnce> rows;
  for (int r = 0; r < kRowsAtOnce; ++r) rows[r] = &buffer[r * row_bytes];
  for (int y = 0; y < reader.height(); y += kRowsAtOnce) {
    const int count = std::min(kRowsAtOnce, reader.height() - y);
    reader.Read(rows.data(), count);
    for (int r = 0; r < count && channels == 1; ++r) RgbToGrey(rows[r], reader.width(), rows[r]);
    resizer.Push(rows.data(), count);
  }
}

}  // namespace

const char* Name(CropMode mode) { return kCropModes[static_cast<int>(mode)]; }

std::optional<CropMode> ParseCropMode(std::string_view name) {
  const auto found = std::find(std::begin(kCropModes), std::end(kCropModes), name);
  if (found == std::end(kCropModes)) return std::nullopt;
  return static_cast<CropMode>(found - std::begin(kCropModes));
}

Image ResizeAndCrop(const ImageView& image, const Preprocess& preprocess) {
  const CropFit fit = FitCrop(image.width, image.height, preprocess);
  return Place(MakeResizer(fit, Turn(), image.channels, preprocess).Run(image), fit, preprocess);
}

Image LoadPixels(std::span<const std::byte> bytes, const Preprocess& preprocess,
                 const DecodeOptions& options) {
  const int channels = preprocess.channels;
  const auto reader = OpenPicture(bytes, options.max_pixels);
  const Turn turn = options.apply_exif ? TurnOf(reader->orientation()) : Turn();
  int width = reader->width(), height = reader->height();
  if (turn.transpose) std::swap(width, height);
  const CropFit fit = FitCrop(width, height, preprocess);
  Resizer resizer = MakeResizer(fit, turn, channels, preprocess);
  Image part;
  if (resizer.takes_rows()) {
    PushRows(*reader, channels, resizer);
    part = resizer.Finish();
  } else {
    part = resizer.Run(ReadAll(*reader, channels).view());
  }
  return Place(Orient(std::move(part), turn), fit, preprocess);
}

void Normalize(const ImageView& pixels, const Preprocess& preprocess, float* out,
               ptrdiff_t row_stride, ptrdiff_t pixel_stride, ptrdiff_t channel_stride) {
  MNV4_CHECK(static_cast<size_t>(pixels.channels) == preprocess.mean.size() &&
             static_cast<size_t>(pixels.channels) == preprocess.std.size());
  for (int c = 0; c < pixels.channels; ++c) {
    const auto mean = static_cast<float>(preprocess.mean[c]);
    const auto std = static_cast<float>(preprocess.std[c]);
    std::array<float, 256> table;
    for (int value = 0; value < 256; ++value) {
      table[value] = (static_cast<float>(value) / 255.0f - mean) / std;
    }
    for (int y = 0; y < pixels.height; ++y) {
      const uint8_t* from = pixels.row(y) + c;
      float* to = out + y * row_stride + c * channel_stride;
      for (int x = 0; x < pixels.width; ++x) {
        to[x * pixel_stride] = table[from[ptrdiff_t{x} * pixels.channels]];
      }
    }
  }
}

}  // namespace mnv4
