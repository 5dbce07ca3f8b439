#include "mnv4/image/window.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "mnv4/base/check.h"
#include "mnv4/image/convert.h"

namespace mnv4 {
namespace {

// Where the window lies in the rows of the file.
Window Stored(Window window, const Turn& turn, const PictureReader& reader) {
  if (turn.transpose) {
    std::swap(window.x, window.y);
    std::swap(window.width, window.height);
  }
  if (turn.from_right) window.x = reader.width() - window.x - window.width;
  if (turn.from_below) window.y = reader.height() - window.y - window.height;
  return window;
}

}  // namespace

Image ReadWindow(PictureReader& reader, const Turn& turn, const Window& window, int channels) {
  const Window stored = Stored(window, turn, reader);
  MNV4_CHECK(stored.x >= 0 && stored.y >= 0 && stored.width > 0 && stored.height > 0 &&
             stored.width <= reader.width() - stored.x &&
             stored.height <= reader.height() - stored.y);
  const Columns columns = reader.Narrow({stored.x, stored.x + stored.width});
  if (stored.y > 0) reader.Skip(stored.y);

  constexpr int kRows = 16;
  const size_t row_bytes = size_t{3} * reader.width();
  std::vector<uint8_t> buffer(row_bytes * kRows);
  uint8_t* rows[kRows];
  for (int r = 0; r < kRows; ++r) rows[r] = &buffer[r * row_bytes];
  Image image{stored.width, stored.height, channels, {}};
  const size_t out_bytes = size_t{1} * stored.width * channels;
  // Address space only, as in ReadAll: a huge but broken picture takes no memory.
  image.pixels.reserve(out_bytes * stored.height);
  for (int y = 0; y < stored.height; y += kRows) {
    const int count = std::min(kRows, stored.height - y);
    reader.Read(rows, count);
    image.pixels.resize(out_bytes * (y + count));
    for (int r = 0; r < count; ++r) {
      const uint8_t* from = rows[r] + size_t{3} * (stored.x - columns.begin);
      uint8_t* to = &image.pixels[(y + r) * out_bytes];
      if (channels == 3) {
        std::copy_n(from, out_bytes, to);
      } else {
        RgbToGrey(from, stored.width, to);
      }
    }
  }
  return Orient(std::move(image), turn);
}

}  // namespace mnv4
