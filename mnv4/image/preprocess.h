#pragma once
/// From a picture to a network's input: timm's evaluation transform.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "mnv4/image/decode.h"
#include "mnv4/image/pixels.h"
#include "mnv4/image/resize.h"

namespace mnv4 {

/// How a picture of another shape is brought to the network's.
enum class CropMode : uint8_t {
  kCenter,  ///< the shorter side fits size / crop_pct; the centre is cut out
  kSquash,  ///< both sides become size / crop_pct, whatever their ratio; the centre is cut out
  kBorder,  ///< the longer side fits size / crop_pct; the rest is filled with the mean colour
};

/// "center", "squash", "border".
const char* Name(CropMode mode);
std::optional<CropMode> ParseCropMode(std::string_view name);

/// What turns a picture into a network's input; travels with the weights.
struct Preprocess {
  int channels = 3;
  int height = 224;
  int width = 224;
  double crop_pct = 0.875;
  CropMode crop_mode = CropMode::kCenter;
  Interpolation interpolation = Interpolation::kBicubic;
  std::vector<double> mean = {0.485, 0.456, 0.406};  ///< per channel, of values in [0, 1]
  std::vector<double> std = {0.229, 0.224, 0.225};
  bool operator==(const Preprocess&) const = default;
};

/// timm's evaluation resize and crop: `height` x `width` pixels of the view's channels.
/// Throws Error(kRuntime) if a side of the picture would vanish.
Image ResizeAndCrop(const ImageView& image, const Preprocess& preprocess);

/// ResizeAndCrop(Decode(bytes)) in `preprocess.channels`, without the whole picture in memory
/// where its format allows: rows are reduced while they are decoded. Throws as both do;
/// `options.channels` is ignored.
Image LoadPixels(std::span<const std::byte> bytes, const Preprocess& preprocess,
                 const DecodeOptions& options = {});

/// (pixel / 255 - mean) / std as timm computes it in float32, into n h w c or n c h w order:
/// element (y, x, c) goes to out[y * row_stride + x * pixel_stride + c * channel_stride].
void Normalize(const ImageView& pixels, const Preprocess& preprocess, float* out,
               ptrdiff_t row_stride, ptrdiff_t pixel_stride, ptrdiff_t channel_stride);

}  // namespace mnv4
