#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "mnv4/image/convert.h"
#include "mnv4/image/reader.h"

namespace mnv4 {
namespace {

constexpr size_t kMaxTokenBytes = 10;

bool IsSpace(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// The words of a header, or of pixels as text. A comment may stand even within a word.
class Text {
 public:
  explicit Text(std::span<const std::byte> bytes) : bytes_(bytes) {}

  size_t position() const { return std::min(at_, bytes_.size()); }

  /// The next character that is not in a comment, -1 at the end.
  int Next() {
    for (; at_ < bytes_.size(); ++at_) {
      if (std::to_integer<char>(bytes_[at_]) != '#') return std::to_integer<uint8_t>(bytes_[at_++]);
      while (at_ < bytes_.size() && !IsLineEnd(bytes_[at_])) ++at_;
    }
    return -1;
  }

  /// As Next(), without spaces.
  int NextVisible() {
    int c = Next();
    while (c >= 0 && IsSpace(static_cast<uint8_t>(c))) c = Next();
    return c;
  }

  /// The next word; one space behind it is passed.
  std::string Word() {
    std::string word;
    for (int c = NextVisible(); c >= 0 && !IsSpace(static_cast<uint8_t>(c)); c = Next()) {
      word += static_cast<char>(c);
      if (word.size() > kMaxTokenBytes) ThrowBroken("PNM", "a number of too many digits");
    }
    if (word.empty()) ThrowBroken("PNM", "the file is truncated");
    return word;
  }

  int64_t Number() {
    const std::string word = Word();
    if (word.find_first_not_of("0123456789") != std::string::npos) {
      ThrowBroken("PNM", "something else where a number belongs");
    }
    return std::stoll(word);
  }

 private:
  static bool IsLineEnd(std::byte b) { return b == std::byte{'\n'} || b == std::byte{'\r'}; }

  std::span<const std::byte> bytes_;
  size_t at_ = 2;  // behind the magic
};

// PBM, PGM and PPM, as text ("P1" to "P3") and binary ("P4" to "P6"), and PFM's grey ("Pf").
class PnmReader : public PictureReader {
 public:
  PnmReader(std::span<const std::byte> bytes, int64_t max_pixels)
      : text_(bytes), kind_(std::to_integer<char>(bytes[1])) {
    const int64_t width = text_.Number(), height = text_.Number();
    CheckSize("PNM", width, height, max_pixels);
    width_ = static_cast<int>(width);
    height_ = static_cast<int>(height);
    if (kind_ == '3' || kind_ == '6') samples_ = 3;
    switch (kind_) {
      case '1':
        return;
      case '4':
        FindRows(bytes, (size_t{1} * width_ + 7) / 8);
        return;
      case 'f':
        ReadScale();
        FindRows(bytes, sizeof(float) * width_);
        return;
    }
    ReadMaximum();
    if (kind_ >= '5') FindRows(bytes, size_t{1} * width_ * samples_ * (maximum_ > 255 ? 2 : 1));
  }

  void Read(uint8_t* const* rows, int count) override {
    std::vector<uint8_t> grey(width_);
    for (int r = 0; r < count; ++r, ++next_row_) {
      uint8_t* values = samples_ == 3 ? rows[r] : grey.data();
      ReadRow(values);
      for (int x = 0; x < width_ && samples_ == 1; ++x) std::fill_n(rows[r] + x * 3, 3, grey[x]);
    }
  }

 private:
  void ReadMaximum() {
    maximum_ = text_.Number();
    if (maximum_ < 1 || maximum_ > 65535) {
      ThrowBroken("PNM",
                  "the largest value is " + std::to_string(maximum_) + ", wanted 1 to 65535");
    }
    // Pillow makes 16-bit greys of more than 8 bits, and those it clips.
    const double full = samples_ == 1 && maximum_ > 255 ? 65535 : 255;
    scaled_.resize(maximum_ > 255 ? 65536 : 256);
    for (size_t v = 0; v < scaled_.size(); ++v) {
      const double value = std::nearbyint(static_cast<double>(v) / maximum_ * full);
      scaled_[v] = static_cast<uint8_t>(std::min(value, 255.0));
    }
  }

  // PFM: negative if the numbers are little-endian.
  void ReadScale() {
    const std::string word = text_.Word();
    char* end = nullptr;
    const double scale = std::strtod(word.c_str(), &end);
    if (*end != 0 || scale == 0 || !std::isfinite(scale)) {
      ThrowBroken("PNM", "the scale is no finite number, or 0");
    }
    little_endian_ = scale < 0;
  }

  void FindRows(std::span<const std::byte> bytes, size_t row_bytes) {
    const auto data = bytes.subspan(text_.position());
    if (data.size() / row_bytes < static_cast<size_t>(height_)) {
      ThrowBroken("PNM", "the file is truncated");
    }
    data_ = reinterpret_cast<const uint8_t*>(data.data());
    row_bytes_ = row_bytes;
  }

  void ReadRow(uint8_t* values) {
    const uint8_t* from = data_ + row_bytes_ * next_row_;
    const int count = width_ * samples_;
    switch (kind_) {
      case '1':
        for (int i = 0; i < count; ++i) values[i] = PlainBit();
        return;
      case '4':
        Unpack(from, 1, count, values);
        for (int i = 0; i < count; ++i) values[i] = values[i] != 0 ? 0 : 255;
        return;
      case 'f':
        ReadFloats(data_ + row_bytes_ * (height_ - 1 - next_row_), values);
        return;
      case '5':
      case '6':
        for (int i = 0; i < count; ++i) {
          values[i] = scaled_[maximum_ > 255 ? from[i * 2] << 8 | from[i * 2 + 1] : from[i]];
        }
        return;
      default:
        for (int i = 0; i < count; ++i) values[i] = PlainValue();
    }
  }

  uint8_t PlainBit() {
    const int c = text_.NextVisible();
    if (c < 0) ThrowBroken("PNM", "the file is truncated");
    if (c != '0' && c != '1') ThrowBroken("PNM", "something else where a 0 or 1 belongs");
    return c == '0' ? 255 : 0;
  }

  uint8_t PlainValue() {
    const int64_t value = text_.Number();
    if (value > maximum_) ThrowBroken("PNM", "a value above the largest");
    return scaled_[static_cast<size_t>(value)];
  }

  void ReadFloats(const uint8_t* from, uint8_t* values) const {
    for (int x = 0; x < width_; ++x, from += sizeof(float)) {
      uint32_t bits = 0;
      for (int i = 0; i < 4; ++i) bits |= uint32_t{from[i]} << 8 * (little_endian_ ? i : 3 - i);
      const auto value = std::bit_cast<float>(bits);
      values[x] = value > 0 ? static_cast<uint8_t>(std::min(value, 255.0f)) : 0;
    }
  }

  Text text_;
  char kind_;
  int samples_ = 1;  // a pixel
  int64_t maximum_ = 0;
  std::vector<uint8_t> scaled_;  // of each value
  bool little_endian_ = false;
  const uint8_t* data_ = nullptr;  // binary rows
  size_t row_bytes_ = 0;
  int next_row_ = 0;
};

}  // namespace

const PictureFormat kPnmFormat = {
    "PNM",
    [](std::span<const std::byte> bytes) {
      if (bytes.size() < 3) return false;
      const char kind = std::to_integer<char>(bytes[1]);
      return bytes[0] == std::byte{'P'} && ((kind >= '1' && kind <= '6') || kind == 'f') &&
             IsSpace(std::to_integer<uint8_t>(bytes[2]));
    },
    [](std::span<const std::byte> bytes, int64_t max_pixels) -> std::unique_ptr<PictureReader> {
      return std::make_unique<PnmReader>(bytes, max_pixels);
    },
};

}  // namespace mnv4
