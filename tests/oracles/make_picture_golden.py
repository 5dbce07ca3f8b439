"""Writes tests/golden/images: small picture files and the hashes of what Pillow 13, timm and torch
make of them, for the tests of mnv4/image. Run it in the environment of requirements.txt."""

import io
import itertools
import pathlib

import numpy as np
from PIL import Image, ImageOps
from timm.data import create_transform

import random_formats
import random_pictures as pictures

FOLDER = pathlib.Path(__file__).parent.parent / "golden" / "images"
FILTERS = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]


def fnv(data):
    """FNV-1a, 64 bits."""
    value = 14695981039346656037
    for byte in data:
        value = (value ^ byte) * 1099511628211 % 2**64
    return f"{value:016x}"


def synthetic(width, height, channels):
    """The pixels of SyntheticPixels() in mnv4/image/synthetic_pixels.h: noise, many extremes."""
    z = np.arange(width * height * channels, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    byte, kind = z & np.uint64(255), (z >> np.uint64(8)) & np.uint64(7)
    byte = np.where(kind == 0, 0, np.where(kind == 1, 255, byte))
    return byte.astype(np.uint8).reshape(height, width, channels)


def as_image(pixels):
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def jpeg(image, **options):
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def ycck(data):
    """A CMYK JPEG whose Adobe marker says that it is YCCK."""
    at = data.index(b"Adobe") + 11
    return data[:at] + b"\2" + data[at + 1 :]


def resampled(data, factors):
    """A 4:2:0 JPEG read with other luma factors of the same number of blocks."""
    at = data.index(b"\xff\xc0") + 11
    return data[:at] + bytes([factors]) + data[at + 1 :]


def exif(orientation):
    tags = Image.Exif()
    tags[0x112] = orientation
    return tags.tobytes()


def jpeg_files(rng):
    colour = as_image(pictures.smooth(rng, 45, 37, 3))
    grey = as_image(pictures.smooth(rng, 21, 33, 1))
    inks = Image.frombytes("CMYK", (19, 26), pictures.smooth(rng, 19, 26, 4).tobytes())
    narrow = as_image(
        pictures.smooth(rng, 12, 70, 3)
    )  # tall enough for Pillow to change its passes
    yield "grey.jpg", jpeg(grey)
    for name, subsampling in [("444", 0), ("422", 1), ("420", 2)]:
        yield f"{name}.jpg", jpeg(colour, subsampling=subsampling, quality=85)
    yield "411.jpg", resampled(jpeg(colour, subsampling=2), 0x41)
    yield "114.jpg", resampled(jpeg(colour, subsampling=2), 0x14)
    yield "progressive.jpg", jpeg(colour, progressive=True)
    yield "restarts.jpg", jpeg(colour, restart_marker_blocks=2)
    yield "rgb.jpg", jpeg(colour, keep_rgb=True, subsampling=0)
    yield "cmyk.jpg", jpeg(inks)
    yield "ycck.jpg", ycck(jpeg(inks))
    for orientation in range(1, 9):
        yield f"orientation{orientation}.jpg", jpeg(narrow, exif=exif(orientation))


def png_files(rng):
    for colour_type, samples in pictures.PNG_SAMPLES.items():
        for depth in pictures.PNG_DEPTHS[colour_type]:
            levels = 1 << depth
            pixels = rng.integers(0, levels, (9, 13, samples))
            extra = b""
            if colour_type == 3:
                extra = pictures.png_chunk(b"PLTE", rng.bytes(3 * levels))
            if colour_type in (0, 2):
                extra = pictures.png_chunk(b"tRNS", bytes(2 * samples))
            for interlaced in (False, True):
                name = f"type{colour_type}_depth{depth}{'_interlaced' if interlaced else ''}.png"
                yield name, pictures.png(pixels, colour_type, depth, interlaced, extra)
    pixels = rng.integers(0, 256, (4, 7, 3))
    chunk = pictures.png_chunk(b"eXIf", exif(6).removeprefix(b"Exif\0\0"))
    yield "exif_before.png", pictures.png(pixels, 2, 8, False, chunk)
    yield "exif_behind.png", pictures.png(pixels, 2, 8, False, behind=chunk)


def other_files():
    """Of each further format as many as show all its kinds."""
    random_formats.MOST = 12
    random_formats.random_shape = lambda rng: tuple(int(side) for side in rng.integers(5, 14, 2))
    counts = {"webp": 6, "tiff": 40, "gif": 10, "bmp": 24, "pnm": 16}
    for name, count in counts.items():
        rng = np.random.default_rng(1)
        for i in range(count):
            picture = getattr(random_formats, f"random_{name}")(rng)
            try:
                image = Image.open(io.BytesIO(picture.data))
                image.load()
            except OSError:  # what Pillow refuses
                continue
            if min(image.size) < 3:  # the tests' crops would make nothing of it
                continue
            yield f"{name}{i:02}{picture.suffix}", picture.data
    ycc = Image.frombytes("YCbCr", (9, 7), pictures.smooth(rng, 9, 7, 3).tobytes())
    yield "ycc.tif", random_formats.saved(ycc, "TIFF")


def write_files():
    rng = np.random.default_rng(1)
    lines = ["# file, size and hash of RGB, of grey, of RGB turned by EXIF"]
    for name, data in itertools.chain(jpeg_files(rng), png_files(rng), other_files()):
        (FOLDER / name).write_bytes(data)
        image = Image.open(io.BytesIO(data))
        rgb, grey = image.convert("RGB"), image.convert("L")
        if image.mode == "YCbCr":  # grey is not the file's Y for us: docs/picture-formats.md
            grey = rgb.convert("L")
        image.load()
        turned = ImageOps.exif_transpose(image).convert("RGB")
        lines.append(
            f"{name} {rgb.width} {rgb.height} {fnv(rgb.tobytes())} {fnv(grey.tobytes())} "
            f"{turned.width} {turned.height} {fnv(turned.tobytes())}"
        )
    (FOLDER / "decoded.txt").write_text("\n".join(lines) + "\n")


def write_resizes():
    shapes = [
        (1, 1, 5, 7),
        (7, 5, 1, 1),
        (3, 4, 300, 2),
        (64, 48, 64, 30),
        (64, 48, 31, 48),
        (33, 17, 66, 35),
        (500, 375, 341, 256),
        (30, 400, 12, 90),
        (40, 100, 20, 58),
        (40, 100, 20, 59),
        (40, 100, 20, 61),
        (100, 40, 20, 8),
        (17, 300, 16, 299),
        (9, 9, 9, 9),
        (255, 3, 20, 9),
    ]
    cases = [
        (*shape, channels, filter) for shape in shapes for channels in [3, 1] for filter in FILTERS
    ]
    cases.append((4000, 3000, 358, 269, 3, "bicubic"))  # also that of image_bench.cc
    lines = ["# from width and height, channels, to width and height, filter, hash"]
    for w, h, to_w, to_h, channels, filter in cases:
        image = as_image(synthetic(w, h, channels))
        out = image.resize((to_w, to_h), getattr(Image.Resampling, filter.upper()))
        lines.append(f"{w} {h} {channels} {to_w} {to_h} {filter} {fnv(out.tobytes())}")
    (FOLDER / "resized.txt").write_text("\n".join(lines) + "\n")


def transform_of(channels, height, width, pct, mode, filter, mean, std):
    return create_transform(
        (channels, height, width),
        is_training=False,
        interpolation=filter,
        mean=mean,
        std=std,
        crop_pct=pct,
        crop_mode=mode,
    )


def write_crops():
    shapes = [(50, 40), (40, 50), (31, 31), (21, 96), (90, 10), (10, 90), (64, 64)]
    crops = [(32, 32, 0.875), (32, 32, 1.0), (24, 40, 0.9), (41, 27, 0.95), (33, 33, 1.3)]
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    lines = ["# picture's width and height, crop's height and width, crop_pct, mode, filter, hash"]
    rng = np.random.default_rng(2)
    for (w, h), (height, width, pct), mode in itertools.product(
        shapes, crops, ["center", "squash", "border"]
    ):
        filter = str(rng.choice(FILTERS))
        image = as_image(synthetic(w, h, 3))
        for step in transform_of(3, height, width, pct, mode, filter, mean, std).transforms[:-2]:
            image = step(image)
        lines.append(f"{w} {h} {height} {width} {pct} {mode} {filter} {fnv(image.tobytes())}")
    (FOLDER / "cropped.txt").write_text("\n".join(lines) + "\n")


def write_normalized():
    presets = [
        ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ((0.5,) * 3, (0.5,) * 3),
        ((0.0,) * 3, (1.0,) * 3),
        ((0.1307, 1 / 3, 0.99), (0.3081, 2 / 3, 0.017)),
    ]
    lines = [
        "# mean, std, hash of the float32 tensor [c, h, w] of a 16x16 picture of all 256 values"
    ]
    values = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    for mean, std in presets:
        to_tensor, normalize = transform_of(
            3, 16, 16, 1.0, "center", "bicubic", mean, std
        ).transforms[-2:]
        tensor = normalize(to_tensor(as_image(values)))
        numbers = " ".join(repr(v) for v in mean + std)
        lines.append(f"{numbers} {fnv(tensor.numpy().tobytes())}")
    (FOLDER / "normalized.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    write_files()
    write_resizes()
    write_crops()
    write_normalized()
