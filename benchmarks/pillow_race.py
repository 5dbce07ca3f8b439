"""Decoding and resizing a 12-megapixel JPEG: image_bench against Pillow 13, one core.

    pillow_race.py build/release/mnv4/image/image_bench [PHOTO.jpg] [--rounds 15]

Needs Pillow 13 (tests/oracles/requirements.txt). Both sides have the bytes in memory and are pinned
to the same core; they take turns, and CPU time is compared, so a busy machine disturbs both alike.
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
from PIL import Image

from photograph import photograph_like

SIZE, CROP_PCT = 256, 0.95
# Name of the benchmark -> the row it is printed as.
ROWS = {
    "BM_Resize/photo_bicubic/4000/3000/358/269": "resize 4000x3000 to 358x269",
    "BM_Decode": "decode",
    "BM_LoadPixels": "decode + resize + crop to 256",
}


# Of a photograph of this size: about as many bytes as one.
LAYERS = [(8, 60), (32, 20), (128, 12), (512, 8.5), (1500, 7)]


def ours(bench, photo):
    """Benchmark -> CPU milliseconds, the mean over a short run."""
    names = "|".join(f"^{name}$" for name in ROWS)
    out = subprocess.run(
        [
            bench,
            f"--benchmark_filter={names}",
            "--benchmark_format=json",
            "--benchmark_min_time=0.3",
        ],
        env={**os.environ, "MNV4_BENCH_JPEG": photo},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    results = json.loads(out)["benchmarks"]
    broken = [r["error_message"] for r in results if r.get("error_occurred")]
    if broken:
        raise SystemExit(f"image_bench: {broken[0]}")
    return {r["name"]: r["cpu_time"] for r in results}


def pillows_once(data):
    """Benchmark -> CPU milliseconds of Pillow, as timm uses it."""
    start = time.process_time()
    image = Image.open(io.BytesIO(data)).convert("RGB")
    decoded = time.process_time()
    width, height = image.size
    short = int(SIZE / CROP_PCT)
    size = (short, short * height // width) if width <= height else (short * width // height, short)
    small = image.resize(size, Image.Resampling.BICUBIC)
    resized = time.process_time()
    left, top = (size[0] - SIZE) // 2, (size[1] - SIZE) // 2
    small.crop((left, top, left + SIZE, top + SIZE))
    end = time.process_time()
    times = [resized - decoded, decoded - start, end - start]
    return {name: 1e3 * t for name, t in zip(ROWS, times)}


def pillows(data):
    """Benchmark -> CPU milliseconds, the mean over a short run."""
    runs = [pillows_once(data) for _ in range(4)][1:]  # the first warms up
    return {name: statistics.mean(run[name] for run in runs) for name in ROWS}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("bench")
    parser.add_argument("photo", nargs="?", help="a 4000x3000 JPEG; one is made if none is given")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # the benchmark inherits it

    with tempfile.TemporaryDirectory() as folder:
        photo = arguments.photo or f"{folder}/photo.jpg"
        if not arguments.photo:
            photograph_like(4000, 3000, LAYERS).save(photo, quality=85)
        data = pathlib.Path(photo).read_bytes()
        rounds = []
        for _ in range(arguments.rounds):
            rounds.append((ours(arguments.bench, photo), pillows(data)))

    print(
        f"{len(data)} bytes, Pillow {PIL.__version__}, CPU milliseconds, "
        f"median of {len(rounds)} rounds"
    )
    print(f"{'':32}{'ours':>8}{'Pillow':>8}{'ratio':>8}")
    for name, row in ROWS.items():
        mine = statistics.median(a[name] for a, _ in rounds)
        theirs = statistics.median(b[name] for _, b in rounds)
        ratio = statistics.median(a[name] / b[name] for a, b in rounds)
        print(f"{row:32}{mine:8.1f}{theirs:8.1f}{ratio:8.2f}")


if __name__ == "__main__":
    main()
