"""Writes one network in every format that is raced: convert.py FOLDER NETWORK

Runs in the environment of requirements-convert.txt. FOLDER receives the timm folder (config.json,
model.safetensors; weights of docs/hash-weights.md), input.npy, and the same network as model.onnx,
model.tflite and model.ncnn.param with .bin. What exists is kept. A conversion that fails leaves its
last words in FORMAT.failed, for the report, and all of them in FORMAT.log.
"""

import pathlib
import shutil
import subprocess
import sys

import numpy as np
from safetensors.numpy import load_file, save_file

import ours
from networks import NETWORKS


def write_timm_folder(network: str, _folder: pathlib.Path, out: pathlib.Path) -> None:
    size = NETWORKS[network]
    x = np.random.default_rng(0).standard_normal((1, 3, size, size), np.float32)
    np.save(out / "input.npy", x)
    ours.Model(ours.Library(), network).save_folder(str(out))
    # A tenth of the fill's layer scales: more, and attention amplifies rounding (docs/numerics.md).
    # Half of what each inverted bottleneck adds: else activations double from block to block and
    # leave fp16.
    tensors = load_file(out / "model.safetensors")
    for name, tensor in tensors.items():
        if name.endswith("gamma"):
            tensors[name] = tensor / 10
        elif ".pw_proj.bn." in name and ".running_" not in name and tensor.dtype == np.float32:
            tensors[name] = tensor / 2
    save_file(tensors, out / "model.safetensors", {"format": "pt"})


def load_timm(folder: pathlib.Path):
    """The network in timm, and an example of its input."""
    import timm
    import torch

    # Attention as two products and a softmax: a smaller graph, which litert-torch converts rightly.
    timm.layers.set_fused_attn(False)
    model = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    return model, torch.from_numpy(np.load(folder / "input.npy"))


def to_onnx(_network: str, folder: pathlib.Path, out: pathlib.Path) -> None:
    import torch

    model, x = load_timm(folder)
    torch.onnx.export(model, (x,), out / "model.onnx", dynamo=True, external_data=False)


def to_tflite(_network: str, folder: pathlib.Path, out: pathlib.Path) -> None:
    """With NHWC input, as LiteRT likes it: else it would start with a transpose."""
    import litert_torch

    model, x = load_timm(folder)
    model = litert_torch.to_channel_last_io(model, args=[0]).eval()
    x = x.permute(0, 2, 3, 1).contiguous()
    litert_torch.convert(model, (x,)).export(str(out / "model.tflite"))


def to_ncnn(_network: str, folder: pathlib.Path, out: pathlib.Path) -> None:
    import pnnx

    model, x = load_timm(folder)
    pnnx.export(model, str(out / "model.pt"), (x,), fp16=False)


# Format -> the files it consists of, and what makes them.
FORMATS = {
    "timm": (("config.json", "model.safetensors", "input.npy"), write_timm_folder),
    "onnx": (("model.onnx",), to_onnx),
    "tflite": (("model.tflite",), to_tflite),
    "ncnn": (("model.ncnn.param", "model.ncnn.bin"), to_ncnn),
}


def convert(folder: pathlib.Path, network: str, format: str) -> None:
    """In a process of its own: some converters end theirs when they fail."""
    files, _ = FORMATS[format]
    failed = folder / f"{format}.failed"
    if all((folder / file).exists() for file in files):
        return
    print(f"{network}: {format}", file=sys.stderr, flush=True)
    out = folder / f"{format}.part"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    failed.unlink(missing_ok=True)
    log = folder / f"{format}.log"
    with log.open("w") as stream:
        command = [sys.executable, __file__, str(folder), network, format]
        status = subprocess.run(command, stdout=stream, stderr=stream).returncode
    if status == 0 and all((out / file).exists() for file in files):
        for file in files:
            (out / file).replace(folder / file)
    else:
        words = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        failed.write_text(f"conversion failed: {words[-1] if words else f'status {status}'}")
    shutil.rmtree(out)


def main(folder: str, network: str, format: str = "") -> None:
    path = pathlib.Path(folder)
    if format:
        FORMATS[format][1](network, path, path / f"{format}.part")
    else:
        for name in FORMATS:
            convert(path, network, name)


if __name__ == "__main__":
    main(*sys.argv[1:])
