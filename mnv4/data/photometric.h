#pragma once
/// Operations on the values of 8-bit pixels. Where Garden and Pillow differ, `profile` says whose
/// bytes come out; docs/augmentation.md has the formulas.

#include <array>
#include <cstdint>

#include "mnv4/data/profile.h"
#include "mnv4/image/pixels.h"

namespace mnv4::data {

/// What becomes of every value.
using Lut = std::array<uint8_t, 256>;

Lut InvertLut();
/// v below the threshold stays; others become 255 - v. 256 changes nothing.
Lut SolarizeLut(int threshold);
/// v below 128 grows by `addend`, up to 255.
Lut SolarizeAddLut(int addend);
/// Keeps the highest `bits` of 8.
Lut PosterizeLut(int bits);
/// From `base` at factor 0 over v at factor 1 and beyond, truncated.
Lut BlendLut(int base, float factor);

void Apply(const Lut& lut, Image& image);

/// Every channel is stretched to 0..255.
void AutoContrast(Image& image, Profile profile);
/// Every channel's histogram is flattened.
void Equalize(Image& image);
/// Each of these is the picture at factor 1, and less or more of it at others: at 0 it is black,
/// grey of one value, grey, smoothed.
void Brightness(Image& image, float factor);
void Contrast(Image& image, float factor, Profile profile);
void Color(Image& image, float factor, Profile profile);
void Sharpness(Image& image, float factor, Profile profile);

}  // namespace mnv4::data
