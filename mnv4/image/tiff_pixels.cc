#include "mnv4/image/tiff_pixels.h"

#include <fmt/core.h>
#include <tiffio.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "mnv4/image/reader.h"

namespace mnv4 {
namespace {

uint16_t Tag(tiff* file, uint32_t tag) {
  uint16_t value = 0;  // what Pillow takes for a tag without default that is missing
  TIFFGetFieldDefaulted(file, tag, &value);
  return value;
}

struct Meaning {
  TiffPixels::Colour colour;
  int used;
};

Meaning MeaningOf(uint16_t photometric, int samples) {
  using Colour = TiffPixels::Colour;
  switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
      return {Colour::kGrey, 1};
    case PHOTOMETRIC_RGB:
      return {Colour::kRgb, 3};
    case PHOTOMETRIC_PALETTE:
      return {Colour::kPalette, 1};
    case PHOTOMETRIC_SEPARATED:
      return {Colour::kCmyk, 4};
    case PHOTOMETRIC_YCBCR:
      if (samples == 1) return {Colour::kGrey, 1};
      return {Colour::kYcc, 3};
  }
  ThrowBroken("TIFF", fmt::format("photometric interpretation {} is not read", photometric));
}

// Samples behind the colours: alpha or nothing known.
bool KnowsExtras(const TiffPixels& p, std::span<const uint16_t> extras, int count) {
  using Colour = TiffPixels::Colour;
  if (count == 0) return true;
  const bool eight = p.bits == 8;
  if (extras.empty()) return p.colour == Colour::kRgb && count == 1;
  const uint16_t first = extras[0];
  if (!std::all_of(extras.begin() + 1, extras.end(), [](uint16_t e) { return e == 0; })) {
    return false;
  }
  switch (p.colour) {
    case Colour::kGrey:
      return eight && count == 1 && !p.white_is_zero && first != EXTRASAMPLE_ASSOCALPHA;
    case Colour::kPalette:
      return eight && count == 1 && first != EXTRASAMPLE_ASSOCALPHA;
    case Colour::kRgb:
      if (p.planar && first != EXTRASAMPLE_UNSPECIFIED) return count == 1;
      return count <= (eight ? 3 : 1);
    case Colour::kCmyk:
      return eight && count <= 2 && first == EXTRASAMPLE_UNSPECIFIED;
    case Colour::kYcc:
      return false;
  }
  return false;
}

bool KnowsBits(const TiffPixels& p, uint16_t photometric, bool big_endian) {
  using Colour = TiffPixels::Colour;
  using Number = TiffPixels::Number;
  if (p.colour == Colour::kPalette) {
    return p.number == Number::kUnsigned && p.bits <= 8 && 8 % p.bits == 0;
  }
  if (p.colour == Colour::kRgb || p.colour == Colour::kCmyk) {
    return p.number == Number::kUnsigned && (p.bits == 8 || p.bits == 16);
  }
  if (p.colour == Colour::kYcc) return p.number == Number::kUnsigned && p.bits == 8;
  const bool black_is_zero = photometric == PHOTOMETRIC_MINISBLACK;
  switch (p.number) {
    case Number::kUnsigned:
      if (photometric == PHOTOMETRIC_YCBCR) return p.bits == 8;
      if (p.bits == 16) return black_is_zero || !big_endian;
      if (p.bits == 12 || p.bits == 32) return black_is_zero && !big_endian;
      return p.bits == 1 || p.bits == 2 || p.bits == 4 || p.bits == 8;
    case Number::kSigned:
      return black_is_zero && (p.bits == 8 || p.bits == 16 || p.bits == 32);
    case Number::kFloat:
      return p.bits == 32 && photometric != PHOTOMETRIC_YCBCR;
  }
  return false;
}

void ReadColourMap(tiff* file, TiffPixels* pixels) {
  uint16_t* maps[3];
  if (TIFFGetField(file, TIFFTAG_COLORMAP, &maps[0], &maps[1], &maps[2]) != 1) {
    ThrowBroken("TIFF", "a palette picture without a colour map");
  }
  for (int i = 0; i < 1 << pixels->bits; ++i) {
    for (int c = 0; c < 3; ++c) {
      pixels->palette[i * 3 + c] = static_cast<uint8_t>(maps[c][i] >> 8);
    }
  }
}

template <class T>
T Load(const uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

// Greys of more than 8 bits are clipped, not scaled.
template <class T>
uint8_t Clip(T value) {
  if (!(value > T{0})) return 0;
  return value >= T{255} ? 255 : static_cast<uint8_t>(value);
}

template <class T>
void ClipAll(const uint8_t* row, int64_t count, uint8_t* bytes) {
  for (int64_t i = 0; i < count; ++i) bytes[i] = Clip(Load<T>(row + i * sizeof(T)));
}

void Clip12(const uint8_t* row, int64_t count, uint8_t* bytes) {
  for (int64_t i = 0; i < count; ++i) {
    const uint8_t* pair = row + i / 2 * 3;
    bytes[i] = Clip(i % 2 == 0 ? pair[0] << 4 | pair[1] >> 4 : (pair[1] & 15) << 8 | pair[2]);
  }
}

}  // namespace

TiffPixels ReadTiffPixels(tiff* file) {
  const uint16_t photometric = Tag(file, TIFFTAG_PHOTOMETRIC);
  TiffPixels p;
  p.bits = Tag(file, TIFFTAG_BITSPERSAMPLE);
  p.samples = Tag(file, TIFFTAG_SAMPLESPERPIXEL);
  const uint16_t format = Tag(file, TIFFTAG_SAMPLEFORMAT);
  p.number = format == SAMPLEFORMAT_IEEEFP ? TiffPixels::Number::kFloat
             : format == SAMPLEFORMAT_INT  ? TiffPixels::Number::kSigned
                                           : TiffPixels::Number::kUnsigned;
  const Meaning meaning = MeaningOf(photometric, p.samples);
  p.colour = meaning.colour;
  p.used = meaning.used;
  p.planar = p.samples > 1 && Tag(file, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE;
  p.white_is_zero = photometric == PHOTOMETRIC_MINISWHITE && p.bits <= 8;

  uint16_t num_extras = 0;
  uint16_t* extras = nullptr;
  TIFFGetFieldDefaulted(file, TIFFTAG_EXTRASAMPLES, &num_extras, &extras);
  const int behind = p.samples - p.used;
  const bool known = format >= SAMPLEFORMAT_UINT && format <= SAMPLEFORMAT_IEEEFP && p.bits > 0 &&
                     behind >= 0 && (num_extras == 0 || num_extras == behind) &&
                     KnowsBits(p, photometric, TIFFIsBigEndian(file) != 0) &&
                     KnowsExtras(p, std::span(extras, num_extras), behind);
  if (!known) {
    ThrowBroken("TIFF", fmt::format("{} samples of {} bits and format {} with photometric "
                                    "interpretation {} are not read",
                                    p.samples, p.bits, format, photometric));
  }
  p.premultiplied = p.colour == TiffPixels::Colour::kRgb && num_extras > 0 &&
                    extras[0] == EXTRASAMPLE_ASSOCALPHA;
  if (p.premultiplied) p.used = 4;
  if (p.colour == TiffPixels::Colour::kPalette) ReadColourMap(file, &p);
  return p;
}

size_t TiffPixels::RowBytes(int64_t width) const {
  return (static_cast<size_t>(width) * (planar ? 1 : samples) * bits + 7) / 8;
}

void TiffPixels::ToBytes(const uint8_t* row, int64_t count, uint8_t* bytes) const {
  switch (bits) {
    case 12:
      return Clip12(row, count, bytes);
    case 16:
      if (colour != Colour::kGrey) {
        for (int64_t i = 0; i < count; ++i) {
          bytes[i] = static_cast<uint8_t>(Load<uint16_t>(row + i * 2) >> 8);
        }
        return;
      }
      return number == Number::kSigned ? ClipAll<int16_t>(row, count, bytes)
                                       : ClipAll<uint16_t>(row, count, bytes);
    case 32:  // Pillow's unsigned ones are signed, too
      return number == Number::kFloat ? ClipAll<float>(row, count, bytes)
                                      : ClipAll<int32_t>(row, count, bytes);
    default:
      break;
  }
  Unpack(row, bits, count, bytes);
  if (colour != Colour::kGrey) return;
  const int scale = 255 / ((1 << bits) - 1);
  for (int64_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<uint8_t>(white_is_zero ? 255 - bytes[i] * scale : bytes[i] * scale);
  }
}

void TiffPixels::ToRgb(const uint8_t* bytes, int stride, int64_t count, uint8_t* rgb) const {
  for (int64_t i = 0; i < count; ++i, bytes += stride, rgb += 3) {
    switch (colour) {
      case Colour::kGrey:
        std::fill_n(rgb, 3, bytes[0]);
        break;
      case Colour::kPalette:
        LookUp(palette, bytes, 1, rgb);
        break;
      case Colour::kRgb:
        for (int c = 0; c < 3; ++c) {
          const int alpha = premultiplied ? bytes[3] : 255;
          rgb[c] = alpha == 0 ? 0 : static_cast<uint8_t>(std::min(bytes[c] * 255 / alpha, 255));
        }
        break;
      case Colour::kCmyk: {
        const uint8_t inverted[4] = {
            static_cast<uint8_t>(255 - bytes[0]), static_cast<uint8_t>(255 - bytes[1]),
            static_cast<uint8_t>(255 - bytes[2]), static_cast<uint8_t>(255 - bytes[3])};
        InvertedCmykToRgb(inverted, 1, rgb);
        break;
      }
      case Colour::kYcc:
        YccToRgb(bytes, 1, rgb);
        break;
    }
  }
}

}  // namespace mnv4
