#include <webp/decode.h>
#include <webp/demux.h>

#include <cstring>
#include <memory>

#include "mnv4/image/orientation.h"
#include "mnv4/image/reader.h"

namespace mnv4 {
namespace {

constexpr char kExif[6] = {'E', 'x', 'i', 'f', 0, 0};

struct DeleteDemuxer {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};

int OrientationOf(WebPDemuxer* demuxer) {
  WebPChunkIterator chunk = {};
  int orientation = 1;
  if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk) != 0) {
    auto exif = std::as_bytes(std::span(chunk.chunk.bytes, chunk.chunk.size));
    // Some writers put JPEG's name of the block in front of it.
    if (exif.size() >= sizeof(kExif) && std::memcmp(exif.data(), kExif, sizeof(kExif)) == 0) {
      exif = exif.subspan(sizeof(kExif));
    }
    orientation = ParseOrientation(exif);
  }
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

// Of an animation the first frame, on black where it leaves the canvas free. Alpha is dropped.
class WebPReader : public WholePicture {
 public:
  WebPReader(std::span<const std::byte> bytes, int64_t max_pixels) {
    const WebPData data = {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
    const std::unique_ptr<WebPDemuxer, DeleteDemuxer> demuxer(WebPDemux(&data));
    if (demuxer == nullptr) ThrowBroken("WebP", "the file is broken or truncated");
    const int64_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
    const int64_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
    CheckSize("WebP", width, height, max_pixels);
    width_ = static_cast<int>(width);
    height_ = static_cast<int>(height);
    orientation_ = OrientationOf(demuxer.get());

    WebPIterator frame = {};
    const bool decoded =
        WebPDemuxGetFrame(demuxer.get(), 1, &frame) != 0 && DecodeFrame(frame) == VP8_STATUS_OK;
    WebPDemuxReleaseIterator(&frame);
    if (!decoded) ThrowBroken("WebP", "the picture's data are broken or truncated");
  }

 private:
  VP8StatusCode DecodeFrame(const WebPIterator& frame) {
    WebPDecoderConfig config;
    if (WebPInitDecoderConfig(&config) == 0) return VP8_STATUS_INVALID_PARAM;
    if (int64_t{frame.x_offset} + frame.width > width_ ||
        int64_t{frame.y_offset} + frame.height > height_) {
      return VP8_STATUS_BITSTREAM_ERROR;
    }
    const size_t row_bytes = size_t{3} * width_;
    rgb_.resize(row_bytes * height_);
    const size_t at = row_bytes * frame.y_offset + size_t{3} * frame.x_offset;
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = &rgb_[at];
    config.output.u.RGBA.stride = static_cast<int>(row_bytes);
    config.output.u.RGBA.size = rgb_.size() - at;
    const VP8StatusCode status = WebPDecode(frame.fragment.bytes, frame.fragment.size, &config);
    WebPFreeDecBuffer(&config.output);
    return status;
  }
};

}  // namespace

const PictureFormat kWebPFormat = {
    "WebP",
    [](std::span<const std::byte> bytes) {
      return bytes.size() >= 16 && std::memcmp(bytes.data(), "RIFF", 4) == 0 &&
             std::memcmp(bytes.data() + 8, "WEBPVP8", 7) == 0;
    },
    [](std::span<const std::byte> bytes, int64_t max_pixels) -> std::unique_ptr<PictureReader> {
      return std::make_unique<WebPReader>(bytes, max_pixels);
    },
};

}  // namespace mnv4
