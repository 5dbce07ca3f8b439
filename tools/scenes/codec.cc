#include "codec.h"

#include <cstdio>
// jpeglib.h needs size_t and FILE declared before it.
#include <jpeglib.h>
#include <spng.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

namespace mnv4::scenes {
namespace {

// libjpeg's default handler exits the program; throwing through it is sound because g++ and clang
// emit unwind tables for C on this platform, and Debian builds libjpeg-turbo with them.
[[noreturn]] void ThrowJpegError(j_common_ptr info) {
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  throw std::runtime_error(std::string("JPEG: ") + text);
}

struct Decompressor {
  Decompressor() {
    info.err = jpeg_std_error(&errors);
    errors.error_exit = ThrowJpegError;
    jpeg_create_decompress(&info);
  }
  ~Decompressor() { jpeg_destroy_decompress(&info); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  jpeg_error_mgr errors;
  jpeg_decompress_struct info;
};

struct Compressor {
  Compressor() {
    info.err = jpeg_std_error(&errors);
    errors.error_exit = ThrowJpegError;
    jpeg_create_compress(&info);
  }
  ~Compressor() {
    jpeg_destroy_compress(&info);
    std::free(buffer);
  }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  jpeg_error_mgr errors;
  jpeg_compress_struct info;
  unsigned char* buffer = nullptr;
  unsigned long size = 0;  // the type libjpeg's interface has
};

// Rows of 3 or 4 bytes a pixel, as `space` says.
std::vector<uint8_t> Decode(std::span<const uint8_t> jpeg, J_COLOR_SPACE space, int channels,
                            int* width, int* height) {
  Decompressor d;
  jpeg_mem_src(&d.info, jpeg.data(), jpeg.size());
  jpeg_read_header(&d.info, TRUE);
  d.info.out_color_space = space;
  jpeg_start_decompress(&d.info);
  *width = static_cast<int>(d.info.output_width);
  *height = static_cast<int>(d.info.output_height);
  const size_t stride = static_cast<size_t>(*width) * static_cast<size_t>(channels);
  std::vector<uint8_t> bytes(stride * static_cast<size_t>(*height));
  while (d.info.output_scanline < d.info.output_height) {
    JSAMPROW row = &bytes[d.info.output_scanline * stride];
    jpeg_read_scanlines(&d.info, &row, 1);
  }
  jpeg_finish_decompress(&d.info);
  return bytes;
}

Rgba DecodePng(std::span<const uint8_t> png) {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> ctx(spng_ctx_new(0), spng_ctx_free);
  Rgba picture;
  spng_ihdr header{};
  size_t size = 0;
  int error = spng_set_png_buffer(ctx.get(), png.data(), png.size());
  if (error == 0) error = spng_get_ihdr(ctx.get(), &header);
  if (error == 0) error = spng_decoded_image_size(ctx.get(), SPNG_FMT_RGBA8, &size);
  if (error == 0) {
    picture.width = static_cast<int>(header.width);
    picture.height = static_cast<int>(header.height);
    picture.bytes.resize(size);
    error =
        spng_decode_image(ctx.get(), picture.bytes.data(), size, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS);
  }
  if (error != 0) throw std::runtime_error(std::string("PNG: ") + spng_strerror(error));
  return picture;
}

}  // namespace

Rgba ReadPicture(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  const std::vector<char> chars{std::istreambuf_iterator<char>(file), {}};
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(chars.data()),
                                       chars.size());
  try {
    if (bytes.size() > 2 && bytes[0] == 0xff && bytes[1] == 0xd8) {
      Rgba picture;
      picture.bytes = Decode(bytes, JCS_EXT_RGBA, 4, &picture.width, &picture.height);
      return picture;
    }
    return DecodePng(bytes);
  } catch (const std::runtime_error& e) {
    throw std::runtime_error(path + ": " + e.what());
  }
}

std::vector<uint8_t> EncodeJpeg(const Rgb& picture, int quality, bool subsample) {
  Compressor c;
  jpeg_mem_dest(&c.info, &c.buffer, &c.size);
  c.info.image_width = static_cast<JDIMENSION>(picture.side);
  c.info.image_height = static_cast<JDIMENSION>(picture.side);
  c.info.input_components = 3;
  c.info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&c.info);
  jpeg_set_quality(&c.info, quality, TRUE);
  c.info.comp_info[0].h_samp_factor = subsample ? 2 : 1;
  c.info.comp_info[0].v_samp_factor = subsample ? 2 : 1;
  jpeg_start_compress(&c.info, TRUE);
  const size_t stride = static_cast<size_t>(picture.side) * 3;
  while (c.info.next_scanline < c.info.image_height) {
    // libjpeg takes rows as non-const and only reads them.
    JSAMPROW row = const_cast<JSAMPROW>(&picture.bytes[c.info.next_scanline * stride]);
    jpeg_write_scanlines(&c.info, &row, 1);
  }
  jpeg_finish_compress(&c.info);
  return {c.buffer, c.buffer + c.size};
}

Rgb DecodeJpeg(std::span<const uint8_t> jpeg) {
  Rgb picture;
  int height = 0;
  picture.bytes = Decode(jpeg, JCS_RGB, 3, &picture.side, &height);
  if (height != picture.side) throw std::runtime_error("JPEG: not square");
  return picture;
}

}  // namespace mnv4::scenes
