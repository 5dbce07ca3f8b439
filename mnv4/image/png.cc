#include <spng.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "mnv4/image/orientation.h"
#include "mnv4/image/reader.h"

namespace mnv4 {
namespace {

constexpr uint8_t kSignature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr size_t kMaxTextBytes = 64 << 20;  // texts and profiles may be compressed bombs

void Check(int result) {
  if (result != SPNG_OK) ThrowBroken("PNG", spng_strerror(result));
}

// A tiny file may claim a huge picture; deflate makes at most 1032 bytes out of one.
void CheckBytes(const spng_ihdr& header, size_t file_bytes) {
  constexpr uint64_t kMaxRatio = 1032;
  constexpr int kSamples[] = {1, 0, 3, 1, 2, 0, 4};  // a pixel, by colour type
  const uint64_t bits =
      uint64_t{header.width} * header.height * header.bit_depth * kSamples[header.color_type];
  if (bits / 8 / kMaxRatio > file_bytes) ThrowBroken("PNG", "the file is truncated");
}

// Decodes the whole picture when opened: interlaced files come in no other way, and the orientation
// may stand behind the pixels.
class PngReader : public WholePicture {
 public:
  PngReader(std::span<const std::byte> bytes, int64_t max_pixels) {
    spng_ihdr header;
    Check(spng_set_chunk_limits(png_.get(), kMaxTextBytes, kMaxTextBytes));
    Check(spng_set_png_buffer(png_.get(), bytes.data(), bytes.size()));
    Check(spng_get_ihdr(png_.get(), &header));
    CheckSize("PNG", header.width, header.height, max_pixels);
    CheckBytes(header, bytes.size());
    width_ = static_cast<int>(header.width);
    height_ = static_cast<int>(header.height);

    // A wrong checksum is an error, but behind the pixels, where Pillow does not look either.
    Check(spng_set_crc_action(png_.get(), SPNG_CRC_ERROR, SPNG_CRC_ERROR));
    const bool oriented = ReadOrientation();
    DecodePixels(header);
    if (!oriented) ReadOrientation();
  }

 private:
  // Reads the chunks up to the pixels, or those after them.
  bool ReadOrientation() {
    spng_exif exif;
    const int result = spng_get_exif(png_.get(), &exif);
    if (result != SPNG_OK) return false;
    orientation_ = ParseOrientation(std::as_bytes(std::span(exif.data, exif.length)));
    return true;
  }

  // Everything becomes 8-bit RGB but 16-bit grey, of which Pillow does not take the high byte.
  void DecodePixels(const spng_ihdr& header) {
    const size_t pixels = size_t{header.width} * header.height;
    rgb_.resize(pixels * 3);
    if (header.color_type == SPNG_COLOR_TYPE_GRAYSCALE && header.bit_depth == 16) {
      std::vector<uint16_t> grey(pixels);
      Check(spng_decode_image(png_.get(), grey.data(), pixels * 2, SPNG_FMT_PNG, 0));
      for (size_t i = 0; i < pixels; ++i) {
        std::fill_n(&rgb_[i * 3], 3, static_cast<uint8_t>(std::min<int>(grey[i], 255)));
      }
    } else {
      Check(spng_decode_image(png_.get(), rgb_.data(), pixels * 3, SPNG_FMT_RGB8, 0));
    }
  }

  struct Free {
    void operator()(spng_ctx* png) const { spng_ctx_free(png); }
  };
  std::unique_ptr<spng_ctx, Free> png_{spng_ctx_new(0)};
};

}  // namespace

const PictureFormat kPngFormat = {
    "PNG",
    [](std::span<const std::byte> bytes) {
      return bytes.size() >= sizeof(kSignature) &&
             std::memcmp(bytes.data(), kSignature, sizeof(kSignature)) == 0;
    },
    [](std::span<const std::byte> bytes, int64_t max_pixels) -> std::unique_ptr<PictureReader> {
      return std::make_unique<PngReader>(bytes, max_pixels);
    },
};

}  // namespace mnv4
