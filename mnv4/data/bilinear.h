#pragma once
/// Bilinear resize without antialiasing, as TensorFlow's tf.image.resize does it: half-pixel
/// centres, float results that are not rounded. (image/resize.h is Pillow's, antialiased.)

#include <functional>
#include <vector>

#include "mnv4/image/pixels.h"

namespace mnv4::data {

/// Gives row after row of the result, width * channels floats in [0, 255], to `take`. With
/// `mirrored` the picture is flipped left to right before.
void ResizeBilinear(const ImageView& image, bool mirrored, int width, int height,
                    const std::function<void(int y, const float* row)>& take);

/// The same as [height, width, channels].
std::vector<float> ResizeBilinear(const ImageView& image, bool mirrored, int width, int height);

}  // namespace mnv4::data
