#pragma once
/// Which part of a picture training looks at: the Inception crop, as TensorFlow and as torchvision
/// (and timm) draw it. docs/augmentation.md has the steps.

#include "mnv4/data/random.h"
#include "mnv4/image/window.h"

namespace mnv4::data {

struct CropRange {
  double area_min = 0.08, area_max = 1;               ///< of the picture
  double aspect_min = 3.0 / 4, aspect_max = 4.0 / 3;  ///< width / height
};

/// TensorFlow's sampler: aspect and height are uniform. Its fallback, and what stands for a crop
/// that is the whole picture, is the centre crop of evaluation.
Window GardenCrop(int width, int height, const CropRange& range, Random& random);

/// torchvision's: area and the logarithm of the aspect are uniform. Its fallback is the largest
/// centre crop of a legal aspect.
Window CleanCrop(int width, int height, const CropRange& range, Random& random);

/// The centre square whose side is trunc(fraction * the shorter side), at least 1.
Window CentreCrop(int width, int height, double fraction);

/// The heights that GardenCrop draws from at this aspect, ends included.
struct Heights {
  int least = 0, most = 0;
  bool operator==(const Heights&) const = default;
};
Heights GardenHeights(int width, int height, const CropRange& range, float aspect);
/// rint(height * aspect) in float, half to even.
int GardenWidth(int height, float aspect);

}  // namespace mnv4::data
