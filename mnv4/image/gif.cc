#include <gif_lib.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "mnv4/image/convert.h"
#include "mnv4/image/reader.h"

namespace mnv4 {
namespace {

// giflib reads the file through this.
struct Source {
  std::span<const std::byte> bytes;
  bool in_pixels = false;
};

int ReadBytes(GifFileType* gif, GifByteType* to, int count) {
  auto* source = static_cast<Source*>(gif->UserData);
  const size_t taken = std::min<size_t>(count, source->bytes.size());
  std::memcpy(to, source->bytes.data(), taken);
  source->bytes = source->bytes.subspan(taken);
  // Once all pixels are there the blocks' end may be missing, as in Pillow: a length of 0 is read.
  if (taken == 0 && count == 1 && source->in_pixels) {
    *to = 0;
    return 1;
  }
  return static_cast<int>(taken);
}

struct CloseGif {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};
using Gif = std::unique_ptr<GifFileType, CloseGif>;

[[noreturn]] void ThrowGifError(int error) {
  const char* text = GifErrorString(error);
  ThrowBroken("GIF", text != nullptr ? text : "the file is broken or truncated");
}

void Check(GifFileType* gif, int result) {
  if (result == GIF_ERROR) ThrowGifError(gif->Error);
}

// The blocks of an extension. Returns the transparent colour if they say one, else `transparent`.
int ReadExtension(GifFileType* gif, int transparent) {
  int code;
  GifByteType* block;  // its length first
  Check(gif, DGifGetExtension(gif, &code, &block));
  if (code == GRAPHICS_EXT_FUNC_CODE && block != nullptr && block[0] >= 4 && (block[1] & 1) != 0) {
    transparent = block[4];
  }
  while (block != nullptr) Check(gif, DGifGetExtensionNext(gif, &block));
  return transparent;
}

// A map that says of every value that it is this grey is as good as none: values past its end are
// greys too, where they are black with any other.
bool IsColour(const ColorMapObject* map) {
  if (map == nullptr) return false;
  for (int i = 0; i < map->ColorCount; ++i) {
    const GifColorType& c = map->Colors[i];
    if (c.Red != i || c.Green != i || c.Blue != i) return true;
  }
  return false;
}

Palette PaletteOf(const GifFileType* gif) {
  const ColorMapObject* map = IsColour(gif->Image.ColorMap) ? gif->Image.ColorMap : gif->SColorMap;
  if (!IsColour(map)) return GreyRamp();
  Palette palette = {};
  for (int i = 0; i < map->ColorCount; ++i) {
    const GifColorType& c = map->Colors[i];
    palette[i * 3] = c.Red;
    palette[i * 3 + 1] = c.Green;
    palette[i * 3 + 2] = c.Blue;
  }
  return palette;
}

// The first frame, where it lies on the screen; the rest of the screen has the transparent colour,
// or the first one.
class GifReader : public PictureReader {
 public:
  GifReader(std::span<const std::byte> bytes, int64_t max_pixels) {
    Source source = {bytes};
    int error = 0;
    const Gif gif(DGifOpen(&source, ReadBytes, &error));
    if (gif == nullptr) ThrowGifError(error);
    const int background = std::max(0, FindFrame(gif.get()));

    const GifImageDesc& frame = gif->Image;
    const int64_t width = std::max<int64_t>(gif->SWidth, int64_t{frame.Left} + frame.Width);
    const int64_t height = std::max<int64_t>(gif->SHeight, int64_t{frame.Top} + frame.Height);
    CheckSize("GIF", frame.Width, frame.Height, max_pixels);
    CheckSize("GIF", width, height, max_pixels);
    width_ = static_cast<int>(width);
    height_ = static_cast<int>(height);
    palette_ = PaletteOf(gif.get());
    indices_.assign(size_t{1} * width_ * height_, static_cast<uint8_t>(background));
    source.in_pixels = true;
    DecodeFrame(gif.get());
  }

  void Read(uint8_t* const* rows, int count) override {
    for (int r = 0; r < count; ++r, ++next_row_) {
      LookUp(palette_, &indices_[size_t{1} * width_ * next_row_], width_, rows[r]);
    }
  }

 private:
  // Goes to the first frame. Returns the transparent colour, -1 if there is none.
  static int FindFrame(GifFileType* gif) {
    int transparent = -1;
    for (;;) {
      GifRecordType type;
      Check(gif, DGifGetRecordType(gif, &type));
      if (type == IMAGE_DESC_RECORD_TYPE) break;
      if (type == TERMINATE_RECORD_TYPE) ThrowBroken("GIF", "a file without a picture");
      transparent = ReadExtension(gif, transparent);
    }
    Check(gif, DGifGetImageDesc(gif));
    return transparent;
  }

  void DecodeFrame(GifFileType* gif) {
    struct Pass {
      int first, step;
    };
    constexpr Pass kInterlaced[] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}}, kPlain[] = {{0, 1}};
    const GifImageDesc& frame = gif->Image;
    const auto passes = frame.Interlace ? std::span<const Pass>(kInterlaced) : kPlain;
    for (const Pass& pass : passes) {
      for (int y = pass.first; y < frame.Height; y += pass.step) {
        uint8_t* row = &indices_[size_t{1} * width_ * (frame.Top + y) + frame.Left];
        Check(gif, DGifGetLine(gif, row, frame.Width));
      }
    }
  }

  std::vector<uint8_t> indices_;
  Palette palette_;
  int next_row_ = 0;
};

}  // namespace

const PictureFormat kGifFormat = {
    "GIF",
    [](std::span<const std::byte> bytes) {
      return bytes.size() >= 6 && (std::memcmp(bytes.data(), "GIF87a", 6) == 0 ||
                                   std::memcmp(bytes.data(), "GIF89a", 6) == 0);
    },
    [](std::span<const std::byte> bytes, int64_t max_pixels) -> std::unique_ptr<PictureReader> {
      return std::make_unique<GifReader>(bytes, max_pixels);
    },
};

}  // namespace mnv4
