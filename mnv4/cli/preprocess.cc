// mnv4 preprocess: the tensor a model would see for a picture.

#include <fmt/format.h>

#include <utility>

#include "mnv4/base/error.h"
#include "mnv4/cli/commands.h"
#include "mnv4/cli/load.h"
#include "mnv4/cli/options.h"
#include "mnv4/cli/picture.h"
#include "mnv4/io/npy.h"

namespace mnv4::cli {
namespace {

constexpr Option kTensor = {.name = "output",
                            .letter = 'o',
                            .kind = ValueKind::kText,
                            .value = "X.npy",
                            .help = "where the tensor goes",
                            .required = true};
constexpr Option kUint8 = {.name = "uint8",
                           .help = "the pixels [h, w, c] after resize and crop instead"};

constexpr Option kOptions[] = {kModel,   kTensor,   kUint8,         kNoExif, kImgSize,
                               kCropPct, kCropMode, kInterpolation, kMean,   kStd};

Tensor Pixels(Image image) {
  const auto pixels = std::make_shared<std::vector<uint8_t>>(std::move(image.pixels));
  return {.type = {DType::kU8, {image.height, image.width, image.channels}},
          .bytes = std::as_bytes(std::span(*pixels)),
          .owner = pixels};
}

Tensor Normalized(const Image& image, const Preprocess& preprocess) {
  const ptrdiff_t plane = ptrdiff_t{image.height} * image.width;
  std::vector<float> values(static_cast<size_t>(plane * image.channels));
  Normalize(image.view(), preprocess, values.data(), image.width, 1, plane);
  return MakeTensor({1, image.channels, image.height, image.width}, std::move(values));
}

int Run(const Arguments& arguments) {
  const model::Model model = LoadModel(arguments, {});
  const Preprocess preprocess = PreprocessFrom(arguments, model.preprocess);
  const std::string& path = arguments.operands().front();
  Image image;
  try {
    image = LoadPicture({.key = path, .path = path}, preprocess, !arguments.Has(kNoExif));
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", path, error.what()));
  }
  WriteNpy(arguments.Text(kTensor),
           arguments.Has(kUint8) ? Pixels(std::move(image)) : Normalized(image, preprocess));
  return 0;
}

}  // namespace

const Command kPreprocess = {
    .name = "preprocess",
    .summary = "write the tensor a model would see for a picture",
    .operands = "IMAGE",
    .least_operands = 1,
    .most_operands = 1,
    .options = kOptions,
    .details =
        "Writes float32 [1, c, h, w], what `mnv4 run --input` takes. Pixels equal those of\n"
        "timm's evaluation transform with Pillow, bit for bit (give --no-exif: timm does\n"
        "not turn pictures).",
    .example = "mnv4 preprocess -m conv_small photo.jpg -o x.npy",
    .run = Run};

}  // namespace mnv4::cli
