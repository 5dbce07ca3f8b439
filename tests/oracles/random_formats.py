"""Random small pictures in the formats beside JPEG and PNG: what Pillow writes of each, and by hand
what it reads but does not write."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, TiffImagePlugin

from random_pictures import Picture, random_shape, smooth

ORIENTATION = 0x112
MOST = 80  # pixels a side of what is made by hand


def colour_image(rng, mode, width=None, height=None):
    if width is None:
        width, height = random_shape(rng)
    if mode in ("I;16", "I;16B"):
        data = rng.integers(0, 1024, (height, width)).astype("<u2" if mode == "I;16" else ">u2")
        return Image.frombytes(mode, (width, height), data.tobytes())
    if mode == "I":
        data = rng.integers(-100, 700, (height, width)).astype(np.int32)
        return Image.frombytes(mode, (width, height), data.tobytes())
    if mode == "F":
        return Image.fromarray(rng.uniform(-50, 300, (height, width)).astype(np.float32))
    if mode == "CMYK":
        return Image.frombytes(mode, (width, height), smooth(rng, width, height, 4).tobytes())
    image = Image.fromarray(smooth(rng, width, height, 4), "RGBA")
    if mode == "P":
        return image.convert("RGB").quantize(int(rng.integers(2, 257)))
    return image.convert("RGB").convert(mode) if mode == "YCbCr" else image.convert(mode)


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def random_webp(rng):
    mode = str(rng.choice(["RGB", "RGBA", "L"]))
    options = {"lossless": bool(rng.random() < 0.4), "quality": int(rng.integers(0, 101)), "method": 1}
    image = colour_image(rng, mode)
    if rng.random() < 0.2:
        options["save_all"] = True
        options["append_images"] = [colour_image(rng, mode, *image.size)]
        options["minimize_size"] = bool(rng.random() < 0.5)
    kind = f"WebP {mode} {[key for key in options]} lossless={options['lossless']}"
    return Picture(kind, ".webp", saved(image, "WEBP", **options))


def lzw(pixels, bits):
    """GIF's compression without any: literal codes, the table cleared before it grows a bit."""
    codes, clear = [], 1 << bits
    for i in range(0, len(pixels), clear - 2):
        codes += [clear, *pixels[i : i + clear - 2]]
    codes.append(clear + 1)
    stream = sum(int(code) << (bits + 1) * i for i, code in enumerate(codes))
    data = stream.to_bytes((len(codes) * (bits + 1) + 7) // 8, "little")
    blocks = [data[i : i + 255] for i in range(0, len(data), 255)]
    return bytes([bits]) + b"".join(bytes([len(b)]) + b for b in blocks) + b"\0"


def handmade_gif(rng):
    screen_w, screen_h, w, h = (int(side) for side in rng.integers(1, MOST, 4))
    x, y = (int(place) for place in rng.integers(0, MOST // 2, 2))
    bits = int(rng.integers(2, 9))
    colours = lambda: rng.bytes(3 << bits)
    if rng.random() < 0.2:
        colours = lambda: bytes(i for i in range(1 << bits) for _ in range(3))
    have_global, have_local = rng.random() < 0.7, rng.random() < 0.4
    interlaced = bool(rng.random() < 0.4)
    pixels = rng.integers(0, 1 << bits, (h, w))
    if interlaced:
        pixels = np.concatenate([pixels[0::8], pixels[4::8], pixels[2::4], pixels[1::2]])
    data = b"GIF89a" + struct.pack("<HH", screen_w, screen_h)
    data += bytes([0x80 | (bits - 1) if have_global else 0, 0, 0])
    data += colours() if have_global else b""
    if rng.random() < 0.3:
        data += b"!\xfe\x05hello\0"
    if rng.random() < 0.5:
        transparent = int(rng.integers(0, 1 << bits))
        data += b"!\xf9\4" + bytes([rng.integers(0, 2), 1, 0, transparent]) + b"\0"
    flags = (0x80 | (bits - 1) if have_local else 0) | (0x40 if interlaced else 0)
    data += b"," + struct.pack("<HHHHB", x, y, w, h, flags)
    data += (colours() if have_local else b"") + lzw(pixels.ravel(), bits) + b";"
    kind = f"GIF by hand {bits} bits interlaced {interlaced} global {have_global} local {have_local}"
    return Picture(kind, ".gif", data)


def random_gif(rng):
    if rng.random() < 0.5:
        return handmade_gif(rng)
    mode = str(rng.choice(["1", "L", "P", "RGB", "RGBA"]))
    image = colour_image(rng, mode)
    options = {"interlace": int(rng.integers(0, 2))}
    if rng.random() < 0.3:
        options.update(save_all=True, append_images=[colour_image(rng, mode, *image.size)])
    return Picture(f"GIF {mode} {list(options)}", ".gif", saved(image, "GIF", **options))


def bmp_runs(rng, pixels, four_bits):
    """Runs, single values and ends of rows, at random but whole."""
    out = b""
    for row in pixels[::-1]:
        x = 0
        while x < len(row):
            count = int(rng.integers(1, min(9, len(row) - x) + 1))
            if rng.random() < 0.5 or count < 3:
                out += bytes([count, row[x] << 4 | row[x] if four_bits else row[x]])
                row[x : x + count] = row[x]
            else:
                values = bytes(row[x : x + count])
                if four_bits:
                    padded = values + b"\0"
                    values = bytes(
                        padded[i] << 4 | padded[i + 1] for i in range(0, count, 2)
                    )
                out += bytes([0, count]) + values + b"\0" * (len(values) % 2)
            x += count
        out += b"\0\0"
    return out + b"\0\1"


def handmade_bmp(rng):
    width, height = random_shape(rng)
    bits = int(rng.choice([1, 4, 8, 16, 24, 32]))
    core = bool(rng.random() < 0.2)
    header_bytes = 12 if core else int(rng.choice([40, 40, 52, 56, 64, 108, 124]))
    compression, masks = 0, (0, 0, 0, 0)
    from_top = not core and rng.random() < 0.3
    if not core and bits in (4, 8) and rng.random() < 0.5:
        compression = {4: 2, 8: 1}[bits]
        from_top = False
    if not core and bits >= 16 and rng.random() < 0.6:
        compression = 3
        known = {
            16: [(0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0), (0xF00, 0xF0, 0xF, 0)],
            24: [(0xFF0000, 0xFF00, 0xFF, 0)],
            32: [
                (0xFF0000, 0xFF00, 0xFF, 0),
                (0xFF000000, 0xFF0000, 0xFF00, 0),
                (0xFF000000, 0xFF00, 0xFF, 0),
                (0xFF, 0xFF00, 0xFF0000, 0),
                (0, 0, 0, 0),
            ],
        }[bits]
        masks = known[int(rng.integers(len(known)))]
        if bits == 32 and header_bytes >= 56 and rng.random() < 0.5:
            masks = masks[:3] + (0xFFFFFFFF ^ (masks[0] | masks[1] | masks[2]),)
    palette, colours = b"", 0
    if bits <= 8:
        colours = int(rng.integers(1, (1 << bits) + 1)) if rng.random() < 0.4 and not core else 0
        entries = rng.integers(0, 256, (colours or 1 << bits, 3), np.uint8)
        if rng.random() < 0.3:
            ramp = [0, 255] if len(entries) == 2 else np.arange(len(entries))
            entries = np.stack([ramp] * 3, 1).astype(np.uint8)
        palette = b"".join(bytes(e) + (b"" if core else b"\0") for e in entries)
    row_bytes = (width * bits + 31) // 32 * 4
    if compression in (1, 2):
        pixels = rng.integers(0, 1 << bits, (height, width), np.uint8)
        pixels = bmp_runs(rng, pixels, bits == 4)
    else:
        pixels = rng.bytes(row_bytes * height)
    extra = b""
    if core:
        header = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        header = struct.pack(
            "<IiiHHIIiiII", header_bytes, width, -height if from_top else height, 1, bits,
            compression, len(pixels), 2835, 2835, colours, 0,
        )
        all_masks = struct.pack("<IIII", *masks)
        if header_bytes == 40:
            extra = all_masks[:12] if compression == 3 else b""
        else:
            header = (header + all_masks + bytes(100))[:header_bytes]
    offset = 14 + len(header) + len(extra) + len(palette)
    data = b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset)
    data += header + extra + palette + pixels
    kind = f"BMP by hand {bits} bits header {header_bytes} compression {compression} masks {masks}"
    return Picture(f"{kind} colours {colours}", ".bmp", data)


def random_bmp(rng):
    if rng.random() < 0.7:
        return handmade_bmp(rng)
    mode = str(rng.choice(["1", "L", "P", "RGB", "RGBA"]))
    return Picture(f"BMP {mode}", ".bmp", saved(colour_image(rng, mode), "BMP"))


def handmade_pnm(rng):
    kind = int(rng.integers(1, 7))
    width, height = int(rng.integers(1, MOST)), int(rng.integers(1, MOST))
    samples = 3 if kind in (3, 6) else 1
    maximum = int(rng.choice([1, 7, 100, 255, 256, 1000, 4095, 65535]))
    header = b"P%d\n# made by hand\n%d %d\n" % (kind, width, height)
    if kind in (1, 4):
        maximum = 1
    else:
        header += b"%d\n" % maximum
    values = rng.integers(0, maximum + 1, height * width * samples)
    if kind <= 3:
        text = b" ".join(b"%d" % v for v in values)
        data = text.replace(b" ", b"\n", 7) + (b" # end\n" if rng.random() < 0.5 else b"\n")
    elif kind == 4:
        data = np.packbits(values.reshape(height, width).astype(np.uint8), axis=1).tobytes()
    else:
        data = values.astype(">u2" if maximum > 255 else "u1").tobytes()
    return Picture(f"PNM by hand P{kind} maximum {maximum}", ".pnm", header + data)


def random_pnm(rng):
    if rng.random() < 0.6:
        return handmade_pnm(rng)
    mode = str(rng.choice(["1", "L", "I;16", "RGB", "F"]))
    return Picture(f"PNM {mode}", ".ppm", saved(colour_image(rng, mode), "PPM"))


TIFF_MODES = {  # and what compresses them in Pillow
    "1": [None, "tiff_lzw", "group3", "group4", "tiff_ccitt", "packbits", "tiff_adobe_deflate"],
    "L": [None, "tiff_lzw", "tiff_deflate", "packbits", "jpeg", "lzma", "zstd"],
    "LA": [None, "tiff_lzw", "tiff_deflate"],
    "P": [None, "tiff_lzw", "packbits", "tiff_adobe_deflate"],
    "RGB": [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "zstd", "lzma"],
    "RGBA": [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"],
    "CMYK": [None, "tiff_lzw", "tiff_adobe_deflate", "jpeg"],
    "YCbCr": ["tiff_lzw", "tiff_adobe_deflate", "jpeg"],
    "I;16": [None, "tiff_lzw", "tiff_adobe_deflate"],
    "I": [None, "tiff_lzw"],
    "F": [None, "tiff_adobe_deflate"],
}


def tiff(tags, blocks, tiled, big_endian):
    """A TIFF file of one picture; tags: {number: (type, values)}, types 3 (short) and 4 (long)."""
    order = ">" if big_endian else "<"
    offsets_tag, counts_tag = (324, 325) if tiled else (273, 279)
    body = b"".join(blocks)
    starts = np.cumsum([8] + [len(b) for b in blocks])[:-1]
    tags = dict(tags)
    tags[offsets_tag] = (4, [int(v) for v in starts])
    tags[counts_tag] = (4, [len(b) for b in blocks])
    body += b"\0" * (len(body) % 2)
    directory = 8 + len(body)
    after = directory + 2 + 12 * len(tags) + 4
    entries, extra = b"", b""
    for number, (type_, values) in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(values)}{'H' if type_ == 3 else 'I'}", *values)
        if len(packed) > 4:
            pointer = struct.pack(order + "I", after + len(extra))
            extra += packed + b"\0" * (len(packed) % 2)
            packed = pointer
        entries += struct.pack(order + "HHI", number, type_, len(values)) + packed.ljust(4, b"\0")
    head = (b"MM" if big_endian else b"II") + struct.pack(order + "HI", 42, directory)
    return head + body + struct.pack(order + "H", len(tags)) + entries + bytes(4) + extra


def handmade_tiff(rng):
    """Photometric interpretations, depths, extra samples, strips, tiles, planes, byte orders."""
    width, height = int(rng.integers(1, MOST)), int(rng.integers(1, MOST))
    photometric, samples, extras = [
        (0, 1, []), (1, 1, []), (2, 3, []), (3, 1, []), (5, 4, []), (1, 2, [2]), (1, 2, [0]),
        (2, 4, [0]), (2, 4, [1]), (2, 4, [2]), (2, 5, [2, 0]), (5, 5, [0]), (2, 4, []),
    ][int(rng.integers(13))]
    if extras:
        depths = [8, 16] if samples == 4 else [8]
    else:
        depths = {0: [1, 2, 4, 8, 16], 1: [1, 2, 4, 8, 16], 3: [1, 2, 4, 8]}.get(photometric, [8, 16])
    bits = int(rng.choice(depths))
    big_endian = bool(rng.random() < 0.3) and not (bits == 16 and photometric == 0)
    deflated = bool(rng.random() < 0.6)
    # What Pillow reads of planes without compression is another matter: see docs/picture-formats.md.
    planar = deflated and samples - len(extras) in (3, 4) and bool(rng.random() < 0.4)
    planar = planar and (photometric, samples, extras) != (2, 4, [])
    tiled = bool(rng.random() < 0.4)
    values = rng.integers(0, 1 << bits, (height, width, samples))
    if bits == 16 and samples == 1:
        values %= 700

    def packed(part):
        if bits == 16:
            return part.astype(">u2" if big_endian else "<u2").tobytes()
        rows = part.reshape(part.shape[0], -1, 1) >> np.arange(bits - 1, -1, -1) & 1
        return np.packbits(rows.reshape(part.shape[0], -1).astype(np.uint8), axis=1).tobytes()

    tags = {
        256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * samples),
        259: (3, [8 if deflated else 1]), 262: (3, [photometric]), 277: (3, [samples]),
        284: (3, [2 if planar else 1]),
    }
    if extras:
        tags[338] = (3, extras)
    if photometric == 3:
        tags[320] = (3, [int(v) for v in rng.integers(0, 65536, 3 << bits)])
    if rng.random() < 0.4:
        tags[274] = (3, [int(rng.integers(1, 9))])
    planes = [values[:, :, s : s + 1] for s in range(samples)] if planar else [values]
    if tiled:
        side = int(rng.choice([16, 32, 48]))
        tags[322], tags[323] = (4, [side]), (4, [side])
        padded = [np.pad(p, ((0, -height % side), (0, -width % side), (0, 0))) for p in planes]
        parts = [
            p[y : y + side, x : x + side]
            for p in padded
            for y in range(0, height, side)
            for x in range(0, width, side)
        ]
    else:
        rows = int(rng.integers(1, height + 1))
        tags[278] = (4, [rows])
        parts = [p[y : y + rows] for p in planes for y in range(0, height, rows)]
    blocks = [zlib.compress(packed(p)) if deflated else packed(p) for p in parts]
    kind = (
        f"TIFF by hand photometric {photometric} extras {extras} {bits} bits planar {planar} "
        f"tiled {tiled} big-endian {big_endian} deflated {deflated}"
    )
    return Picture(kind, ".tif", tiff(tags, blocks, tiled, big_endian))


def random_tiff(rng):
    if rng.random() < 0.5:
        return handmade_tiff(rng)
    mode = str(rng.choice(list(TIFF_MODES)))
    choices = TIFF_MODES[mode]
    compression = choices[int(rng.integers(len(choices)))]
    image = colour_image(rng, mode)
    info = TiffImagePlugin.ImageFileDirectory_v2()
    if rng.random() < 0.4:
        info[ORIENTATION] = int(rng.integers(1, 9))
    if compression in ("tiff_lzw", "tiff_adobe_deflate") and mode in ("L", "RGB", "RGBA"):
        info[317] = int(rng.integers(1, 3))  # predictor
    if rng.random() < 0.5:
        info[278] = int(rng.integers(1, image.height + 1)) if compression != "jpeg" else 16
    data = saved(image, "TIFF", compression=compression, tiffinfo=info)
    return Picture(f"TIFF {mode} {compression} {dict(info)}", ".tif", data)


FORMATS = [random_webp, random_tiff, random_gif, random_bmp, random_pnm]


def random_other_picture(rng):
    return FORMATS[rng.choice(len(FORMATS), p=[0.15, 0.35, 0.15, 0.2, 0.15])](rng)
