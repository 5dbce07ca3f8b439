#pragma once
/// What a picture format provides; decode.cc has the table of them. One file a format.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mnv4/image/decode.h"
#include "mnv4/image/pixels.h"

namespace mnv4 {

/// Columns [begin, end) of a picture.
struct Columns {
  int begin = 0, end = 0;
};

/// A picture whose header is read and whose rows are decoded as they are asked for.
class PictureReader {
 public:
  virtual ~PictureReader() = default;

  int width() const { return width_; }              ///< pixels, as stored
  int height() const { return height_; }            ///< pixels, as stored
  int orientation() const { return orientation_; }  ///< EXIF's, 1 to 8 (orientation.h)

  /// Decodes the next `count` rows to RGB: rows[r] has room for width() * 3 bytes.
  /// Throws Error(kRuntime) if the file is broken or ends before them.
  virtual void Read(uint8_t* const* rows, int count) = 0;
  /// Passes over the next `count` rows. Throws as Read does.
  virtual void Skip(int count);
  /// Before the first Read or Skip: only these columns will be looked at. Returns those that rows
  /// hold from now on, which include them; all, where a format has no use for it.
  virtual Columns Narrow(Columns /*wanted*/) { return {0, width_}; }

 protected:
  int width_ = 0, height_ = 0, orientation_ = 1;
};

/// A picture that its format gives only as a whole: decoded when it is opened.
class WholePicture : public PictureReader {
 public:
  void Read(uint8_t* const* rows, int count) override;
  void Skip(int count) override { next_row_ += count; }

 protected:
  std::vector<uint8_t> rgb_;  ///< height() * width() * 3

 private:
  int next_row_ = 0;
};

/// A row of decode.cc's table.
struct PictureFormat {
  const char* name;  ///< "JPEG"
  bool (*matches)(std::span<const std::byte> bytes);
  /// Throws Error(kRuntime); checks the size by CheckSize before it allocates.
  std::unique_ptr<PictureReader> (*open)(std::span<const std::byte> bytes, int64_t max_pixels);
};

extern const PictureFormat kJpegFormat;
extern const PictureFormat kPngFormat;
extern const PictureFormat kWebPFormat;
extern const PictureFormat kTiffFormat;
extern const PictureFormat kGifFormat;
extern const PictureFormat kBmpFormat;
extern const PictureFormat kPnmFormat;

/// Opens whichever format the bytes are in.
std::unique_ptr<PictureReader> OpenPicture(std::span<const std::byte> bytes, int64_t max_pixels);

/// All rows of a picture just opened, not turned; `channels` 3 or 1 (grey as Pillow makes it).
Image ReadAll(PictureReader& reader, int channels);

/// Error(kRuntime), "FORMAT: what".
[[noreturn]] void ThrowBroken(const char* format, const std::string& what);
/// Throws Error(kRuntime) if there are no pixels or more than the limit.
void CheckSize(const char* format, int64_t width, int64_t height, int64_t max_pixels);

}  // namespace mnv4
