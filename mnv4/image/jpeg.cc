#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string>
// jpeglib.h wants size_t and FILE declared before it.
#include <jpeglib.h>

#include "mnv4/image/convert.h"
#include "mnv4/image/orientation.h"
#include "mnv4/image/reader.h"

namespace mnv4 {
namespace {

constexpr int kMaxScans = 1000;  // a progressive file has about ten; each costs a whole picture

// libjpeg reports errors by a call that must not return. It jumps back to Guarded, which throws.
struct ErrorHandler : jpeg_error_mgr {
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void OnError(j_common_ptr info) {
  auto* handler = static_cast<ErrorHandler*>(info->err);
  handler->format_message(info, handler->message);
  std::longjmp(handler->jump, 1);
}

[[noreturn]] void Fail(j_decompress_ptr info, const char* message) {
  auto* handler = static_cast<ErrorHandler*>(info->err);
  std::snprintf(handler->message, sizeof(handler->message), "%s", message);
  std::longjmp(handler->jump, 1);
}

// Damage that libjpeg can go on after is let pass, as in Pillow.
void OnMessage(j_common_ptr, int) {}

// An early end is an error; once all rows are there, the end marker may be missing, as in Pillow.
boolean OnEndOfBytes(j_decompress_ptr info) {
  if (info->output_scanline == 0 || info->output_scanline < info->output_height) {
    Fail(info, "the file is truncated");
  }
  return FALSE;
}

void SkipBytes(j_decompress_ptr info, long count) {
  jpeg_source_mgr& source = *info->src;
  if (count <= 0) return;
  if (static_cast<size_t>(count) > source.bytes_in_buffer) OnEndOfBytes(info);
  const size_t skipped = std::min<size_t>(count, source.bytes_in_buffer);
  source.next_input_byte += skipped;
  source.bytes_in_buffer -= skipped;
}

void OnProgress(j_common_ptr common) {
  auto* info = reinterpret_cast<j_decompress_ptr>(common);
  if (info->input_scan_number > kMaxScans) Fail(info, "too many scans");
}

void Nothing(j_decompress_ptr) {}

// What libjpeg works with. It knows the parts by address.
struct JpegState {
  jpeg_decompress_struct info = {};
  ErrorHandler errors = {};
  jpeg_source_mgr source = {};
  jpeg_progress_mgr progress = {};

  JpegState() = default;
  JpegState(const JpegState&) = delete;
  JpegState& operator=(const JpegState&) = delete;
  ~JpegState() { jpeg_destroy_decompress(&info); }

  void Init(std::span<const std::byte> bytes) {
    info.err = jpeg_std_error(&errors);
    errors.error_exit = OnError;
    errors.emit_message = OnMessage;
    jpeg_create_decompress(&info);  // clears all but `err`
    source.next_input_byte = reinterpret_cast<const JOCTET*>(bytes.data());
    source.bytes_in_buffer = bytes.size();
    source.init_source = Nothing;
    source.fill_input_buffer = OnEndOfBytes;
    source.skip_input_data = SkipBytes;
    source.resync_to_restart = jpeg_resync_to_restart;
    source.term_source = Nothing;
    info.src = &source;
    progress.progress_monitor = OnProgress;
    info.progress = &progress;
  }

  // Runs calls of libjpeg; their errors are thrown as Error. `calls` must own nothing: a jump out
  // of it runs no destructors.
  template <class Calls>
  void Guarded(const Calls& calls) {
    if (setjmp(errors.jump) != 0) ThrowBroken("JPEG", errors.message);
    calls();
  }
};

int OrientationOf(const jpeg_decompress_struct& info) {
  constexpr char kExif[6] = {'E', 'x', 'i', 'f', 0, 0};
  for (const jpeg_marker_struct* m = info.marker_list; m != nullptr; m = m->next) {
    if (m->data_length < sizeof(kExif) || std::memcmp(m->data, kExif, sizeof(kExif)) != 0) continue;
    const auto block = std::as_bytes(std::span(m->data, m->data_length));
    return ParseOrientation(block.subspan(sizeof(kExif)));
  }
  return 1;
}

class JpegReader : public PictureReader {
 public:
  JpegReader(std::span<const std::byte> bytes, int64_t max_pixels) {
    jpeg_decompress_struct& info = jpeg_.info;
    jpeg_.Guarded([&] {
      jpeg_.Init(bytes);
      jpeg_save_markers(&info, JPEG_APP0 + 1, 0xffff);
      jpeg_read_header(&info, TRUE);
    });
    CheckSize("JPEG", info.image_width, info.image_height, max_pixels);
    const int channels = info.num_components;
    if (channels != 1 && channels != 3 && channels != 4) {
      ThrowBroken("JPEG", std::to_string(channels) + " channels, wanted 1, 3 or 4");
    }
    width_ = static_cast<int>(info.image_width);
    height_ = static_cast<int>(info.image_height);
    orientation_ = OrientationOf(info);
    if (channels == 4) cmyk_.resize(size_t{4} * width_);
    jpeg_.Guarded([&] {
      info.out_color_space = channels == 4 ? JCS_CMYK : JCS_RGB;
      jpeg_start_decompress(&info);  // all scans of a progressive file
    });
  }

  void Read(uint8_t* const* rows, int count) override {
    uint8_t* cmyk = cmyk_.data();
    for (int r = 0; r < count;) {
      int done = 0;
      jpeg_.Guarded([&] {
        done = static_cast<int>(
            cmyk_.empty()
                ? jpeg_read_scanlines(&jpeg_.info, const_cast<JSAMPARRAY>(rows + r), count - r)
                : jpeg_read_scanlines(&jpeg_.info, &cmyk, 1));
      });
      // Pillow takes every four-channel JPEG as Adobe writes it, inverted.
      if (!cmyk_.empty()) InvertedCmykToRgb(cmyk, width_, rows[r]);
      r += done;
    }
    jpeg_decompress_struct& info = jpeg_.info;
    if (info.output_scanline < info.output_height) return;
    jpeg_.Guarded([&] { jpeg_finish_decompress(&info); });  // there may be errors behind the rows
  }

  void Skip(int count) override {
    if (!cmyk_.empty()) return PictureReader::Skip(count);
    jpeg_.Guarded([&] { jpeg_skip_scanlines(&jpeg_.info, static_cast<JDIMENSION>(count)); });
  }

  // libjpeg begins a row where a block does. Its smooth chroma looks at the pixel beside, which it
  // does not have at the ends of such a row: what is wanted keeps a block's distance from them.
  Columns Narrow(Columns wanted) override {
    if (!cmyk_.empty()) return {0, width_};
    jpeg_decompress_struct& info = jpeg_.info;
    const int block = info.max_h_samp_factor * DCTSIZE;
    auto left = static_cast<JDIMENSION>(std::max(0, wanted.begin - block));
    auto width = static_cast<JDIMENSION>(std::min(width_, wanted.end + block)) - left;
    jpeg_.Guarded([&] { jpeg_crop_scanline(&info, &left, &width); });
    return {static_cast<int>(left), static_cast<int>(left + width)};
  }

 private:
  JpegState jpeg_;
  std::vector<uint8_t> cmyk_;  // one row, if the file has four channels
};

}  // namespace

const PictureFormat kJpegFormat = {
    "JPEG",
    [](std::span<const std::byte> bytes) {
      constexpr uint8_t kMagic[] = {0xff, 0xd8, 0xff};
      return bytes.size() > sizeof(kMagic) &&
             std::memcmp(bytes.data(), kMagic, sizeof(kMagic)) == 0;
    },
    [](std::span<const std::byte> bytes, int64_t max_pixels) -> std::unique_ptr<PictureReader> {
      return std::make_unique<JpegReader>(bytes, max_pixels);
    },
};

}  // namespace mnv4
