#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <memory>
#include <vector>

#include "mnv4/image/bmp_rle.h"
#include "mnv4/image/convert.h"
#include "mnv4/image/reader.h"

namespace mnv4 {
namespace {

constexpr size_t kFileHeaderBytes = 14;
constexpr uint32_t kCoreHeaderBytes = 12;  // OS/2's first
enum Compression : uint32_t { kNone = 0, kRle8 = 1, kRle4 = 2, kBitfields = 3 };

struct Header {
  uint32_t bytes = 0;  // without the file header
  uint32_t width = 0, height = 0, bits = 0, compression = kNone, colours = 0;
  bool from_top = false;
  size_t data_at = 0;
  uint32_t red = 0, green = 0, blue = 0, alpha = 0;  // masks, if kBitfields
};

// Numbers of the file, lowest byte first.
uint32_t Number(std::span<const std::byte> bytes, size_t at, int size) {
  if (at > bytes.size() || bytes.size() - at < static_cast<size_t>(size)) {
    ThrowBroken("BMP", "the file is truncated");
  }
  uint32_t value = 0;
  for (int i = 0; i < size; ++i) value |= std::to_integer<uint32_t>(bytes[at + i]) << 8 * i;
  return value;
}

Header ReadHeader(std::span<const std::byte> bytes) {
  constexpr uint32_t kKnownSizes[] = {40, 52, 56, 64, 108, 124};
  const auto u16 = [&](size_t at) { return Number(bytes, at, 2); };
  const auto u32 = [&](size_t at) { return Number(bytes, at, 4); };
  Header header;
  header.data_at = u32(10);
  header.bytes = u32(14);
  if (header.bytes == kCoreHeaderBytes) {
    header.width = u16(18);
    header.height = u16(20);
    header.bits = u16(24);
  } else if (std::count(std::begin(kKnownSizes), std::end(kKnownSizes), header.bytes) > 0) {
    header.width = u32(18);
    header.from_top = u32(22) >> 24 == 0xff;  // a negative height; Pillow looks at no more of it
    header.height = header.from_top ? -u32(22) : u32(22);
    header.bits = u16(28);
    header.compression = u32(30);
    header.colours = u32(46);
    Number(bytes, kFileHeaderBytes + header.bytes - 1, 1);
  } else {
    ThrowBroken("BMP", fmt::format("a header of {} bytes", header.bytes));
  }
  if (header.compression == kBitfields) {  // behind the header, or a part of longer ones
    header.red = u32(54);
    header.green = u32(58);
    header.blue = u32(62);
    if (header.bytes >= 56) header.alpha = u32(66);
  }
  if (header.colours == 0 && header.bits <= 8) header.colours = 1u << header.bits;
  return header;
}

// Where the bytes of a 24- or 32-bit pixel are; 16-bit pixels have their own reading.
struct PixelBytes {
  int red = 2, green = 1, blue = 0;
};

// Pillow reads these arrangements and no others.
void CheckMasks(const Header& h) {
  struct Masks {
    uint32_t bits, red, green, blue, alpha;
    bool operator==(const Masks&) const = default;
  };
  constexpr Masks kKnown[] = {
      {32, 0xff0000, 0xff00, 0xff, 0},
      {32, 0xff000000, 0xff0000, 0xff00, 0},
      {32, 0xff000000, 0xff00, 0xff, 0},
      {32, 0xff000000, 0xff0000, 0xff00, 0xff},
      {32, 0xff, 0xff00, 0xff0000, 0xff000000},
      {32, 0xff0000, 0xff00, 0xff, 0xff000000},
      {32, 0xff000000, 0xff00, 0xff, 0xff0000},
      {32, 0, 0, 0, 0},
      {24, 0xff0000, 0xff00, 0xff, 0},
      {16, 0xf800, 0x7e0, 0x1f, 0},
      {16, 0x7c00, 0x3e0, 0x1f, 0},
  };
  const Masks masks{h.bits, h.red, h.green, h.blue, h.bits == 32 ? h.alpha : 0};
  if (std::count(std::begin(kKnown), std::end(kKnown), masks) > 0) return;
  ThrowBroken("BMP", fmt::format("{} bits with masks {:x}, {:x}, {:x}, {:x}", h.bits, h.red,
                                 h.green, h.blue, h.alpha));
}

class BmpReader : public PictureReader {
 public:
  BmpReader(std::span<const std::byte> bytes, int64_t max_pixels) {
    Header header = ReadHeader(bytes);
    CheckSize("BMP", header.width, header.height, max_pixels);
    width_ = static_cast<int>(header.width);
    height_ = static_cast<int>(header.height);
    from_top_ = header.from_top;
    bits_ = static_cast<int>(header.bits);
    stride_ = (size_t{header.width} * header.bits + 31) / 32 * 4;

    switch (bits_) {
      case 1:
      case 4:
      case 8:
        ReadPalette(bytes, &header);
        break;
      case 16:
        six_green_bits_ = header.compression == kBitfields && header.green == 0x7e0;
        break;
      case 24:
      case 32:
        if (header.compression == kBitfields && header.red != 0) {
          at_.red = std::countr_zero(header.red) / 8;
          at_.green = std::countr_zero(header.green) / 8;
          at_.blue = std::countr_zero(header.blue) / 8;
        }
        break;
      default:
        ThrowBroken("BMP", fmt::format("{} bits a pixel, wanted 1, 4, 8, 16, 24 or 32", bits_));
    }
    if (header.data_at == 0) header.data_at = AfterHeader(header);
    FindRows(bytes, header);
  }

  void Read(uint8_t* const* rows, int count) override {
    for (int r = 0; r < count; ++r, ++next_row_) {
      const int y = from_top_ ? next_row_ : height_ - 1 - next_row_;
      const uint8_t* from = data_ + stride_ * y;
      if (bits_ <= 8) {
        Unpack(from, bits_, width_, indices_.data());
        LookUp(palette_, indices_.data(), width_, rows[r]);
      } else if (bits_ == 16) {
        Read16(from, rows[r]);
      } else {
        for (int x = 0; x < width_; ++x, from += bits_ / 8) {
          rows[r][x * 3] = from[at_.red];
          rows[r][x * 3 + 1] = from[at_.green];
          rows[r][x * 3 + 2] = from[at_.blue];
        }
      }
    }
  }

 private:
  static size_t AfterHeader(const Header& header) {
    constexpr size_t kMasksBytes = 12;
    const bool masks_follow = header.compression == kBitfields && header.bytes == 40;
    return kFileHeaderBytes + header.bytes + (masks_follow ? kMasksBytes : 0);
  }

  // Entries are blue, green, red and, but in OS/2's, an unused byte. Moves data_at behind them if
  // it does not count them.
  void ReadPalette(std::span<const std::byte> bytes, Header* header) {
    const uint32_t colours = header->colours;
    if (colours > 256) ThrowBroken("BMP", fmt::format("a palette of {} colours", colours));
    const size_t entry = header->bytes == kCoreHeaderBytes ? 3 : 4;
    const size_t begin = kFileHeaderBytes + header->bytes;
    const size_t there = std::min(entry * colours, bytes.size() - begin);
    if (header->data_at == begin) header->data_at += entry * colours;
    if (header->data_at == 0) header->data_at = begin + there;

    const auto* from = reinterpret_cast<const uint8_t*>(bytes.data()) + begin;
    bool grey = there / entry == colours;
    for (size_t i = 0; i < there / entry; ++i) {
      const uint8_t value = static_cast<uint8_t>(colours == 2 ? i * 255 : i);
      for (int c = 0; c < 3; ++c) {
        palette_[i * 3 + c] = from[i * entry + 2 - c];
        grey = grey && from[i * entry + c] == value;
      }
    }
    indices_.resize(width_);
    if (!grey) return;
    grey_ramp_ = true;
    // A ramp of greys is left out by Pillow, which then reads one bit a pixel, or eight, whatever
    // the file says.
    palette_ = GreyRamp();
    bits_ = colours <= 2 ? 1 : 8;
    if (bits_ == 1) std::fill_n(&palette_[3], 3, 255);
  }

  // Sets data_ after checking that there is all of it.
  void FindRows(std::span<const std::byte> bytes, const Header& header) {
    const size_t at = std::min(header.data_at, bytes.size());
    switch (header.compression) {
      case kBitfields:
        CheckMasks(header);
        break;
      case kNone:
        break;
      case kRle8:
      case kRle4:
        if (header.bits > 8 || (grey_ramp_ && bits_ == 1)) {
          ThrowBroken("BMP", "run lengths of what has no palette");
        }
        decoded_ = DecodeBmpRuns(bytes, at, width_, height_, header.compression == kRle4);
        data_ = decoded_.data();
        bits_ = 8;
        stride_ = size_t{1} * width_;
        return;
      default:
        ThrowBroken("BMP", fmt::format("compression {}", header.compression));
    }
    const size_t row_bytes = (size_t{1} * width_ * bits_ + 7) / 8;
    if (row_bytes > stride_) ThrowBroken("BMP", "a ramp of greys with less than 8 bits a pixel");
    if (bytes.size() - at < stride_ * (height_ - 1) + row_bytes) {
      ThrowBroken("BMP", "the file is truncated");
    }
    data_ = reinterpret_cast<const uint8_t*>(bytes.data()) + at;
  }

  void Read16(const uint8_t* from, uint8_t* rgb) const {
    const int green_max = six_green_bits_ ? 63 : 31, red_shift = six_green_bits_ ? 11 : 10;
    for (int x = 0; x < width_; ++x, from += 2, rgb += 3) {
      const int pixel = from[0] | from[1] << 8;
      rgb[0] = static_cast<uint8_t>((pixel >> red_shift & 31) * 255 / 31);
      rgb[1] = static_cast<uint8_t>((pixel >> 5 & green_max) * 255 / green_max);
      rgb[2] = static_cast<uint8_t>((pixel & 31) * 255 / 31);
    }
  }

  const uint8_t* data_ = nullptr;  // in the file, or decoded_
  size_t stride_ = 0;              // bytes from row to row
  int bits_ = 0;                   // a pixel, as they are read
  bool from_top_ = false, six_green_bits_ = false, grey_ramp_ = false;
  PixelBytes at_;
  Palette palette_ = {};
  std::vector<uint8_t> decoded_, indices_;
  int next_row_ = 0;
};

}  // namespace

const PictureFormat kBmpFormat = {
    "BMP",
    [](std::span<const std::byte> bytes) {
      return bytes.size() >= 2 && std::memcmp(bytes.data(), "BM", 2) == 0;
    },
    [](std::span<const std::byte> bytes, int64_t max_pixels) -> std::unique_ptr<PictureReader> {
      return std::make_unique<BmpReader>(bytes, max_pixels);
    },
};

}  // namespace mnv4
