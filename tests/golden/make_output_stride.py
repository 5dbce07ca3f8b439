"""Makes output_stride.json: feature maps of dilated networks, in double precision.

    pip install timm==1.0.31 && python3 tests/golden/make_output_stride.py

Weights and picture are the hash fill of docs/hash-weights.md.
"""

import json
import pathlib

import numpy as np
import timm
import torch

CASES = [  # model, output stride, height, width, SAME padding and epsilon 1e-3
    ("mobilenetv4_conv_small", 8, 64, 64, False),
    ("mobilenetv4_conv_small", 16, 75, 101, False),
    ("mobilenetv4_conv_small", 8, 75, 101, True),
    ("mobilenetv4_conv_aa_medium", 16, 64, 64, False),
    ("mobilenetv4_hybrid_medium", 8, 64, 64, False),
    ("mobilenetv4_hybrid_medium", 16, 75, 101, False),
    ("mobilenetv4_hybrid_medium", 8, 75, 101, True),
]


def uniform(name, count):
    h = 14695981039346656037
    for byte in name.encode():
        h = (h ^ byte) * 1099511628211 % 2**64
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint64) + np.uint64(h) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53


def fill(name, shape):
    r = uniform(name, int(np.prod(shape)))
    s = 2 * r - 1
    if name.endswith("running_mean"):
        values = 0.2 * s
    elif name.endswith("running_var"):
        values = 0.5 + r
    elif name.endswith("gamma"):
        values = 0.25 + 0.5 * r
    elif len(shape) >= 2:
        values = s * np.sqrt(4.5 / np.prod(shape[1:]))
        if name.endswith("query.proj.weight"):
            values = values * 0.02
    elif name.endswith("bias"):
        values = 0.3 * s
    else:
        values = 0.75 + 0.5 * r
    return torch.from_numpy(values.astype(np.float32).reshape(shape)).double()


def features(name, output_stride, height, width, same):
    options = {"pad_type": "same", "bn_eps": 1e-3} if same else {}
    model = timm.create_model(name, features_only=True, output_stride=output_stride, **options)
    model = model.eval().double()
    for key, tensor in model.state_dict().items():
        if not key.endswith("num_batches_tracked"):
            tensor.copy_(fill(key, tuple(tensor.shape)))
    r = uniform("input", 3 * height * width)
    picture = torch.from_numpy((2 * r - 1).astype(np.float32).reshape(1, 3, height, width)).double()
    with torch.no_grad():
        maps = model(picture)
    return [[list(m.shape[1:]), m.mean().item(), m.std(unbiased=False).item()] for m in maps]


result = []
for case in CASES:
    model, output_stride, height, width, same = case
    result.append({
        "model": model,
        "output_stride": output_stride,
        "input": [height, width],
        "mode": "same_pad_eps1e-3" if same else "default",
        "features": features(*case),
    })
path = pathlib.Path(__file__).with_name("output_stride.json")
path.write_text(json.dumps(result, indent=1) + "\n")
