#include "mnv4/image/decode.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "mnv4/base/error.h"
#include "mnv4/image/convert.h"
#include "mnv4/image/orientation.h"
#include "mnv4/image/reader.h"

namespace mnv4 {
namespace {

constexpr const PictureFormat* kFormats[] = {
    &kJpegFormat, &kPngFormat, &kWebPFormat, &kTiffFormat, &kGifFormat, &kBmpFormat, &kPnmFormat,
};

}  // namespace

const char* FormatName(std::span<const std::byte> bytes) {
  for (const PictureFormat* format : kFormats) {
    if (format->matches(bytes)) return format->name;
  }
  return "";
}

std::unique_ptr<PictureReader> OpenPicture(std::span<const std::byte> bytes, int64_t max_pixels) {
  for (const PictureFormat* format : kFormats) {
    if (format->matches(bytes)) return format->open(bytes, max_pixels);
  }
  std::string names;
  for (const PictureFormat* format : kFormats) {
    const char* comma = format == std::end(kFormats)[-1] ? " or " : ", ";
    names += fmt::format("{}{}", names.empty() ? "" : comma, format->name);
  }
  throw Error(ErrorCode::kRuntime, bytes.empty() ? "an empty file, not a picture"
                                                 : fmt::format("not a picture: wanted {}", names));
}

void PictureReader::Skip(int count) {
  std::vector<uint8_t> row(size_t{3} * width_);
  uint8_t* rows[] = {row.data()};
  for (int r = 0; r < count; ++r) Read(rows, 1);
}

Image ReadAll(PictureReader& reader, int channels) {
  const int width = reader.width(), height = reader.height();
  const size_t row_bytes = size_t{3} * width;
  constexpr int kRows = 16;  // of a JPEG's block row
  Image image{width, height, channels, {}};
  std::vector<uint8_t> rgb;  // of the rows at hand, if they are to become grey
  if (channels != 3) rgb.resize(row_bytes * kRows);
  // Address space only: the memory is taken as rows come, so a huge but broken picture takes none.
  image.pixels.reserve(size_t{1} * width * height * channels);
  for (int y = 0; y < height; y += kRows) {
    const int count = std::min(kRows, height - y);
    image.pixels.resize(size_t{1} * width * (y + count) * channels);
    uint8_t* out = &image.pixels[size_t{1} * width * y * channels];
    uint8_t* rows[kRows];
    for (int r = 0; r < count; ++r) rows[r] = (channels == 3 ? out : rgb.data()) + r * row_bytes;
    reader.Read(rows, count);
    if (channels != 3) RgbToGrey(rgb.data(), int64_t{width} * count, out);
  }
  return image;
}

Image Decode(std::span<const std::byte> bytes, const DecodeOptions& options) {
  const auto reader = OpenPicture(bytes, options.max_pixels);
  Image image = ReadAll(*reader, options.channels);
  return options.apply_exif ? Orient(std::move(image), TurnOf(reader->orientation())) : image;
}

void WholePicture::Read(uint8_t* const* rows, int count) {
  const size_t row_bytes = size_t{3} * width_;
  for (int r = 0; r < count; ++r, ++next_row_) {
    std::copy_n(&rgb_[row_bytes * next_row_], row_bytes, rows[r]);
  }
}

void ThrowBroken(const char* format, const std::string& what) {
  throw Error(ErrorCode::kRuntime, fmt::format("{}: {}", format, what));
}

void CheckSize(const char* format, int64_t width, int64_t height, int64_t max_pixels) {
  if (width < 1 || height < 1) ThrowBroken(format, "a picture without pixels");
  constexpr int64_t kMost = std::numeric_limits<int>::max() / 3;  // rows are counted in ints
  const int64_t limit = std::min(max_pixels, kMost);
  if (width > limit / height) {
    ThrowBroken(format, fmt::format("{}x{} pixels, the limit is {}", width, height, limit));
  }
}

}  // namespace mnv4
