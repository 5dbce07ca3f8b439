#include "mnv4/image/bmp_rle.h"

#include <algorithm>
#include <utility>

#include "mnv4/image/reader.h"

namespace mnv4 {
namespace {

enum Escape : uint8_t { kEndOfLine = 0, kEndOfPicture = 1, kDelta = 2 };

class Decoder {
 public:
  Decoder(std::span<const std::byte> file, size_t at, int width, int height, bool four_bits)
      : file_(file),
        at_(at),
        width_(width),
        wanted_(size_t{1} * width * height),
        four_bits_(four_bits) {}

  std::vector<uint8_t> Run() {
    while (out_.size() < wanted_ && Step()) {
    }
    if (out_.size() < wanted_) ThrowBroken("BMP", "the runs end before the last pixel");
    return std::move(out_);
  }

 private:
  bool Has(size_t count) const { return at_ <= file_.size() && file_.size() - at_ >= count; }
  uint8_t Byte() { return std::to_integer<uint8_t>(file_[at_++]); }

  // One run; false at the end.
  bool Step() {
    if (!Has(2)) return false;
    const uint8_t count = Byte(), value = Byte();
    if (count > 0) {
      Repeat(value, std::min<size_t>(count, width_ - std::min(x_, width_)));
      return true;
    }
    switch (value) {
      case kEndOfLine:
        out_.resize((out_.size() + width_ - 1) / width_ * width_);
        x_ = 0;
        return true;
      case kEndOfPicture:
        return false;
      case kDelta: {
        if (!Has(2)) return false;
        const size_t right = Byte(), down = Byte();
        out_.resize(std::min(wanted_, out_.size() + right + down * width_));
        x_ = out_.size() % width_;
        return true;
      }
      default:
        return Copy(value);
    }
  }

  void Repeat(uint8_t value, size_t count) {
    const uint8_t first = four_bits_ ? value >> 4 : value, second = four_bits_ ? value & 15 : value;
    for (size_t i = 0; i < count; ++i) out_.push_back(i % 2 == 0 ? first : second);
    x_ += count;
  }

  // `count` single values. They may go on in the next row, as Pillow reads them.
  bool Copy(uint8_t count) {
    const size_t taken = std::min<size_t>(wanted_ - out_.size(), count);
    const size_t bytes = four_bits_ ? (taken + 1) / 2 : taken;
    if (!Has(bytes)) return false;
    for (size_t i = 0; i < taken; ++i) {
      const uint8_t byte = std::to_integer<uint8_t>(file_[at_ + (four_bits_ ? i / 2 : i)]);
      out_.push_back(!four_bits_ ? byte : i % 2 == 0 ? byte >> 4 : byte & 15);
    }
    at_ += bytes;
    at_ += at_ % 2;
    x_ += count;
    return true;
  }

  std::span<const std::byte> file_;
  size_t at_;
  size_t width_, wanted_;
  bool four_bits_;
  size_t x_ = 0;  // in the row; past its end after values that were too many for it
  std::vector<uint8_t> out_;
};

}  // namespace

std::vector<uint8_t> DecodeBmpRuns(std::span<const std::byte> file, size_t at, int width,
                                   int height, bool four_bits) {
  return Decoder(file, at, width, height, four_bits).Run();
}

}  // namespace mnv4
