"""Whether a training run's memory grows: mnv4-train's resident size over 2,000 steps.

    train_memory.py build/train/mnv4-train [--steps 2000] [--threads 1]

A whole run on made-up pictures of 32 pixels, with augmentation, Mixup, an average of the weights,
validation, and a checkpoint every 100 steps. The slope is the least-squares line through the sizes after
each of these epochs, without the first quarter. Exit code 1 if it is above 1 MB in 1,000 steps.
"""

import argparse
import csv
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy as np

STEPS_PER_EPOCH = 100
BATCH = 8
MOST = 1.0  # MB in 1,000 steps
SETTINGS = {
    "model.img_size": 32,
    "data.train": f"[synthetic:10:{STEPS_PER_EPOCH * BATCH}]",
    "data.val": "[synthetic:10:40]",
    "augment.auto_augment": "randaugment",
    "mix.mixup": 0.2,
    "mix.cutmix": 1,
    "ema.decay": 0.99,
}


def resident_mb(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else None


def epochs_in(summary):
    if not summary.exists():
        return 0
    with summary.open() as file:
        return sum(1 for _ in csv.DictReader(file))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", help="mnv4-train")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()

    sizes = {}  # steps: MB
    with tempfile.TemporaryDirectory() as folder:
        command = [arguments.program, "train", "-m", "conv_small_035", "-q", "-j", "1", "-o", folder]
        command += ["-t", str(arguments.threads), "-b", str(BATCH), "--name", "memory"]
        for key, value in {**SETTINGS, "train.steps": arguments.steps}.items():
            command += ["--set", f"{key}={value}"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        summary = pathlib.Path(folder) / "train" / "memory" / "summary.csv"
        while process.poll() is None:
            steps = epochs_in(summary) * STEPS_PER_EPOCH
            if steps > 0 and steps not in sizes and (size := resident_mb(process)):
                sizes[steps] = size
            time.sleep(0.05)
        if process.returncode != 0:
            sys.exit(f"train_memory: mnv4-train ended with {process.returncode}")

    steps, megabytes = np.array(sorted(sizes.items())).T
    late = steps > arguments.steps / 4
    slope = 1000 * np.polyfit(steps[late], megabytes[late], 1)[0]
    print(
        f"{megabytes[0]:.1f} MB after {steps[0]:.0f} steps, {megabytes[-1]:.1f} MB after "
        f"{steps[-1]:.0f}: {slope:+.2f} MB in 1000 steps"
    )
    sys.exit(int(slope > MOST))


if __name__ == "__main__":
    main()
