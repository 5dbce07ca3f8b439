#pragma once
/// JPEG files of any size and subsampling, for pages, tests and benchmarks.

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>
// jpeglib.h wants size_t and FILE declared before it.
#include <jpeglib.h>

#include "mnv4/image/resize.h"
#include "mnv4/image/synthetic_pixels.h"

namespace mnv4 {

/// Blobs of several sizes: compresses about as a photograph does.
inline Image Blobs(int width, int height) {
  Image sum = Resize(SyntheticPixels(9, 7, 3).view(), width, height, Interpolation::kBicubic);
  for (int cells : {40, 200, 1000}) {
    const Image layer = Resize(SyntheticPixels(cells, cells * 3 / 4, 3).view(), width, height,
                               Interpolation::kBicubic);
    for (size_t i = 0; i < sum.pixels.size(); ++i) {
      sum.pixels[i] = static_cast<uint8_t>((sum.pixels[i] * 3 + layer.pixels[i]) / 4);
    }
  }
  return sum;
}

struct JpegStyle {
  int quality = 85;
  int h_samples = 2, v_samples = 2;  ///< of brightness to one of colour, along either side
  bool progressive = false;
};

/// `image` has 1 or 3 channels. libjpeg ends the program on errors.
inline std::vector<std::byte> EncodeJpeg(const Image& image, const JpegStyle& style = {}) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;  // the type libjpeg's interface has
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = image.width;
  info.image_height = image.height;
  info.input_components = image.channels;
  info.in_color_space = image.channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, style.quality, TRUE);
  if (image.channels == 3) {
    info.comp_info[0].h_samp_factor = style.h_samples;
    info.comp_info[0].v_samp_factor = style.v_samples;
  }
  if (style.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    auto* row = const_cast<JSAMPROW>(image.view().row(static_cast<int>(info.next_scanline)));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const auto encoded = std::as_bytes(std::span(bytes, size));
  std::vector<std::byte> out(encoded.begin(), encoded.end());
  std::free(bytes);
  return out;
}

}  // namespace mnv4
