#pragma once
/// EXIF orientation: which way up a camera held the picture.

#include <cstddef>
#include <span>

#include "mnv4/image/pixels.h"

namespace mnv4 {

/// The orientation tag of an EXIF block (a TIFF file: "II*" or "MM" first), 1 to 8; 1, upright, if
/// it has none or is broken.
int ParseOrientation(std::span<const std::byte> tiff);

/// Where the pixels of the picture to be seen are stored. Its first pixel is in the named corner;
/// its rows run along the stored rows or, transposed, along the columns.
struct Turn {
  bool transpose = false, from_right = false, from_below = false;
};
Turn TurnOf(int orientation);

/// The picture as it is to be seen. A transposing turn exchanges width and height.
Image Orient(Image image, const Turn& turn);

}  // namespace mnv4
