#pragma once
// What happens to the whole picture, and the plain shapes that lie around or in front of the
// object.

#include "canvas.h"
#include "random.h"

namespace mnv4::scenes {

enum class ShapeKind { kEllipse, kRectangle, kTriangle };

struct Shape {
  ShapeKind kind = ShapeKind::kEllipse;
  float cx = 0, cy = 0;  ///< centre, pixels
  float rx = 0, ry = 0;  ///< half extents, pixels
  float angle = 0;       ///< radians
  F4 colour = {0, 0, 0, 0};
  F4 colour2 = {0, 0, 0, 0};  ///< at the other end: a gradient along the shape's x axis
  float opacity = 1;
};
void DrawShape(const Shape& shape, Canvas* canvas);

/// Brightness, contrast, colour temperature and a ramp of light across the picture.
void ApplyLight(Rng& rng, Canvas* canvas);
/// Gaussian, `sigma` in pixels.
void Blur(float sigma, Canvas* canvas);
/// Sensor noise: independent per pixel and channel, standard deviation `sigma`.
void AddSensorNoise(float sigma, Rng& rng, Canvas* canvas);

}  // namespace mnv4::scenes
