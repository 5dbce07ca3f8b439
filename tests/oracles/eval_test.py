"""Does `mnv4 eval` see what timm sees in a data set, and count as timm and numpy do?

    eval_test.py path/to/mnv4 [--pictures 60] [--seed 0]

A timm network with random weights, saved as a folder, answers random JPEGs and PNGs through timm's own
evaluation transform and Pillow; `mnv4 eval --no-exif` does the same for them as class folders, as a CSV
file, and as WebDataset shards that Python's tarfile wrote. Every best answer, top-1, top-5
and the calibration error must be the same. Exits with 1 if anything differs.
"""

import argparse
import csv
import io
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import numpy as np
import timm
import torch
from PIL import Image
from timm.models import save_for_hf

CLASSES, BINS = 12, 15


def write_pictures(folder, count, random):
    """Class folders of smooth random pictures; (path, label) in the order of mnv4."""
    samples = []
    for i in range(count):
        label = int(random.integers(CLASSES))
        width, height = (int(n) for n in random.integers(40, 200, 2))
        coarse = random.integers(0, 256, (4, 5, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        path = folder / f"n{label:02}" / f"{i:03}.{'jpg' if i % 3 else 'png'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
        samples.append((path, label))
    return sorted(samples)


def write_shards(folder, samples):
    """Three shards, classes in .cls and in .json."""
    for shard in range(3):
        with tarfile.open(folder / f"shard-{shard:03}.tar.gz", mode="w:gz") as tar:
            for i, (path, label) in list(enumerate(samples))[shard::3]:
                files = {path.suffix: path.read_bytes()}
                files[".cls" if i % 2 else ".json"] = (
                    str(label) if i % 2 else json.dumps({"label": label})).encode()
                for suffix, content in files.items():
                    info = tarfile.TarInfo(f"{path.stem}{suffix}")
                    info.size = len(content)
                    tar.addfile(info, io.BytesIO(content))
    return str(folder / "shard-{000..002}.tar.gz")


@torch.no_grad()
def probabilities(model, samples):
    """Softmax of every picture in double precision, [pictures, classes]."""
    config = timm.data.resolve_model_data_config(model)
    transform = timm.data.create_transform(**config, is_training=False)
    pictures = [transform(Image.open(path).convert("RGB")) for path, _ in samples]
    return torch.cat([model(x[None]).double().softmax(-1) for x in pictures]).numpy()


@torch.no_grad()
def spread_logits(model):
    """Random classifiers are sure of nothing or of everything: this one is sure of some pictures."""
    torch.nn.init.normal_(model.classifier.weight)
    x = torch.randn(8, 3, 224, 224)
    model.classifier.weight.mul_(1.5 / model(x).std())


def figures(p, labels):
    order = np.argsort(-p, axis=1)
    right = order[:, 0] == labels
    confidence = p.max(1)
    bins = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    ece = sum(abs(right[bins == b].sum() - confidence[bins == b].sum()) for b in range(BINS))
    top5 = (order[:, :5] == labels[:, None]).any(1)
    return {"top1": 100 * right.mean(), "top5": 100 * top5.mean(), "ece": 100 * ece / len(labels)}


def evaluate(program, model, data, *flags):
    command = [program, "eval", "-q", "--no-exif", "-m", model, data, *flags]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True).stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    failures = 0

    def check(what, good, detail):
        nonlocal failures
        failures += not good
        if not good:
            print(f"FAILED  {what}: {detail}")

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        samples = write_pictures(folder / "val", args.pictures, np.random.default_rng(args.seed))
        model = timm.create_model("mobilenetv4_conv_small_050", num_classes=CLASSES).eval()
        spread_logits(model)
        save_for_hf(model, folder / "model", safe_serialization=True)
        (folder / "classes.txt").write_text("".join(f"n{i:02}\n" for i in range(CLASSES)))
        (folder / "val.csv").write_text(
            "".join(f"{path.relative_to(folder)},{label}\n" for path, label in samples))
        p = probabilities(model, samples)
        expected = figures(p, np.array([label for _, label in samples]))

        rows = list(csv.DictReader(io.StringIO(
            evaluate(args.program, folder / "model", folder / "val.csv", "--csv"))))
        answers = np.array([int(row["index"]) for row in rows])
        check("best answers", (answers == p.argmax(1)).all(), f"{answers} {p.argmax(1)}")
        difference = np.abs(np.array([float(row["score"]) for row in rows]) - p.max(1)).max()
        check("confidence", difference < 1e-5, difference)

        classes = ["--class-map", folder / "classes.txt"]
        for data in folder / "val", folder / "val.csv", write_shards(folder, samples):
            ours = json.loads(
                evaluate(args.program, folder / "model", data, "--json", "-b", "4", *classes))
            for figure, value in expected.items():
                check(f"{figure} of {data}", abs(ours[figure] - value) < 1e-3,
                      f"{ours[figure]} {value}")
    print(f"eval: {args.pictures} pictures, {expected}, largest difference of a confidence "
          f"{difference:.1e}, {failures} failures")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
