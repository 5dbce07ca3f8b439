#include "mnv4/data/augment.h"

#include <algorithm>

#include "mnv4/data/geometric.h"
#include "mnv4/data/photometric.h"

namespace mnv4::data {
namespace {

constexpr const char* kNames[kNumOps] = {"AutoContrast", "Equalize",   "Invert",     "Rotate",
                                         "Posterize",    "Solarize",   "Color",      "Contrast",
                                         "Brightness",   "Sharpness",  "ShearX",     "ShearY",
                                         "TranslateX",   "TranslateY", "SolarizeAdd"};

bool IsEnhancement(Op op) {
  return op == Op::kColor || op == Op::kContrast || op == Op::kBrightness || op == Op::kSharpness;
}

bool HasSign(Op op) {
  return op == Op::kRotate || op == Op::kShearX || op == Op::kShearY || op == Op::kTranslateX ||
         op == Op::kTranslateY;
}

}  // namespace

const char* Name(Op op) { return kNames[static_cast<int>(op)]; }

double ArgumentOf(Op op, double magnitude, const Strength& strength, int side) {
  const bool clean = strength.profile == Profile::kClean;
  const bool increasing = clean && strength.increasing;
  const double level = (clean ? std::clamp(magnitude, 0.0, 10.0) : magnitude) / 10;
  switch (op) {
    case Op::kAutoContrast:
    case Op::kEqualize:
    case Op::kInvert:
      return 0;
    case Op::kRotate:
      return 30 * level;
    case Op::kPosterize: {
      const int bits = static_cast<int>(4 * level);
      return increasing ? 4 - bits : bits;
    }
    case Op::kSolarize: {
      const int threshold = static_cast<int>(256 * level);
      // Garden compares 8-bit numbers, in which 384 is 128.
      if (!clean) return threshold > 256 ? threshold % 256 : threshold;
      return increasing ? 256 - threshold : threshold;
    }
    case Op::kColor:
    case Op::kContrast:
    case Op::kBrightness:
    case Op::kSharpness:
      return increasing ? 1 + 0.9 * level : 1.8 * level + 0.1;
    case Op::kShearX:
    case Op::kShearY:
      return 0.3 * level;
    case Op::kTranslateX:
    case Op::kTranslateY:
      return clean ? 0.45 * level * side : strength.translate * level;
    case Op::kSolarizeAdd: {
      const int addend = static_cast<int>(110 * level);
      return clean ? std::min(addend, 128) : addend;
    }
  }
  return 0;
}

void ApplyOp(Op op, double argument, Profile profile, Image& image) {
  const int whole = static_cast<int>(argument);
  const auto factor = static_cast<float>(argument);
  switch (op) {
    case Op::kAutoContrast:
      return AutoContrast(image, profile);
    case Op::kEqualize:
      return Equalize(image);
    case Op::kInvert:
      return Apply(InvertLut(), image);
    case Op::kRotate:
      return Warp(Rotate(argument, image.width, image.height, profile), profile, image);
    case Op::kPosterize:
      return Apply(PosterizeLut(whole), image);
    case Op::kSolarize:
      return Apply(SolarizeLut(whole), image);
    case Op::kColor:
      return Color(image, factor, profile);
    case Op::kContrast:
      return Contrast(image, factor, profile);
    case Op::kBrightness:
      return Brightness(image, factor);
    case Op::kSharpness:
      return Sharpness(image, factor, profile);
    case Op::kShearX:
      return Warp(ShearX(argument), profile, image);
    case Op::kShearY:
      return Warp(ShearY(argument), profile, image);
    case Op::kTranslateX:
      return Warp(TranslateX(argument), profile, image);
    case Op::kTranslateY:
      return Warp(TranslateY(argument), profile, image);
    case Op::kSolarizeAdd:
      return Apply(SolarizeAddLut(whole), image);
  }
}

void ApplyOp(Op op, double magnitude, const Strength& strength, Random& random, Image& image) {
  const int side = op == Op::kTranslateX ? image.width : image.height;
  double argument = ArgumentOf(op, magnitude, strength, side);
  if (HasSign(op) && random.Chance(0.5)) argument = -argument;
  const bool less_or_more = strength.profile == Profile::kClean && strength.increasing;
  if (less_or_more && IsEnhancement(op) && random.Chance(0.5)) {
    argument = std::max(0.1, 2 - argument);  // 1 - x for 1 + x
  }
  ApplyOp(op, argument, strength.profile, image);
}

}  // namespace mnv4::data
