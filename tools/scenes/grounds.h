#pragma once
// What lies behind the object: photographs, procedural textures, plain grounds and gradients.

#include <span>

#include "canvas.h"
#include "random.h"
#include "sprite.h"

namespace mnv4::scenes {

/// Training and held-out scenes share no photograph, texture family or gradient family.
enum class Split { kTrain, kHeldout };

/// Any colour; greys, black and white more often than chance would have them.
F4 RandomColour(Rng& rng);

/// Half photographs (if there are any), else textures and plain grounds.
void PaintGround(Split split, std::span<const Sprite> photos, Rng& rng, Canvas* canvas);

}  // namespace mnv4::scenes
