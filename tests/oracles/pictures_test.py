"""Are the pixels a model sees those of timm and Pillow, byte for byte?

    pictures_test.py path/to/mnv4 [--count 400] [--seed 0]

Random pictures of every format (random_pictures.py, random_formats.py), some of them cut short, go
through `mnv4 preprocess` and through timm's own evaluation transform, under random configurations
saved by timm. Where Pillow has an error we must have one. Exits with 1 if any picture differs.
"""

import argparse
import collections
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import timm
import torch
from PIL import Image, ImageOps
from timm.data import create_transform, resolve_data_config
from timm.models import save_for_hf

from random_formats import random_other_picture
from random_pictures import random_jpeg, random_picture

CONFIGURATIONS = 24
NETWORK = "mobilenetv4_conv_small_035"


def random_configuration(rng):
    """pretrained_cfg entries that decide on preprocessing."""
    channels = 1 if rng.random() < 0.2 else 3
    side = lambda: int(
        rng.choice([32, 96, 224, 256]) if rng.random() < 0.5 else rng.integers(32, 320)
    )
    height = side()
    width = height if rng.random() < 0.7 else side()
    return {
        "input_size": (channels, height, width),
        "interpolation": str(
            rng.choice(
                ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"],
                p=[0.08, 0.08, 0.2, 0.08, 0.4, 0.16],
            )
        ),
        "crop_pct": float(rng.choice([0.875, 0.95, 1.0, 0.9, 0.7])),
        "crop_mode": str(rng.choice(["center", "squash", "border"], p=[0.6, 0.2, 0.2])),
        "mean": tuple(float(v) for v in rng.uniform(0, 1, channels)),
        "std": tuple(float(v) for v in rng.uniform(0.1, 1, channels)),
    }


class Configuration:
    """A model folder, and timm's transform for it."""

    def __init__(self, folder, entries):
        self.folder, self.entries = folder, entries
        model = timm.create_model(NETWORK, num_classes=2, in_chans=entries["input_size"][0])
        model.pretrained_cfg.update(entries)
        save_for_hf(model, folder, safe_serialization=True)
        data = resolve_data_config({}, pretrained_cfg=model.pretrained_cfg)
        self.mode = "RGB" if data["input_size"][0] == 3 else "L"
        self.transform = create_transform(**data, is_training=False)

    def pixels(self, image):
        """[h, w, c] uint8: all but the last two steps, ToTensor and Normalize."""
        for step in self.transform.transforms[:-2]:
            image = step(image)
        return np.asarray(image).reshape(image.height, image.width, -1)

    def tensor(self, image):
        return self.transform(image)[None].numpy()


def preprocess(program, folder, picture, out, *flags):
    """The array that the program writes, or its message."""
    result = subprocess.run(
        [program, "preprocess", "-m", folder, picture, "-o", out, *flags],
        capture_output=True,
        text=True,
    )
    return np.load(out) if result.returncode == 0 else result.stderr.strip()


def difference(ours, theirs):
    """What differs, or None."""
    if isinstance(ours, str):
        return ours
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return f"{ours.dtype} {ours.shape}, wanted {theirs.dtype} {theirs.shape}"
    wrong = np.count_nonzero(ours != theirs)
    return f"{wrong} of {ours.size} values differ" if wrong else None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    torch.manual_seed(arguments.seed)
    tally = collections.Counter()
    failures = 0

    with tempfile.TemporaryDirectory() as name:
        temporary = pathlib.Path(name)
        configurations = [
            Configuration(temporary / f"model{i}", random_configuration(rng))
            for i in range(CONFIGURATIONS)
        ]

        def compare(what, configuration, picture, theirs, *flags):
            nonlocal failures
            path = temporary / f"picture{picture.suffix}"
            path.write_bytes(picture.data)
            ours = preprocess(
                arguments.program, configuration.folder, path, temporary / "x.npy", *flags
            )
            try:
                with Image.open(path) as image:
                    wanted = theirs(image)
            except (OSError, ValueError, SyntaxError) as error:  # Pillow refuses, and so must we
                problem = None if isinstance(ours, str) else f"Pillow refuses it: {error}"
                tally["refused"] += 1
            else:
                problem = difference(ours, wanted)
                tally[what] += 1
            if problem:
                failures += 1
                print(f"FAIL {what}: {picture.kind}, {configuration.entries}: {problem}")

        for i in range(arguments.count):
            c = configurations[i % CONFIGURATIONS]
            picture = (random_picture if rng.random() < 0.3 else random_other_picture)(rng)
            if rng.random() < 0.05 and picture.suffix != ".tif":  # those have their directory last
                picture.data = picture.data[: int(rng.integers(1, len(picture.data)))]
            compare(
                picture.suffix[1:],
                c,
                picture,
                lambda im: c.pixels(im.convert(c.mode)),
                "--uint8",
                "--no-exif",
            )
            if i % 8 == 0:
                compare("float32", c, picture, lambda im: c.tensor(im.convert(c.mode)), "--no-exif")
        for orientation in range(1, 9):
            exif = Image.Exif()
            exif[0x112] = orientation
            c = configurations[orientation]
            picture = random_jpeg(rng, exif=exif)
            compare(
                "EXIF",
                c,
                picture,
                lambda im: c.pixels(ImageOps.exif_transpose(im.convert(c.mode))),
                "--uint8",
            )

    counts = ", ".join(f"{count} {what}" for what, count in sorted(tally.items()))
    print(f"pictures: {sum(tally.values())} comparisons ({counts}), {failures} differ")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
