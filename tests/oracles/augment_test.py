"""Compares the operations of augmentation, byte for byte: augment_test.py BUILD_DIRECTORY

The clean profile with timm's functions on Pillow; the garden profile with numpy written from the
formulas of docs/augmentation.md; the AutoAugment policy with timm's table."""

import pathlib
import re
import subprocess
import sys

import numpy as np
from PIL import Image
from timm.data import auto_augment as timm_aa

ROOT = pathlib.Path(__file__).resolve().parents[2]
GREY = (128, 128, 128)
BILINEAR = Image.Resampling.BILINEAR


def trunc(values):
    return np.clip(values, 0, 255).astype(np.uint8)


def blend(base, image, factor):
    if factor == 1:
        return image
    base, value = np.float32(base), image.astype(np.float32)
    return trunc(base + np.float32(factor) * (value - base))


def garden_color(image, factor):
    scaled = image.astype(np.float32) * np.float32(1 / 255)
    r, g, b = (scaled[..., c] * np.float32(w) for c, w in enumerate((0.2989, 0.5870, 0.1140)))
    grey = ((r + g + b) * np.float32(255.5)).astype(np.uint8)
    return blend(grey[..., None], image, factor)


def garden_contrast(image, factor):
    base = min(image.shape[0] * image.shape[1] // 256, 255)
    return blend(np.full_like(image, base), image, factor)


def garden_sharpness(image, factor):
    out, wide = image.copy(), image.astype(int)
    h, w = image.shape[:2]
    windows = [wide[y : y + h - 2, x : x + w - 2] for y in range(3) for x in range(3)]
    inside = (sum(windows) + 4 * windows[4]) // 13
    out[1:-1, 1:-1] = blend(inside.astype(np.uint8), image[1:-1, 1:-1], factor)
    return out


def garden_autocontrast(image, _):
    out = image.copy()
    for c in range(3):
        low, high = int(image[..., c].min()), int(image[..., c].max())
        if high > low:
            scale = np.float32(255) / np.float32(high - low)
            offset = np.float32(-low) * scale
            out[..., c] = trunc(image[..., c].astype(np.float32) * scale + offset)
    return out


def equalize(image, _):
    out = image.copy()
    for c in range(3):
        histogram = np.bincount(image[..., c].ravel(), minlength=256)
        step = (histogram.sum() - histogram[histogram > 0][-1]) // 255
        if step:
            below = np.concatenate([[0], np.cumsum(histogram)[:-1]])
            out[..., c] = np.clip((below + step // 2) // step, 0, 255)[image[..., c]]
    return out


def reflected(at, length):
    """Half-sample symmetric: d c b a | a b c d | d c b a, by walking there."""
    at = at.astype(np.float64)
    while True:
        wrong = (at < -0.5) | (at > length - 0.5)
        if not wrong.any():
            return np.clip(at, 0, length - 1)
        at = np.where(at < -0.5, -at - 1, np.where(at > length - 0.5, 2 * length - at - 1, at))


def garden_warp(matrix):
    def warp(image, argument):
        h, w = image.shape[:2]
        a, b, c, d, e, f = (np.float32(v) for v in matrix(argument, w, h))
        x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
        at_x, at_y = reflected(a * x + b * y + c, w), reflected(d * x + e * y + f, h)
        return image[np.floor(at_y + 0.5).astype(int), np.floor(at_x + 0.5).astype(int)]

    return warp


def rotation(degrees, w, h):
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    w, h = w - 1, h - 1
    return cos, -sin, (w - (cos * w - sin * h)) / 2, sin, cos, (h - (sin * w + cos * h)) / 2


GARDEN = {
    "AutoContrast": garden_autocontrast,
    "Equalize": equalize,
    "Invert": lambda image, _: 255 - image,
    "Rotate": garden_warp(rotation),
    "Posterize": lambda image, bits: image >> (8 - int(bits)) << (8 - int(bits)),
    "Solarize": lambda image, t: np.where(image.astype(int) < int(t), image, 255 - image),
    "Color": garden_color,
    "Contrast": garden_contrast,
    "Brightness": lambda image, factor: blend(np.zeros_like(image), image, factor),
    "Sharpness": garden_sharpness,
    "ShearX": garden_warp(lambda s, w, h: (1, s, 0, 0, 1, 0)),
    "ShearY": garden_warp(lambda s, w, h: (1, 0, 0, s, 1, 0)),
    "TranslateX": garden_warp(lambda p, w, h: (1, 0, p, 0, 1, 0)),
    "TranslateY": garden_warp(lambda p, w, h: (1, 0, 0, 0, 1, p)),
    "SolarizeAdd": lambda image, add: np.where(image < 128, trunc(image.astype(int) + int(add)), image),
}


def timms(function, whole=False, warps=False):
    options = {"fillcolor": GREY, "resample": BILINEAR} if warps else {}

    def run(image, argument):
        argument = int(argument) if whole else argument
        return np.asarray(function(Image.fromarray(image), argument, **options))

    return run


CLEAN = {
    "AutoContrast": timms(lambda image, _: timm_aa.auto_contrast(image)),
    "Equalize": timms(lambda image, _: timm_aa.equalize(image)),
    "Invert": timms(lambda image, _: timm_aa.invert(image)),
    "Rotate": timms(timm_aa.rotate, warps=True),
    "Posterize": timms(timm_aa.posterize, whole=True),
    "Solarize": timms(timm_aa.solarize, whole=True),
    "Color": timms(timm_aa.color),
    "Contrast": timms(timm_aa.contrast),
    "Brightness": timms(timm_aa.brightness),
    "Sharpness": timms(timm_aa.sharpness),
    "ShearX": timms(timm_aa.shear_x, warps=True),
    "ShearY": timms(timm_aa.shear_y, warps=True),
    "TranslateX": timms(timm_aa.translate_x_abs, warps=True),
    "TranslateY": timms(timm_aa.translate_y_abs, warps=True),
    "SolarizeAdd": timms(timm_aa.solarize_add, whole=True),
}

FACTORS = [0.1, 0.19, 0.5, 1.0, 1.72, 1.81, 2.8]
ARGUMENTS = {
    "Rotate": [0, 15, -27, 30, 45],
    "Posterize": [1, 2, 3, 6],
    "Solarize": [0, 26, 128, 230, 256],
    "Color": FACTORS,
    "Contrast": FACTORS,
    "Brightness": FACTORS,
    "Sharpness": FACTORS,
    "ShearX": [0.15, -0.27, 0.45],
    "ShearY": [-0.15, 0.27, 0.3],
    "TranslateX": [5, -18, 90.72],
    "TranslateY": [9, -15.5, 225],
    "SolarizeAdd": [0, 55, 99, 128],
}


def pictures():
    rng = np.random.default_rng(1)
    for width, height in [(224, 224), (61, 40), (40, 61), (3, 3), (2, 5), (1, 1)]:
        yield rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        small = Image.fromarray(rng.integers(0, 256, (4, 5, 3), dtype=np.uint8))
        yield np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))
    yield np.full((20, 30, 3), 77, np.uint8)
    yield (rng.integers(0, 256, (90, 70, 3)) // 3 + 60).astype(np.uint8)


def differences(program):
    cases, request = [], b""
    for profile, oracle in [("garden", GARDEN), ("clean", CLEAN)]:
        for op, function in oracle.items():
            for argument in ARGUMENTS.get(op, [0]):
                for image in pictures():
                    h, w = image.shape[:2]
                    request += f"{profile} {op} {argument} {w} {h}\n".encode() + image.tobytes()
                    cases.append((profile, op, argument, image, function(image, argument)))
    answer = subprocess.run([program], input=request, check=True, capture_output=True).stdout
    at = 0
    for profile, op, argument, image, expected in cases:
        ours = np.frombuffer(answer, np.uint8, image.size, at).reshape(image.shape)
        at += image.size
        wrong = ours != expected
        if wrong.any():
            y, x, c = np.argwhere(wrong)[0]
            h, w = image.shape[:2]
            yield (
                f"{profile} {op} {argument} of {w}x{h}: {wrong.sum()} of {wrong.size} bytes differ, the "
                f"first at {x},{y},{c}: {ours[y, x, c]}, expected {expected[y, x, c]}"
            )
    if at != len(answer):
        yield f"{len(answer)} bytes of answer, expected {at}"
    print(f"{len(cases)} operations compared")


def policy_differences():
    text = (ROOT / "mnv4/data/auto_augment.cc").read_text()
    step = r"\{k(\w+), ([\d.]+), (\d+)\}"
    ours = [
        [(m[0], float(m[1]), float(m[2])), (m[3], float(m[4]), float(m[5]))]
        for m in re.findall(rf"\{{{step}, {step}\}}", text)
    ]
    for mine, theirs in zip(ours, timm_aa.auto_augment_policy_v0({}), strict=True):
        for (name, probability, magnitude), op in zip(mine, theirs, strict=True):
            expected = (op.name.removesuffix("Rel"), op.prob, op.magnitude)
            if (name, probability, magnitude) != expected:
                yield f"AutoAugment: {(name, probability, magnitude)}, timm has {expected}"


def main():
    found = [*policy_differences(), *differences(f"{sys.argv[1]}/tests/oracles/mnv4_augment")]
    for line in found:
        print(line)
    print("augment:", f"{len(found)} differences" if found else "all equal")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
