#pragma once
/// Operations that move 8-bit pixels.

#include "mnv4/data/profile.h"
#include "mnv4/image/pixels.h"

namespace mnv4::data {

/// Where pixel (x, y) of the result comes from: (a x + b y + c, d x + e y + f).
struct Affine {
  double a = 1, b = 0, c = 0;
  double d = 0, e = 1, f = 0;
};

/// Positive: what is below moves to the left.
Affine ShearX(double factor);
Affine ShearY(double factor);
/// Pixels; positive: to the left and up.
Affine TranslateX(double pixels);
Affine TranslateY(double pixels);
/// About the centre of the picture; positive: counter-clockwise.
Affine Rotate(double degrees, int width, int height, Profile profile);

/// Garden: x and y are whole, the nearest pixel is taken, and the picture goes on as its mirror
/// image beyond its borders. Clean: they are the middles of pixels, the result is bilinear, and
/// grey of 128 lies around the picture; Pillow's bytes.
void Warp(const Affine& affine, Profile profile, Image& image);

/// Garden's border: the coordinate in [0, length - 1] that stands for any.
float Reflect(float at, int length);

}  // namespace mnv4::data
