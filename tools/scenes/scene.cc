#include "scene.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "codec.h"
#include "effects.h"
#include "random.h"

namespace mnv4::scenes {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;

// Where the object lies on the canvas.
struct Placement {
  float cx = 0, cy = 0;         // centre, pixels
  float width = 0, height = 0;  // extents before the turn, pixels
  float angle = 0;              // radians
  bool mirrored = false;
};

// Every run of `classes` scenes shows each class once, in an order of its own.
int LabelOf(uint64_t seed, Split split, uint64_t index, size_t classes) {
  // Splits are 0 and 1: 2 and 3 make streams that no scene has.
  Rng rng(seed, static_cast<uint64_t>(split) + 2, index / classes);
  std::vector<int> order(classes);
  std::iota(order.begin(), order.end(), 0);
  for (size_t i = classes; i > 1; --i) {
    std::swap(order[i - 1], order[static_cast<size_t>(rng.Below(static_cast<int>(i)))]);
  }
  return order[index % classes];
}

Placement PlaceObject(const Sprite& stamp, int side, Rng& rng) {
  const float n = static_cast<float>(side);
  Placement p;
  p.mirrored = rng.Chance(0.5f);
  // Mostly upright as photographs are, sometimes at any turn.
  p.angle = rng.Chance(0.75f) ? rng.Between(-0.5f, 0.5f) : rng.Between(-kPi, kPi);
  const float stretch = rng.Between(0.88f, 1.14f);
  const float w = static_cast<float>(stamp.width) * stretch;
  const float h = static_cast<float>(stamp.height) / stretch;
  // The longer side takes 36 to 95 % of the picture's; thin objects are kept from the low end.
  const float thin = std::sqrt(std::sqrt(std::max(w, h) / std::min(w, h)));
  const float scale = n * std::min(0.95f, rng.Between(0.36f, 0.95f) * thin) / std::max(w, h);
  p.width = w * scale;
  p.height = h * scale;
  // Anywhere that leaves at least about nine tenths of the turned box in the picture.
  const float c = std::fabs(std::cos(p.angle)), s = std::fabs(std::sin(p.angle));
  const float box_w = c * p.width + s * p.height, box_h = s * p.width + c * p.height;
  const auto centre = [&](float extent) {
    const float lo = 0.4f * extent, hi = n - 0.4f * extent;
    return lo < hi ? rng.Between(lo, hi) : n / 2;
  };
  p.cx = centre(box_w);
  p.cy = centre(box_h);
  return p;
}

// Canvas pixels to stamp pixels, the object moved by (dx, dy).
Affine ToStamp(const Sprite& stamp, const Placement& p, float dx, float dy) {
  const float c = std::cos(p.angle), s = std::sin(p.angle);
  const float sx = static_cast<float>(stamp.width) / p.width * (p.mirrored ? -1.0f : 1.0f);
  const float sy = static_cast<float>(stamp.height) / p.height;
  Affine a{c * sx, s * sx, 0, -s * sy, c * sy, 0};
  const float cx = p.cx + dx, cy = p.cy + dy;
  a.x0 = static_cast<float>(stamp.width) / 2 - a.xx * cx - a.xy * cy;
  a.y0 = static_cast<float>(stamp.height) / 2 - a.yx * cx - a.yy * cy;
  return a;
}

Shape RandomShape(Rng& rng) {
  Shape shape;
  shape.kind = static_cast<ShapeKind>(rng.Below(3));
  shape.angle = rng.Between(-kPi, kPi);
  shape.colour = RandomColour(rng);
  const float change = rng.Unit();  // not in the call: the order of arguments is the compiler's
  shape.colour2 = Lerp(shape.colour, RandomColour(rng), change);
  return shape;
}

void DrawDistractors(Rng& rng, Canvas* canvas) {
  const float n = static_cast<float>(canvas->side);
  for (int count = std::max(0, rng.Below(5) - 2); count > 0; --count) {
    Shape shape = RandomShape(rng);
    shape.cx = rng.Between(0, n), shape.cy = rng.Between(0, n);
    shape.rx = n * rng.Between(0.03f, 0.25f), shape.ry = n * rng.Between(0.03f, 0.25f);
    DrawShape(shape, canvas);
  }
}

// In front of the object: at most a quarter of its box.
void DrawOccluder(const Placement& p, Rng& rng, Canvas* canvas) {
  Shape shape = RandomShape(rng);
  const float area = rng.Between(0.03f, 0.25f) * p.width * p.height;
  const float aspect = rng.Between(0.3f, 3);
  shape.rx = std::sqrt(area * aspect) / 2, shape.ry = std::sqrt(area / aspect) / 2;
  const float u = rng.Between(-0.45f, 0.45f) * p.width, v = rng.Between(-0.45f, 0.45f) * p.height;
  const float c = std::cos(p.angle), s = std::sin(p.angle);
  shape.cx = p.cx + c * u - s * v;
  shape.cy = p.cy + s * u + c * v;
  shape.opacity = rng.Chance(0.7f) ? 1 : rng.Between(0.4f, 0.9f);
  DrawShape(shape, canvas);
}

void DrawObject(const Sprite& stamp, const Placement& p, Rng& rng, Canvas* canvas) {
  if (rng.Chance(0.4f)) {
    const Tone shadow{{0, 0, 0, rng.Between(0.15f, 0.5f)}, 1};
    const float reach = 0.08f * std::max(p.width, p.height);
    const float dx = rng.Between(-reach, reach), dy = rng.Between(0, reach);
    DrawOver(stamp, ToStamp(stamp, p, dx, dy), shadow, 2, canvas);
  }
  Tone tone;
  tone.gain *= Splat(rng.Between(0.7f, 1.25f));
  for (int c = 0; c < 3; ++c) tone.gain[c] *= rng.Between(0.93f, 1.07f);
  tone.gain[3] = 1;
  tone.saturation = rng.Between(0.6f, 1.2f);
  DrawOver(stamp, ToStamp(stamp, p, 0, 0), tone, 0, canvas);
}

}  // namespace

Scene MakeScene(const Assets& assets, uint64_t seed, Split split, uint64_t index, int size) {
  Rng rng(seed, static_cast<uint64_t>(split), index);
  Scene scene;
  scene.label = LabelOf(seed, split, index, assets.stamps.size());
  const Sprite& stamp = assets.stamps[static_cast<size_t>(scene.label)];
  // Some are composed larger: preprocessing must shrink them, as it does real photographs.
  const float enlarge = rng.Chance(0.2f) ? rng.Between(1.4f, 2.5f) : 1;
  const int side = static_cast<int>(static_cast<float>(size) * enlarge);

  Canvas canvas(side);
  PaintGround(split, split == Split::kTrain ? assets.train_photos : assets.heldout_photos, rng,
              &canvas);
  DrawDistractors(rng, &canvas);
  const Placement placement = PlaceObject(stamp, side, rng);
  DrawObject(stamp, placement, rng, &canvas);
  if (rng.Chance(0.4f)) DrawOccluder(placement, rng, &canvas);
  ApplyLight(rng, &canvas);
  if (rng.Chance(0.35f)) {
    Blur(static_cast<float>(side) * rng.Between(0.002f, 0.01f), &canvas);
  }
  if (rng.Chance(0.35f)) AddSensorNoise(rng.Between(1, 12), rng, &canvas);
  const int quality = 30 + rng.Below(66);
  scene.jpeg = EncodeJpeg(ToRgb(canvas), quality, rng.Chance(0.6f));
  return scene;
}

}  // namespace mnv4::scenes
