// Pictures made of nothing but numbers.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "mnv4/base/check.h"
#include "mnv4/data/random.h"
#include "mnv4/data/source.h"

namespace mnv4::data {
namespace {

constexpr int kCells = 4;  // squares of one colour along a side
constexpr int kColours = kCells * kCells * 3;
constexpr uint64_t kNoSample = std::numeric_limits<uint64_t>::max();  // the stream of the classes

// Class c is a board of 4 x 4 coloured squares; a sample of it is shifted, brighter or darker, and
// noisy.
class Synthetic : public Source {
 public:
  Synthetic(int classes, int64_t size, int side, uint64_t seed)
      : boards_(classes), size_(size), side_(side), seed_(seed) {
    for (int c = 0; c < classes; ++c) {
      Random random(seed, Use::kSynthetic, kNoSample, c);
      for (int& colour : boards_[c]) colour = static_cast<int>(random.Below(256));
    }
  }

  int64_t Size() const override { return size_; }
  int LabelOf(int64_t index) const override {
    return static_cast<int>(index % static_cast<int64_t>(boards_.size()));
  }

  Sample Get(int64_t epoch, int64_t index) const override {
    Random random(seed_, Use::kSynthetic, epoch, index);
    const std::array<int, kColours>& board = boards_[LabelOf(index)];
    const int cell = std::max(1, side_ / kCells);
    const auto shift_x = static_cast<int>(random.Below(cell));
    const auto shift_y = static_cast<int>(random.Below(cell));
    const auto gain = static_cast<int>(192 + random.Below(128));  // of 256
    std::string pnm = fmt::format("P6\n{} {}\n255\n", side_, side_);
    const size_t header = pnm.size();
    pnm.resize(header + size_t{3} * side_ * side_);
    char* out = pnm.data() + header;
    for (int y = 0; y < side_; ++y) {
      const int row = (y + shift_y) / cell % kCells;
      for (int x = 0; x < side_; ++x, out += 3) {
        const int* colour = &board[3 * (row * kCells + (x + shift_x) / cell % kCells)];
        const uint32_t noise = random.Bits();
        for (int c = 0; c < 3; ++c) {
          const int grain = static_cast<int>(noise >> (8 * c) & 31) - 16;
          out[c] = static_cast<char>(std::clamp(colour[c] * gain / 256 + grain, 0, 255));
        }
      }
    }
    Sample sample{.key = fmt::format("synthetic:{}:{}", epoch, index), .labels = {LabelOf(index)}};
    sample.bytes.resize(pnm.size());
    std::memcpy(sample.bytes.data(), pnm.data(), pnm.size());
    return sample;
  }

 private:
  std::vector<std::array<int, kColours>> boards_;
  int64_t size_;
  int side_;
  uint64_t seed_;
};

}  // namespace

std::unique_ptr<Source> SyntheticSource(int classes, int64_t size, int side, uint64_t seed) {
  MNV4_CHECK(classes > 0 && size >= 0 && side > 0);
  return std::make_unique<Synthetic>(classes, size, side, seed);
}

}  // namespace mnv4::data
