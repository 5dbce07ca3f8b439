"""Writes the seeds of tests/fuzz/corpus: tiny files of every kind that the parsers read, and some
that they refuse. Run it in the environment of tests/oracles/requirements.txt; the same files come
out every time. Other files in the folders, and other folders, are left alone."""

import json
import pathlib
import struct
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden"
sys.path.insert(0, str(HERE.parent / "oracles"))

import random_formats
import random_pictures

PICTURES = {
    "bmp": random_formats.random_bmp,
    "gif": random_formats.random_gif,
    "jpeg": random_pictures.random_jpeg,
    "png": random_pictures.random_png,
    "pnm": random_formats.random_pnm,
    "tiff": random_formats.random_tiff,
    "webp": random_formats.random_webp,
}
FILES_A_FORMAT = 36


def write(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def tiny_shape(rng):
    return int(rng.integers(1, 10)), int(rng.integers(1, 10))


def pictures():
    random_formats.MOST = 12
    random_formats.random_shape = random_pictures.random_shape = tiny_shape
    for target, make in PICTURES.items():
        rng = np.random.default_rng(4)
        for i in range(FILES_A_FORMAT):
            write(target, f"seed{i:02}", make(rng).data)
    for name in ["progressive.jpg", "exif_before.png", "exif_behind.png", "ycck.jpg"]:
        write("png" if name.endswith("png") else "jpeg", name, (GOLDEN / "images" / name).read_bytes())
    for name in ["cmyk.jpg", "orientation6.jpg"]:
        write("jpeg", name, (GOLDEN / "images" / name).read_bytes())
    write("tiff", "ycc.tif", (GOLDEN / "images" / "ycc.tif").read_bytes())
    for i, data in enumerate(odd_bmps()):
        write("bmp", f"odd{i:02}", data)
    for i, data in enumerate(odd_tiffs()):
        write("tiff", f"odd{i:02}", data)


def patched(data, at, value):
    return data[:at] + struct.pack("<I", value) + data[at + 4 :]


def odd_bmps():
    """What is refused, and the escapes of run lengths."""
    rng = np.random.default_rng(5)
    colour = random_formats.saved(random_formats.colour_image(rng, "RGB", 3, 2), "BMP")
    palette = random_formats.saved(random_formats.colour_image(rng, "P", 3, 2), "BMP")
    yield patched(colour, 14, 13)  # bytes of the header
    yield patched(colour, 18, 0)  # width
    yield patched(colour, 26, 3 << 16 | 1)  # bits
    yield patched(colour, 30, 1)  # compression
    yield patched(colour, 30, 9)
    yield patched(colour, 10, 0)  # where the pixels are
    yield patched(palette, 10, 0)
    yield patched(palette, 46, 300)  # colours
    yield patched(patched(palette, 30, 3), 10, 54)
    for compression, runs in [
        (1, b"\2\1\0\0\0\2\1\1\1\4\0\1"),
        (1, b"\0\3\1\2\3\0\0\5\1\2\3\4\5\0"),
        (1, b"\7\1\3\2"),
        (1, b"\0\2\0"),
        (2, b"\0\3\x12\x30\0\0\4\x12\0\1"),
    ]:
        yield patched(palette[: 54 + 1024], 30, compression) + runs


def odd_tiffs():
    tags = lambda bits, photometric, samples: {
        256: (4, [3]), 257: (4, [2]), 258: (3, [bits] * samples), 259: (3, [1]),
        262: (3, [photometric]), 277: (3, [samples]), 278: (4, [2]),
    }
    data = bytes(range(40, 140))
    yield random_formats.tiff(tags(12, 1, 1), [data], False, False)
    yield random_formats.tiff(tags(32, 1, 1), [data], False, False)
    yield random_formats.tiff(tags(8, 1, 2) | {338: (3, [1])}, [data], False, False)
    yield random_formats.tiff(tags(8, 2, 6) | {338: (3, [0, 1, 0])}, [data], False, False)
    yield random_formats.tiff(tags(8, 5, 5) | {338: (3, [1])}, [data], False, False)
    yield random_formats.tiff(tags(8, 8, 3), [data], False, False)  # L*a*b*
    yield random_formats.tiff(tags(8, 3, 1), [data], False, False)  # no colour map
    yield random_formats.tiff(tags(8, 6, 1), [data], False, False)
    yield random_formats.tiff(tags(8, 6, 3) | {530: (3, [2, 2])}, [data], False, False)
    yield random_formats.tiff(tags(64, 1, 1), [data], False, False)
    yield random_formats.tiff(tags(16, 1, 1) | {339: (3, [2])}, [data], False, True)
    yield random_formats.tiff(tags(32, 0, 1) | {339: (3, [3])}, [data], False, True)
    yield random_formats.tiff(tags(8, 1, 1) | {259: (3, [6])}, [data], False, False)
    huge = {322: (4, [1 << 16]), 323: (4, [1 << 16])}
    yield random_formats.tiff(tags(8, 1, 1) | huge, [data], True, False)


NETWORKS = [
    "network a act=gelu pad=same bn_eps=1e-3 stem=24 head=0 aa=blur in_chans=1 num_classes=0\n"
    "stage # a comment\n  conv k3 s2 o32\n  fused k3 s2 e4 o48\n",
    "network b layer_scale=yes output_stride=8\nstage\n  uib 3/5 s2 e4 o80\n"
    "  mqa h4 d64 kv2 k3 o80\n",
    "network mobilenetv4_conv_small family=mobilenetv4\nstage\n conv k3 s2 o32\n conv k3 s2 o32\n",
    "network c\nstage\n  uib 3/5 s2 e4 o80 o80\n",
    "network d act=rulu\n",
    "stage\n",
    "",
    "network e family=mobilenetv3 act=hard_swish head=1024\n"
    "stage\n  ds k3 s2 o16 se0.25 act=relu\nstage\n  ir k5 s2 e3.67 o24 se0.25\n  dsa k3 o24\n",
]

JSON = [
    '{"a": [1, -2.5e-3, true, false, null, "\\u00e9\\n\\ud83d\\ude00"], "b": {"c": {}}, "d": []}',
    '{"a": 1, "a": 2}',
    "[" * 80 + "]" * 80,
    "[NaN]",
    '"\\ud800"',
    "[1e999, 99999999999999999999]",
    '{"a": 1} x',
]

CONFIGS = [
    {"architecture": "mobilenetv4_conv_small", "num_classes": 2, "label_names": ["cat", "dog"]},
    {
        "architecture": "mobilenetv4_conv_medium",
        "num_classes": 3,
        "global_pool": "avg",
        "model_args": {"in_chans": 1, "act_layer": "gelu"},
        "label_names": ["a", "b", "c"],
        "label_descriptions": {"a": "first"},
        "pretrained_cfg": {
            "input_size": [1, 64, 96],
            "test_input_size": [1, 96, 96],
            "crop_pct": 0.9,
            "test_crop_pct": 1.0,
            "crop_mode": "border",
            "interpolation": "lanczos",
            "mean": [0.5],
            "std": 0.2,
            "num_classes": 3,
            "fixed_input_size": False,
        },
    },
    {"architecture": "mobilenetv4_conv_smal"},
    {"architecture": "mobilenetv4_conv_small", "pretrained_cfg": {"std": [0, 1, 1]}},
    {"architecture": "mobilenetv4_conv_small", "pretrained_cfg": {"crop_mode": "random"}},
    {"architecture": 3},
    {"architecture": "mobilenetv4_hybrid_medium", "tag": "a\tb"},
    {"architecture": "mobilenetv4_conv_small", "tag": "e500_r224_in1k", "pretrained_cfg": {}},
    {"architecture": "mobilenetv4_conv_small", "global_pool": "max"},
    {"architecture": "mobilenetv4_conv_small", "unknown": 1},
    {"architecture": "mobilenetv4_conv_small", "pretrained_cfg": {"tag": "a\u0007b"}},
]

MODEL_ARGS = [
    {"pad_type": "same", "bn_eps": 0.001, "output_stride": 16, "num_classes": 7},
    {"pad_type": ""},
    {"pad_type": "valid"},
    {"output_stride": 12},
    {"act_layer": "swish"},
    {"global_pool": "avg", "drop_rate": 0.2},
    {"num_classes": 3},
    {"nothing": 1},
]


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensors():
    tensor = lambda dtype, shape, begin, end: {
        "dtype": dtype, "shape": shape, "data_offsets": [begin, end],
    }
    yield safetensors({"__metadata__": {"format": "pt"}, "a": tensor("F32", [2, 3], 0, 24)}, bytes(24))
    yield safetensors({"a": tensor("BF16", [], 0, 2), "b": tensor("I64", [1], 2, 10)}, bytes(10))
    yield safetensors({"a": tensor("F32", [2], 0, 4)}, bytes(4))
    yield safetensors({"a": tensor("F32", [1], 0, 4), "b": tensor("F32", [1], 2, 6)}, bytes(6))
    yield safetensors({"a": tensor("F32", [1 << 62, 8], 0, 4)}, bytes(4))
    yield safetensors({"a": tensor("Q8", [1], 0, 1)}, bytes(1))
    yield safetensors({}, b"x")
    yield safetensors(b'{"a":1,"a":2}')
    yield struct.pack("<Q", 1 << 40) + b"{}"


def npy(header, data, version=1):
    text = header.encode().ljust(53) + b"\n"
    size = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + data


def arrays():
    array = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }"
    yield npy(array % ("<f4", "False", "(2, 3)"), bytes(24))
    yield npy(array % ("|u1", "False", "(3,)"), bytes(3), 3)
    yield npy(array % ("<f2", "True", "(3, 1)"), bytes(6), 2)
    yield npy(array % (">f4", "False", "(1,)"), bytes(4))
    yield npy(array % ("<f8", "False", "(4611686018427387904, 8)"), bytes(8))
    yield npy("{'descr': '<f4', 'shape': (-1,)}", b"")
    yield npy("{'descr': '<f4', 'descr': '<f4'}", b"")
    yield npy("{'fortran_order': Maybe}", b"")
    yield b"\x93NUMPY\x02\0" + struct.pack("<I", 1 << 20)
    yield npy(array % ("<f4", "False", "()"), bytes(4))


RECIPES = [
    "",
    "train: {epochs: 3, steps: 10, batch_size: 16, reference_batch: 64}\n",
    "data:\n  train: [a, \"b \\\"c\\\"\", 'd\\e', true, ~, \"\\x01\\u00e9\"]\n  only: []\n",
    "train: &a {epochs: 3}\nema: *a\n",
    "train:\n  epochs: 3\n  epochs: 4\n",
    "--- !!map\n? train\n: epochs: 1e3\n...\n",
    "schedule: {kind: step, lr: 0x10, decay_epochs: .5}\n",
    "model:\n  name: |\n    conv\n    small\n  tag: >-\n    a\n    b\n",
    "\ufeffmix:\n  mixup: .inf\n",
    "[" * 300,
]


def main():
    pictures()
    for i, text in enumerate(RECIPES):
        write("recipe", f"seed{i:02}", text)
    for name in ["default_model", "finetune_10k", "mnv4_hybrid_l", "stamps"]:  # the others are like them
        write("recipe", name, (HERE.parents[1] / "recipes" / f"{name}.yaml").read_bytes())
    for i, text in enumerate(NETWORKS):
        write("network", f"seed{i:02}", text)
    for i, text in enumerate(JSON):
        write("json", f"seed{i:02}", text)
    for i, config in enumerate(CONFIGS):
        write("config", f"seed{i:02}", json.dumps(config))
    for i, args in enumerate(MODEL_ARGS):
        config = {"architecture": "mobilenetv4_conv_small", "model_args": args}
        if "nothing" not in args and i % 2 == 0:
            config["num_classes"] = 7
        write("config", f"args{i:02}", json.dumps(config))
    for i, data in enumerate(tensors()):
        write("safetensors", f"seed{i:02}", data)
    write("safetensors", "mixed", (GOLDEN / "io" / "mixed.safetensors").read_bytes())
    for i, data in enumerate(arrays()):
        write("npy", f"seed{i:02}", data)
    for path in (GOLDEN / "io").glob("*.npy"):
        write("npy", path.stem, path.read_bytes())


if __name__ == "__main__":
    main()
