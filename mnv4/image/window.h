#pragma once
/// A part of a picture, without decoding what is around it where the format allows.

#include "mnv4/image/orientation.h"
#include "mnv4/image/pixels.h"
#include "mnv4/image/reader.h"

namespace mnv4 {

/// A rectangle of a picture, pixels.
struct Window {
  int x = 0, y = 0, width = 0, height = 0;
  bool operator==(const Window&) const = default;
};

/// The window of a picture that was just opened; x and y count in the picture as it is to be seen.
/// The same pixels as cutting them out of the whole; damage behind the window is not noticed.
/// Throws Error(kRuntime) for damage before its end.
Image ReadWindow(PictureReader& reader, const Turn& turn, const Window& window, int channels);

}  // namespace mnv4
