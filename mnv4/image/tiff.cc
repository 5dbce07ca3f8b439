#include <fmt/core.h>
#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mnv4/image/orientation.h"
#include "mnv4/image/reader.h"
#include "mnv4/image/tiff_pixels.h"

namespace mnv4 {
namespace {

constexpr int64_t kMaxBlockBytes = 256 << 20;  // what one row, one tile, one list of tags may take

// libtiff reads the file through this, and leaves its first complaint here.
struct Source {
  std::span<const std::byte> bytes;
  uint64_t at = 0;
  std::string error;
};

Source& SourceOf(thandle_t handle) { return *static_cast<Source*>(handle); }

tmsize_t ReadBytes(thandle_t handle, void* to, tmsize_t size) {
  Source& source = SourceOf(handle);
  if (source.at >= source.bytes.size() || size <= 0) return 0;
  const size_t count = std::min<size_t>(size, source.bytes.size() - source.at);
  std::memcpy(to, source.bytes.data() + source.at, count);
  source.at += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t WriteBytes(thandle_t, void*, tmsize_t) { return 0; }

toff_t SeekTo(thandle_t handle, toff_t offset, int whence) {
  Source& source = SourceOf(handle);
  source.at = offset + (whence == SEEK_CUR   ? source.at
                        : whence == SEEK_END ? source.bytes.size()
                                             : 0);
  return source.at;
}

int CloseFile(thandle_t) { return 0; }
toff_t FileSize(thandle_t handle) { return SourceOf(handle).bytes.size(); }

int MapFile(thandle_t handle, void** base, toff_t* size) {
  const auto bytes = SourceOf(handle).bytes;
  *base = const_cast<std::byte*>(bytes.data());
  *size = bytes.size();
  return 1;
}

void UnmapFile(thandle_t, void*, toff_t) {}

int OnError(tiff*, void* data, const char*, const char* format, va_list arguments) {
  std::string& error = static_cast<Source*>(data)->error;
  char text[256];
  std::vsnprintf(text, sizeof(text), format, arguments);
  if (error.empty()) error = text;
  return 1;
}

// Damage that libtiff can go on after is let pass, as in Pillow.
int OnWarning(tiff*, void*, const char*, const char*, va_list) { return 1; }

struct CloseTiff {
  void operator()(tiff* file) const { TIFFClose(file); }
};
using Tiff = std::unique_ptr<tiff, CloseTiff>;

Tiff Open(Source* source) {
  const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                             TIFFOpenOptionsFree);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMaxBlockBytes);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), OnError, source);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), OnWarning, nullptr);
  // "C": strips stay as they are in the file.
  return Tiff(TIFFClientOpenExt("", "rC", source, ReadBytes, WriteBytes, SeekTo, CloseFile,
                                FileSize, MapFile, UnmapFile, options.get()));
}

uint32_t Tag32(tiff* file, uint32_t tag) {
  uint32_t value = 0;
  TIFFGetField(file, tag, &value);
  return value;
}

uint16_t Tag16(tiff* file, uint32_t tag) {
  uint16_t value = 0;
  TIFFGetFieldDefaulted(file, tag, &value);
  return value;
}

void CheckCompression(uint16_t compression) {
  constexpr uint16_t kRead[] = {
      COMPRESSION_NONE,          COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4,
      COMPRESSION_LZW,           COMPRESSION_JPEG,     COMPRESSION_DEFLATE,   COMPRESSION_PACKBITS,
      COMPRESSION_ADOBE_DEFLATE, COMPRESSION_LZMA,     COMPRESSION_ZSTD,
  };
  if (std::count(std::begin(kRead), std::end(kRead), compression) == 0) {
    ThrowBroken("TIFF", fmt::format("compression {} is not read", compression));
  }
}

// The first picture of the file. Pillow turns it as its orientation tag says when it reads it, so
// that is part of its pixels, not EXIF's orientation.
class TiffReader : public WholePicture {
 public:
  TiffReader(std::span<const std::byte> bytes, int64_t max_pixels) {
    source_.bytes = bytes;
    file_ = Open(&source_);
    if (file_ == nullptr) Fail();
    const uint32_t width = Tag32(file_.get(), TIFFTAG_IMAGEWIDTH);
    const uint32_t height = Tag32(file_.get(), TIFFTAG_IMAGELENGTH);
    CheckSize("TIFF", width, height, max_pixels);
    const uint16_t compression = Tag16(file_.get(), TIFFTAG_COMPRESSION);
    CheckCompression(compression);
    width_ = static_cast<int>(width);
    height_ = static_cast<int>(height);
    pixels_ = ReadTiffPixels(file_.get());
    if (!source_.error.empty()) Fail();  // a damaged directory that libtiff would go on with
    rgb_.resize(size_t{3} * width_ * height_);
    if (pixels_.colour == TiffPixels::Colour::kYcc && !ReadYcc(compression)) {
      ReadByLibtiff();
    } else {
      ReadSamples();
    }
    TurnPixels(TurnOf(Tag16(file_.get(), TIFFTAG_ORIENTATION)));
    file_.reset();
  }

 private:
  [[noreturn]] void Fail() const {
    ThrowBroken("TIFF", source_.error.empty() ? "the file is broken or truncated" : source_.error);
  }

  static void CheckBlock(int64_t bytes) {
    if (bytes < 1 || bytes > kMaxBlockBytes) {
      ThrowBroken("TIFF", fmt::format("a row or tile of {} bytes", bytes));
    }
  }

  // Whether rows of Y, Cb, Cr come as if they were stored as such; JPEG makes RGB of them.
  bool ReadYcc(uint16_t compression) {
    if (compression == COMPRESSION_JPEG && !pixels_.planar) {
      TIFFSetField(file_.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
      pixels_.colour = TiffPixels::Colour::kRgb;
      return true;
    }
    uint16_t across = 0, down = 0;
    TIFFGetFieldDefaulted(file_.get(), TIFFTAG_YCBCRSUBSAMPLING, &across, &down);
    if (compression == COMPRESSION_NONE && (across != 1 || down != 1)) {
      ThrowBroken("TIFF", "subsampled colours without compression are not read");
    }
    return compression == COMPRESSION_NONE;
  }

  // Other YCbCr, as Pillow reads it: libtiff makes RGB, a block of rows at a time.
  void ReadByLibtiff() {
    char error[1024] = "";
    TIFFRGBAImage image;
    if (TIFFRGBAImageOK(file_.get(), error) == 0 ||
        TIFFRGBAImageBegin(&image, file_.get(), 0, error) == 0) {
      ThrowBroken("TIFF", error);
    }
    const std::unique_ptr<TIFFRGBAImage, void (*)(TIFFRGBAImage*)> end(&image, TIFFRGBAImageEnd);
    image.orientation = image.req_orientation = ORIENTATION_TOPLEFT;
    const bool tiled = TIFFIsTiled(file_.get()) != 0;
    const uint32_t wanted =
        Tag32(file_.get(), tiled ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP) - 1;
    const int rows = static_cast<int>(std::min<uint32_t>(wanted, height_ - 1)) + 1;
    CheckBlock(int64_t{4} * width_ * rows);
    std::vector<uint32_t> raster(size_t{1} * width_ * rows);
    for (int y = 0; y < height_; y += rows) {
      const int count = std::min(rows, height_ - y);
      image.row_offset = y;
      if (TIFFRGBAImageGet(&image, raster.data(), width_, count) == 0) Fail();
      uint8_t* to = &rgb_[size_t{3} * width_ * y];
      for (size_t i = 0; i < size_t{1} * width_ * count; ++i, to += 3) {
        to[0] = static_cast<uint8_t>(TIFFGetR(raster[i]));
        to[1] = static_cast<uint8_t>(TIFFGetG(raster[i]));
        to[2] = static_cast<uint8_t>(TIFFGetB(raster[i]));
      }
    }
  }

  void ReadSamples() {
    const int planes = pixels_.planar ? pixels_.used : 1;
    if (pixels_.planar) planes_.resize(size_t{1} * planes * width_ * height_);
    for (int plane = 0; plane < planes; ++plane) {
      TIFFIsTiled(file_.get()) != 0 ? ReadTiles(plane) : ReadRows(plane);
    }
    if (pixels_.planar) {
      pixels_.ToRgb(planes_.data(), planes, int64_t{width_} * height_, rgb_.data());
      planes_ = {};
    }
  }

  void ReadRows(int plane) {
    const int64_t row_bytes = TIFFScanlineSize64(file_.get());
    CheckBlock(row_bytes);
    if (static_cast<size_t>(row_bytes) < pixels_.RowBytes(width_)) Fail();
    std::vector<uint8_t> row(row_bytes);
    for (int y = 0; y < height_; ++y) {
      if (TIFFReadScanline(file_.get(), row.data(), y, static_cast<uint16_t>(plane)) != 1) Fail();
      Take(row.data(), plane, 0, y, width_);
    }
  }

  void ReadTiles(int plane) {
    const int64_t width = Tag32(file_.get(), TIFFTAG_TILEWIDTH);
    const int64_t height = Tag32(file_.get(), TIFFTAG_TILELENGTH);
    const int64_t tile_bytes = static_cast<int64_t>(TIFFTileSize64(file_.get()));
    const int64_t row_bytes = static_cast<int64_t>(TIFFTileRowSize64(file_.get()));
    CheckBlock(tile_bytes);
    CheckBlock(width);
    CheckBlock(height);
    if (row_bytes < static_cast<int64_t>(pixels_.RowBytes(width)) ||
        tile_bytes < row_bytes * height) {
      Fail();
    }
    std::vector<uint8_t> tile(tile_bytes);
    for (int64_t y = 0; y < height_; y += height) {
      for (int64_t x = 0; x < width_; x += width) {
        if (TIFFReadTile(file_.get(), tile.data(), static_cast<uint32_t>(x),
                         static_cast<uint32_t>(y), 0, static_cast<uint16_t>(plane)) < 0) {
          Fail();
        }
        for (int64_t r = 0; r < std::min(height, height_ - y); ++r) {
          Take(&tile[row_bytes * r], plane, x, y + r, std::min(width, width_ - x));
        }
      }
    }
  }

  // Pixels of a row, or one plane of them, as they are in the file.
  void Take(const uint8_t* from, int plane, int64_t x, int64_t y, int64_t count) {
    const size_t at = static_cast<size_t>(y) * width_ + x;
    const int samples = pixels_.planar ? 1 : pixels_.samples;
    bytes_.resize(static_cast<size_t>(count) * samples);
    pixels_.ToBytes(from, count * samples, bytes_.data());
    if (!pixels_.planar) {
      pixels_.ToRgb(bytes_.data(), samples, count, &rgb_[at * 3]);
      return;
    }
    uint8_t* to = &planes_[at * pixels_.used + plane];
    for (int64_t i = 0; i < count; ++i) to[i * pixels_.used] = bytes_[i];
  }

  void TurnPixels(const Turn& turn) {
    Image image = Orient({width_, height_, 3, std::move(rgb_)}, turn);
    width_ = image.width;
    height_ = image.height;
    rgb_ = std::move(image.pixels);
  }

  Source source_;
  Tiff file_;
  TiffPixels pixels_;
  std::vector<uint8_t> bytes_, planes_;
};

}  // namespace

const PictureFormat kTiffFormat = {
    "TIFF",
    [](std::span<const std::byte> bytes) {
      constexpr char kMagics[][5] = {"II*\0", "MM\0*", "II+\0", "MM\0+"};
      return bytes.size() >= 8 &&
             std::any_of(std::begin(kMagics), std::end(kMagics), [&](const char* magic) {
               return std::memcmp(bytes.data(), magic, 4) == 0;
             });
    },
    [](std::span<const std::byte> bytes, int64_t max_pixels) -> std::unique_ptr<PictureReader> {
      return std::make_unique<TiffReader>(bytes, max_pixels);
    },
};

}  // namespace mnv4
