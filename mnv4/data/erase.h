#pragma once
/// Random erasing (Zhong et al. 2020): a rectangle of normalised pixels becomes noise.

#include <span>

#include "mnv4/data/random.h"

namespace mnv4::data {

/// timm's "pixel" mode: 2 % to a third of the area, an aspect of 0.3 to 1 / 0.3, a standard normal
/// number for every channel of every pixel. `pixels`: [height, width, channels].
void EraseRectangle(int height, int width, int channels, Random& random, std::span<float> pixels);

}  // namespace mnv4::data
