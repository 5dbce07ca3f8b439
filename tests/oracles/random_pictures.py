"""Random small pictures as files: every kind of JPEG and PNG, odd and extreme shapes; the other
formats are in random_formats.py."""

import dataclasses
import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageFile

ImageFile.MAXBLOCK = 1 << 24  # Pillow cannot write large progressive files in smaller pieces

SIDES = [1, 2, 3, 7, 8, 9, 15, 16, 17, 33, 64, 100, 255]
ADAM7 = [
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
]
PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # a pixel, by colour type
PNG_DEPTHS = {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}


@dataclasses.dataclass
class Picture:
    kind: str  # for messages
    suffix: str
    data: bytes


def random_shape(rng):
    """(width, height): small, middling, or with one side many times the other."""
    side = lambda: int(rng.choice(SIDES)) if rng.random() < 0.5 else int(rng.integers(1, 500))
    width, height = side(), side()
    if rng.random() < 0.15:
        width, height = width % 20 + 1, height + 500
    return (height, width) if rng.random() < 0.1 else (width, height)


def smooth(rng, width, height, channels):
    """Blobs over noise, so that neither JPEG nor the filters have it too easy."""
    planes = []
    for _ in range(channels):
        coarse = Image.fromarray(rng.integers(0, 256, (height // 9 + 2, width // 9 + 2), np.uint8))
        blobs = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.int16)
        planes.append(blobs + rng.integers(-20, 21, (height, width)))
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def random_jpeg(rng, exif=None):
    mode = str(rng.choice(["L", "RGB", "CMYK", "YCbCr", "stored as RGB"]))
    channels = {"L": 1, "CMYK": 4}.get(mode, 3)
    options = {"quality": int(rng.choice([5, 50, 85, 95, 100])), "progressive": rng.random() < 0.3}
    if channels == 3:
        options["subsampling"] = int(rng.integers(0, 3))
    if mode == "stored as RGB":
        options.update(keep_rgb=True, subsampling=0)
    if rng.random() < 0.2:
        options["restart_marker_blocks"] = int(rng.integers(1, 5))
    if exif is not None:
        options["exif"] = exif
    pixels = smooth(rng, *random_shape(rng), channels)
    if channels == 1:
        image = Image.fromarray(pixels[..., 0])
    else:
        image = Image.frombytes(
            mode if mode in ("CMYK", "YCbCr") else "RGB",
            (pixels.shape[1], pixels.shape[0]),
            pixels.tobytes(),
        )
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    data = bytearray(file.getvalue())
    kind = f"JPEG {mode} {options}"
    frame = data.find(b"\xff\xc0")
    if options.get("subsampling") == 2 and frame > 0 and rng.random() < 0.4:
        # Blocks of four luma and two chroma squares can be read as 4:1:1 or 1:4 as well.
        data[frame + 11] = int(rng.choice([0x41, 0x14]))
        kind += f" sampling {data[frame + 11]:#x}"
    return Picture(kind, ".jpg", bytes(data))


def png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_rows(samples, depth):
    """Filter byte 0 and packed samples, row after row."""
    out = b""
    for row in samples:
        if depth == 16:
            packed = row.astype(">u2").tobytes()
        else:
            bits = (row.reshape(-1, 1) >> np.arange(depth - 1, -1, -1)) & 1
            packed = np.packbits(bits.astype(np.uint8)).tobytes()
        out += b"\0" + packed
    return out


def png(samples, colour_type, depth, interlaced, extra=b"", behind=b""):
    """A PNG of samples [h, w, n], with chunks in front of and behind the pixels. By hand, as Pillow
    writes neither 16-bit colours nor interlaced files."""
    if interlaced:
        passes = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        raw = b"".join(png_rows(part, depth) for part in passes if part.size)
    else:
        raw = png_rows(samples, depth)
    packed = zlib.compress(raw)
    half = len(packed) // 2
    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlaced)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + extra
        + png_chunk(b"IDAT", packed[:half])
        + png_chunk(b"IDAT", packed[half:])
        + behind
        + png_chunk(b"IEND", b"")
    )


def random_png(rng):
    colour_type = int(rng.choice(list(PNG_SAMPLES)))
    depth = int(rng.choice(PNG_DEPTHS[colour_type]))
    interlaced = bool(rng.random() < 0.35)
    width, height = random_shape(rng)
    levels = 1 << depth
    extra = b""
    if colour_type == 3:
        levels = int(rng.integers(1, levels + 1))
        extra += png_chunk(b"PLTE", rng.bytes(3 * levels))
    if colour_type in (0, 2, 3) and rng.random() < 0.4:
        transparent = {0: 2, 2: 6, 3: levels}[colour_type]
        extra += png_chunk(b"tRNS", bytes(transparent))
    samples = rng.integers(0, levels, (height, width, PNG_SAMPLES[colour_type]))
    if depth >= 8 and colour_type != 3:
        samples = (
            smooth(rng, width, height, samples.shape[2]).astype(np.int64) * (levels - 1)
        ) // 255
    data = png(samples, colour_type, depth, interlaced, extra)
    return Picture(f"PNG type {colour_type} depth {depth} interlaced {interlaced}", ".png", data)


def random_pillow_png(rng):
    mode = str(rng.choice(["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]))
    width, height = random_shape(rng)
    if mode == "I;16":
        image = Image.frombytes(
            mode, (width, height), rng.integers(0, 1024, (height, width), np.uint16).tobytes()
        )
    else:
        image = Image.fromarray(smooth(rng, width, height, 4), "RGBA").convert(mode)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=bool(rng.random() < 0.3))
    return Picture(f"Pillow's PNG {mode}", ".png", file.getvalue())


def random_picture(rng):
    return [random_jpeg, random_png, random_pillow_png][rng.choice(3, p=[0.5, 0.3, 0.2])](rng)
