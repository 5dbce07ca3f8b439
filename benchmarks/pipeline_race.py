"""Training's input, pictures a second and core: transform_bench against timm's Pillow pipeline.

    pipeline_race.py build/release/modules/data/transform_bench [PHOTO.jpg] [--rounds 15]

Both make 224 x 224 normalised floats of one JPEG of 500 x 375 with the recipe of MobileNetV4-Conv-S:
random crop, flip, RandAugment of magnitude 9 (timm: rand-m9-mstd0.5). Needs torch, torchvision, timm
and Pillow 13 (tests/oracles/run.sh makes the environment). Both sides have the bytes in memory and are
pinned to the same core with one thread; they take turns, and CPU time is compared.
"""

import argparse
import io
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import PIL
import timm
import torch
from PIL import Image
from timm.data import create_transform

from photograph import photograph_like

# Name of the benchmark -> the row it is printed as, and timm's auto_augment.
ROWS = {
    "BM_Load/conv_s": ("Conv-S recipe, garden", "rand-m9-mstd0.5"),
    "BM_Load/conv_s_clean": ("Conv-S recipe, clean", "rand-m9-mstd0.5"),
    "BM_Load/crop": ("crop and flip, garden", None),
    "BM_Load/crop_clean": ("crop and flip, clean", None),
}
PICTURES_A_ROUND = 60


# Of a photograph of this size: about as many bytes as one.
LAYERS = [(6, 60), (20, 25), (60, 18), (160, 14), (400, 10)]


def ours(bench, photo):
    """Benchmark -> CPU milliseconds a picture, the mean over a short run."""
    names = "|".join(f"^{name}$" for name in ROWS)
    out = subprocess.run(
        [bench, f"--benchmark_filter={names}", "--benchmark_format=json", "--benchmark_min_time=0.3"],
        env={**os.environ, "MNV4_BENCH_JPEG": photo},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    results = json.loads(out)["benchmarks"]
    broken = [r["error_message"] for r in results if r.get("error_occurred")]
    if broken:
        raise SystemExit(f"transform_bench: {broken[0]}")
    return {r["name"]: r["cpu_time"] for r in results}


def timms(data, transforms):
    """Benchmark -> CPU milliseconds a picture, the mean over a short run."""
    times = {}
    for name, transform in transforms.items():
        start = time.process_time()
        for _ in range(PICTURES_A_ROUND):
            transform(Image.open(io.BytesIO(data)).convert("RGB"))
        times[name] = 1e3 * (time.process_time() - start) / PICTURES_A_ROUND
    return times


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("bench")
    parser.add_argument("photo", nargs="?", help="a JPEG; one of 500x375 is made if none is given")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # the benchmark inherits it
    transforms = {
        name: create_transform(
            224, is_training=True, auto_augment=policy, color_jitter=None, interpolation="bicubic"
        )
        for name, (_, policy) in ROWS.items()
    }

    with tempfile.TemporaryDirectory() as folder:
        photo = arguments.photo or f"{folder}/photo.jpg"
        if not arguments.photo:
            photograph_like(500, 375, LAYERS).save(photo, quality=90)
        data = pathlib.Path(photo).read_bytes()
        timms(data, transforms)  # warms up
        rounds = [(ours(arguments.bench, photo), timms(data, transforms)) for _ in range(arguments.rounds)]

    print(
        f"{len(data)} bytes, timm {timm.__version__}, Pillow {PIL.__version__}, one core, medians of "
        f"{len(rounds)} rounds"
    )
    print(f"{'':24}{'ours ms':>9}{'timm ms':>9}{'ours/s':>9}{'timm/s':>9}{'times':>7}")
    for name, (row, _) in ROWS.items():
        mine = statistics.median(a[name] for a, _ in rounds)
        theirs = statistics.median(b[name] for _, b in rounds)
        ratio = statistics.median(b[name] / a[name] for a, b in rounds)
        print(f"{row:24}{mine:9.2f}{theirs:9.2f}{1e3 / mine:9.0f}{1e3 / theirs:9.0f}{ratio:7.2f}")


if __name__ == "__main__":
    main()
