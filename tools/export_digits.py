#!/usr/bin/env python3
"""Writes scikit-learn's handwritten digits as a folder of class folders.

    python3 -m venv build/digits-venv && build/digits-venv/bin/pip install scikit-learn pillow
    build/digits-venv/bin/python tools/export_digits.py build/digits

1,797 scans of 8 x 8 pixels, grey from 0 to 16, which come with the package: the test part of "Optical
Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak; UCI Machine Learning Repository, CC BY 4.0).
Every fifth, from the first, goes to val/ (360), the others to train/ (1,437). PNG, 8 x 8, grey from 0
to 255; nothing is enlarged.
"""

import argparse
import pathlib

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

HELD_OUT = 5  # one in so many


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder

    digits = load_digits()
    pictures = np.round(digits.images * (255 / 16)).astype(np.uint8)
    counts = {"train": 0, "val": 0}
    for number, (picture, label) in enumerate(zip(pictures, digits.target)):
        split = "val" if number % HELD_OUT == 0 else "train"
        path = folder / split / str(label) / f"{number:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
        counts[split] += 1
    print(f"{folder}: {counts['train']} pictures in train/, {counts['val']} in val/")


if __name__ == "__main__":
    main()
