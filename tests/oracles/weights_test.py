"""Do weights travel between timm and mnv4, both ways, with the same logits?

    weights_test.py path/to/mnv4 path/to/build [--seed 0]

Folders that timm saves with random weights, every MobileNetV4, relatives of each older MobileNet and
every variation of a configuration, run in `mnv4 run`: all logits within 1e-4 * max(1, largest |logit|). What mnv4_resave (in the build)
makes of them timm loads strictly, tensor by tensor the same. Exits with 1 if anything differs.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import safetensors.torch
import timm
import torch
from timm.models import save_for_hf

TOLERANCE = 1e-4

# name of the case, architecture, arguments of create_model, input height and width
CASES = [(name, name, {}, size) for name, size in [
    ("mobilenetv4_conv_small_035", (64, 64)),
    ("mobilenetv4_conv_small_050", (96, 64)),
    ("mobilenetv4_conv_small", (224, 224)),
    ("mobilenetv4_conv_medium", (96, 96)),
    ("mobilenetv4_conv_large", (64, 96)),
    ("mobilenetv4_hybrid_medium_075", (96, 96)),
    ("mobilenetv4_hybrid_medium", (96, 128)),
    ("mobilenetv4_hybrid_large_075", (64, 64)),
    ("mobilenetv4_hybrid_large", (96, 96)),
    ("mobilenetv4_conv_aa_medium", (96, 96)),
    ("mobilenetv4_conv_blur_medium", (75, 101)),
    ("mobilenetv4_conv_aa_large", (64, 64)),
    ("mobilenetv1_100", (64, 96)),
    ("mobilenetv1_100h", (64, 64)),
    ("mobilenetv1_125", (75, 101)),
    ("mobilenetv2_035", (96, 64)),
    ("mobilenetv2_110d", (64, 64)),
    ("mobilenetv2_120d", (64, 64)),
    ("mobilenetv2_140", (75, 101)),
    ("mobilenetv3_large_075", (64, 64)),
    ("mobilenetv3_large_100", (224, 224)),
    ("mobilenetv3_small_050", (64, 96)),
    ("mobilenetv3_small_100", (75, 101)),
    ("tf_mobilenetv3_large_100", (75, 101)),
    ("tf_mobilenetv3_small_075", (64, 64)),
    ("tf_mobilenetv3_small_minimal_100", (96, 96)),
]] + [(case, "mobilenetv4_" + name, args, size) for case, name, args, size in [
    ("TensorFlow's padding and epsilon", "conv_small", dict(pad_type="same", bn_eps=1e-3), (64, 64)),
    ("the same, odd sides", "hybrid_medium", dict(pad_type="same", bn_eps=1e-3), (75, 101)),
    ("another activation", "conv_small_050", dict(act_layer="hard_swish"), (64, 64)),
    ("7 classes, 1 channel", "conv_small_035", dict(num_classes=7, in_chans=1), (64, 64)),
    ("5 channels", "conv_small_035", dict(in_chans=5), (64, 64)),
    ("no classifier", "conv_small_035", dict(num_classes=0), (64, 64)),
    ("weights with 11821 classes", "conv_medium.e180_r384_in12k", {}, (64, 64)),
]]


def randomise(model, generator):
    """Weights under which every layer matters: timm's start has neutral batch norms, and layer
    scales of 1e-5 that hide the blocks behind them. Queries stay small: a softmax that picks one
    key turns the rounding of float32 into other logits."""
    uniform = lambda like, low, high: torch.rand(like.shape, generator=generator) * (high - low) + low
    normal = lambda like, std: torch.randn(like.shape, generator=generator) * std
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name.endswith("num_batches_tracked"):
                tensor.fill_(torch.randint(1, 1 << 40, (), generator=generator))
            elif name.endswith("running_mean"):
                tensor.copy_(normal(tensor, 0.2))
            elif name.endswith("running_var"):
                tensor.copy_(uniform(tensor, 0.5, 1.5))
            elif name.endswith("gamma"):
                tensor.copy_(uniform(tensor, 0.25, 0.75))
            elif name.endswith("bias"):
                tensor.copy_(normal(tensor, 0.2))
            elif tensor.dim() == 1:
                tensor.copy_(uniform(tensor, 0.75, 1.25))
            else:
                fan_in = tensor[0].numel()
                gain = 0.02 if name.endswith("query.proj.weight") else 1
                tensor.copy_(normal(tensor, gain * (1.5 / fan_in) ** 0.5))
    return model.eval()


class Test:
    def __init__(self, program, build, folder, seed):
        self.program, self.folder = program, folder
        self.resave_program = pathlib.Path(build) / "tests" / "oracles" / "mnv4_resave"
        self.generator = torch.Generator().manual_seed(seed)
        self.checks, self.failures, self.largest = 0, 0, 0.0

    def check(self, what, good, detail=""):
        self.checks += 1
        self.failures += not good
        if not good:
            print(f"FAILED  {what}: {detail}")

    def create(self, architecture, **args):
        return randomise(timm.create_model(architecture, **args), self.generator)

    def input(self, channels, height, width):
        return torch.randn(1, channels, height, width, generator=self.generator)

    def run(self, model, x, *flags):
        """Logits by mnv4, or its message."""
        np.save(self.folder / "x.npy", x.numpy())
        y = self.folder / "y.npy"
        y.unlink(missing_ok=True)
        command = [self.program, "run", "-m", model, "--input", self.folder / "x.npy", "-o", y, *flags]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        return torch.from_numpy(np.load(y)) if done.returncode == 0 else done.stderr.strip()

    def resave(self, model, out):
        return subprocess.run(list(map(str, [self.resave_program, model, out])), capture_output=True,
                              text=True)

    def compare(self, what, ours, theirs, tolerance=TOLERANCE):
        """Returns the difference over max(1, largest |logit|)."""
        if isinstance(ours, str):
            self.check(what, False, ours)
            return float("nan")
        if ours.shape != theirs.shape:
            self.check(what, False, f"shape {list(ours.shape)}, expected {list(theirs.shape)}")
            return float("nan")
        difference = ((ours - theirs).abs().max() / max(1, theirs.abs().max())).item()
        self.check(what, difference <= tolerance, f"relative difference {difference:.3g}")
        self.largest = max(self.largest, difference)
        return difference

    def compare_tensors(self, what, ours, theirs):
        keys = sorted(set(ours) ^ set(theirs))
        self.check(what, not keys, f"names {keys[:3]}")
        unequal = [k for k in theirs if k in ours and not torch.equal(ours[k], theirs[k])]
        self.check(what, not unequal, f"values of {unequal[:3]}")


@torch.no_grad()
def both_ways(test, case, architecture, args, size):
    """timm -> folder -> mnv4; folder -> mnv4 -> folder and file -> timm and mnv4."""
    model = test.create(architecture, **args)
    folder, again, file = (test.folder / name for name in ("timm", "again", "one.safetensors"))
    save_for_hf(model, folder, safe_serialization=True)
    x = test.input(model.in_chans, *size)
    logits = model(x)
    difference = test.compare(case, test.run(folder, x), logits)

    for out in again, file:
        done = test.resave(folder, out)
        test.check(f"{case}, saved again", done.returncode == 0, done.stderr)
        if done.returncode != 0:
            return
    back = timm.create_model(f"local-dir:{again}", pretrained=True).eval()
    test.compare_tensors(f"{case}, back in timm", back.state_dict(), model.state_dict())
    test.check(f"{case}, logits back in timm", torch.equal(back(x), logits))
    test.compare_tensors(f"{case}, one file", safetensors.torch.load_file(file), model.state_dict())
    test.compare(f"{case}, one file", test.run(file, x), logits)
    theirs, ours = (json.loads((f / "config.json").read_text()) for f in (folder, again))
    test.check(f"{case}, config.json", ours == theirs, f"{ours} expected {theirs}")
    print(f"{case:36} {size[0]:4} x {size[1]:<4} max |logit| {logits.abs().max():9.3f}   "
          f"difference {difference:.2g}", flush=True)


@torch.no_grad()
def narrow_weights(test):
    """Half and bfloat16 files: the logits of the rounded weights, in float32."""
    for dtype in torch.float16, torch.bfloat16:
        model = test.create("mobilenetv4_conv_small_050")
        folder = test.folder / str(dtype)
        save_for_hf(model, folder, safe_serialization=True)
        narrow = {k: v.to(dtype) if v.is_floating_point() else v for k, v in model.state_dict().items()}
        safetensors.torch.save_file(narrow, folder / "model.safetensors")
        model.load_state_dict(narrow)
        x = test.input(3, 64, 64)
        test.compare(f"weights in {dtype}", test.run(folder, x), model(x))
        test.resave(folder, test.folder / "narrow")
        kept = safetensors.torch.load_file(test.folder / "narrow" / "model.safetensors")
        test.compare_tensors(f"weights in {dtype}, saved again", kept, narrow)


@torch.no_grad()
def adapted_weights(test):
    """Other channels and classes than the file's, as timm's create_model adapts them."""
    folder = test.folder / "adapt"
    save_for_hf(test.create("mobilenetv4_conv_small_050"), folder, safe_serialization=True)
    for channels in 1, 2, 4, 8:
        model = timm.create_model(f"local-dir:{folder}", pretrained=True, in_chans=channels).eval()
        x = test.input(channels, 64, 64)
        test.compare(f"adapted to {channels} channels",
                     test.run(folder, x, "--in-chans", channels), model(x))
    x = test.input(3, 64, 64)
    test.compare("adapted to 12 classes", test.run(folder, x, "--num-classes", 12), torch.zeros(1, 12))
    features = timm.create_model(f"local-dir:{folder}", pretrained=True, num_classes=0).eval()
    test.compare("without classifier", test.run(folder, x, "--num-classes", 0), features(x))


@torch.no_grad()
def older_folders(test):
    """The configuration without pretrained_cfg, and weights in a pickle."""
    model = test.create("mobilenetv4_conv_small_035", num_classes=5)
    folder = test.folder / "old"
    save_for_hf(model, folder, safe_serialization="both")
    config = json.loads((folder / "config.json").read_text())
    legacy = {"architecture": config["architecture"], "num_features": 960, **config["pretrained_cfg"]}
    (folder / "config.json").write_text(json.dumps(legacy))
    x = test.input(3, 64, 64)
    test.compare("configuration at the top", test.run(folder, x), model(x))

    (folder / "model.safetensors").unlink()
    message = test.run(folder, x)
    command = re.search(r"python3 (-c .*)", message if isinstance(message, str) else "")
    test.check("a pickle is refused", command is not None, message)
    if command:
        subprocess.run(f"'{sys.executable}' {command.group(1)}", shell=True, check=True)
        test.compare("the pickle converted as the message says", test.run(folder, x), model(x))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("build")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        test = Test(options.program, options.build, pathlib.Path(folder), options.seed)
        for case in CASES:
            both_ways(test, *case)
        narrow_weights(test)
        adapted_weights(test)
        older_folders(test)
    print(f"weights: {len(CASES)} folders both ways, {test.checks} checks, {test.failures} failed; "
          f"largest difference {test.largest:.2g} of max(1, |logit|), allowed {TOLERANCE:g}")
    return 1 if test.failures else 0


if __name__ == "__main__":
    sys.exit(main())
