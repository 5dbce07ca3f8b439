#pragma once
// A picture prepared to be drawn at any size and turn: RGBA, premultiplied, with halved copies.

#include <cmath>
#include <cstdint>
#include <vector>

#include "canvas.h"

namespace mnv4::scenes {

/// 8-bit RGBA, rows packed.
struct Rgba {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> bytes;
};

struct Sprite {
  int width = 0;  ///< of the finest level, without border
  int height = 0;
  int border = 0;            ///< transparent pixels around each level
  std::vector<Rgba> levels;  ///< each half as fine as the one before
};

/// Transparent margins cut off, halved until the long side is at most `max_long_side`, colours
/// premultiplied, a transparent border added.
Sprite MakeStamp(Rgba picture, int max_long_side);
/// Opaque, without border; halved first until the short side is at most `max_short_side`.
Sprite MakePhoto(Rgba picture, int max_short_side);

/// Maps canvas pixels to pixels of a sprite's finest level.
struct Affine {
  float xx = 1, xy = 0, x0 = 0;
  float yx = 0, yy = 1, y0 = 0;
  /// Sprite pixels per canvas pixel.
  float Scale() const { return std::sqrt(std::fabs(xx * yy - xy * yx)); }
};

/// What light does to a sprite's own colours.
struct Tone {
  F4 gain = {1, 1, 1, 1};  ///< the fourth number scales opacity
  float saturation = 1;
};

/// Fills the canvas; outside the photograph its edge pixels repeat.
void FillWith(const Sprite& photo, const Affine& to_photo, Canvas* canvas);
/// Draws over the canvas. `extra_levels` takes coarser copies: a soft outline, for shadows.
void DrawOver(const Sprite& stamp, const Affine& to_stamp, const Tone& tone, int extra_levels,
              Canvas* canvas);

}  // namespace mnv4::scenes
