#include "mnv4/image/resize.h"

#include <fmt/core.h>

#include "mnv4/base/error.h"
#include "mnv4/image/resizer.h"

namespace mnv4 {
namespace {

struct Entry {
  Interpolation value;
  const char* name;
};
constexpr Entry kEntries[] = {
    {Interpolation::kNearest, "nearest"},   {Interpolation::kBox, "box"},
    {Interpolation::kBilinear, "bilinear"}, {Interpolation::kHamming, "hamming"},
    {Interpolation::kBicubic, "bicubic"},   {Interpolation::kLanczos, "lanczos"},
};

}  // namespace

const char* Name(Interpolation interpolation) {
  return kEntries[static_cast<int>(interpolation)].name;
}

std::optional<Interpolation> ParseInterpolation(std::string_view name) {
  for (const Entry& entry : kEntries) {
    if (name == entry.name) return entry.value;
  }
  return std::nullopt;
}

Image Resize(const ImageView& image, int width, int height, Interpolation interpolation) {
  if (width < 1 || height < 1 || image.width < 1 || image.height < 1) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("resize of {}x{} pixels to {}x{}: every side must be at least 1",
                            image.width, image.height, width, height));
  }
  const AxisResize x{image.width, width, 0, width}, y{image.height, height, 0, height};
  return Resizer(x, y, PillowOrder(x, y), image.channels, interpolation).Run(image);
}

}  // namespace mnv4
