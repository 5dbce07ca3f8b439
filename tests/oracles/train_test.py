"""Does training do what its recipes say? A twin, built of timm's networks and of formulas, decides.

    train_test.py path/to/train_build [--only WORD] [--seed 0]

mnv4_train_probe (of the train build) runs updates in float64 with the trainer's own code and writes
down weights, running statistics, averages and what was drawn. The twin takes the same batches and
draws through timm's networks in float64; schedule, losses, decay, AdamW as Keras has it, L2 and
average are written below from their definitions, the other optimizers are timm's and torch's. All
must agree within 1e-9 * max(1, |value|). Exits with 1 if anything does not.
"""

import argparse
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import safetensors
import safetensors.torch
import timm
import timm.loss
import torch
import yaml
from timm.models import save_for_hf
from timm.optim import create_optimizer_v2

from weights_test import randomise

TOLERANCE = 1e-9
RECIPES = pathlib.Path(__file__).resolve().parents[2] / "recipes"
IMAGENET = 1281167
CLASSES = 10

# Table 10 of the paper (arXiv 2404.10518) and the authors' experiment files.
PUBLISHED = {  # batch, lr, epochs, warm-up epochs, decay of the average, Keras's BN momentum
    "mnv4_conv_s": (4096, 0.002, 9600, 5, 0.9999, 0.95),
    "mnv4_conv_m": (4096, 0.004, 500, 5, 0, 0.997),
    "mnv4_hybrid_m": (16384, 0.016, 500, 20, 0, 0.997),
    "mnv4_conv_l": (16384, 0.004, 500, 20, 0, 0.997),
    "mnv4_hybrid_l": (16384, 0.01, 500, 20, 0, 0.997),
}

# What a test of a recipe changes: the size of everything, and the precision. The schedule has the
# published steps; Conv-S's are the experiment file's.
SMALL = {"model.num_classes": CLASSES, "train.precision": "fp32", "train.reference_batch": 0,
         "train.accumulate": 2, "schedule.warmup_steps": 1560}
STEPS = {"mnv4_conv_s": 3002368, "mnv4_conv_m": 156000, "mnv1": 156000, "mnv2": 156000,
         "mnv3_large": 218000, "mnv3_small": 312000}
# The other generations, and what their recipes say in epochs of ImageNet.
OTHERS = {"mnv1": {"schedule.decay_steps": 780}, "mnv2": {"schedule.decay_steps": 780},
          "mnv3_large": {"schedule.warmup_steps": 0}, "mnv3_small": {"schedule.decay_steps": 936}}

# Everything that the other cases build on. eps is no smaller than 1e-6: some gradients are zero but
# for rounding (a norm's bias before another norm), and PyTorch's first update is lr * g / (|g| + eps).
PLAIN = """
model: {name: conv_small_035, bn_momentum: 0.1, bn_eps: 1.0e-5, drop: 0, drop_path: 0}
augment: {profile: clean}
mix: {mixup: 0, cutmix: 0}
loss: {kind: cross_entropy, smoothing: 0}
optimizer: {kind: adamw, weight_decay: 0.05, beta1: 0.9, beta2: 0.999, eps: 1.0e-6, momentum: 0.9,
            rho: 0.9, decay_filter: no_1d}
schedule: {kind: cosine, lr: 0.002, floor: 0, decay_steps: 50}
"""

# name of the case, recipe, settings, number of updates before the first
CASES = [(name, name, {}, 1560) for name in PUBLISHED] + [
    (name, name, settings, 1560) for name, settings in OTHERS.items()] + [
    ("V3-Small in its warm-up", "mnv3_small", OTHERS["mnv3_small"], 700),
    ("V2, timm's stochastic depth", "mnv2",
     {**OTHERS["mnv2"], "model.drop_path": 0.2, "model.drop_path_schedule": "timm"}, 935),
    ("V3-Large, gradients recomputed", "mnv3_large",
     {**OTHERS["mnv3_large"], "train.checkpoint_gradients": "true"}, 0),
    ("Conv-S from the start", "mnv4_conv_s", {}, 0),
    ("Conv-S where its average begins", "mnv4_conv_s", {"schedule.warmup_steps": 9}, 1558),
    ("Conv-L, every batch mixed", "mnv4_conv_l", {"mix.probability": 1}, 1560),
    ("Hybrid-L, every batch mixed", "mnv4_hybrid_l", {"mix.probability": 1, "train.seed": 4}, 1560),
    ("Conv-L, flat stochastic depth", "mnv4_conv_l",
     {"model.drop_path": 0.2, "model.drop_path_schedule": "flat"}, 1560),
    ("Conv-M, timm's stochastic depth", "mnv4_conv_m",
     {"model.drop_path": 0.3, "model.drop_path_schedule": "timm"}, 1560),
    ("Hybrid-M, gradients recomputed", "mnv4_hybrid_m", {"train.checkpoint_gradients": "true"}, 1560),
] + [(case, None, settings, 0) for case, settings in [
    ("adamw", {}),
    ("adamw, layers decay", {"optimizer.layer_decay": 0.75}),
    ("adamw, Garden's decay", {"optimizer.decay_filter": "garden"}),
    ("sgd, clipped", {"optimizer.kind": "sgd", "optimizer.clip_grad": 0.1}),
    ("sgd, Nesterov", {"optimizer.kind": "sgd", "optimizer.nesterov": "true"}),
    ("lamb", {"optimizer.kind": "lamb"}),
    ("lamb, layers decay", {"optimizer.kind": "lamb", "optimizer.layer_decay": 0.75}),
    ("rmsprop", {"optimizer.kind": "rmsprop", "optimizer.eps": 0.002}),
    ("adamw_keras with L2", {"optimizer.kind": "adamw_keras", "optimizer.l2": 0.01}),
    ("binary cross-entropy", {"loss.kind": "bce", "loss.smoothing": 0.1, "loss.bce_threshold": 0.2}),
    ("stem, first stage and norms frozen", {"model.freeze": "[stem, blocks.0, bn]"}),
    ("an average that warms up, with statistics",
     {"ema.decay": 0.9, "ema.dynamic": "true", "ema.buffers": "average"}),
    ("Mixup by Beta, one draw a batch",
     {"mix.mixup": 0.8, "mix.probability": 1, "mix.per_sample": "false", "loss.smoothing": 0.1}),
    ("CutMix, true areas",
     {"mix.cutmix": 1, "mix.probability": 1, "loss.smoothing": 0.1}),
]]


def full_name(name):
    """timm's, as mnv4 completes what stands in recipes."""
    return name if "mobilenet" in name else "mobilenetv4_" + name


def difference(ours, theirs):
    """Largest |a - b| / max(1, |b|)."""
    if ours.shape != theirs.shape or not torch.isfinite(ours).all():
        return math.inf
    scale = theirs.abs().clamp(min=1)
    return ((ours - theirs).abs() / scale).max().item() if ours.numel() else 0.0


class Test:
    def __init__(self, build, folder, seed):
        self.program = pathlib.Path(build) / "tests" / "oracles" / "mnv4_train_probe"
        self.folder = folder
        self.generator = torch.Generator().manual_seed(seed)
        self.checks, self.failures, self.largest, self.mixed = 0, 0, 0.0, set()

    def check(self, what, good, detail=""):
        self.checks += 1
        self.failures += not good
        if not good:
            print(f"FAILED  {what}: {detail}")

    def compare(self, what, ours, theirs):
        """Two dictionaries of tensors; returns the largest difference."""
        self.check(what, set(ours) == set(theirs), f"names {sorted(set(ours) ^ set(theirs))[:3]}")
        worst, where = 0.0, ""
        for name in set(ours) & set(theirs):
            d = difference(ours[name], theirs[name])
            self.checks += 1
            self.failures += not d <= TOLERANCE
            if not d <= worst:
                worst, where = d, name
        if not worst <= TOLERANCE:
            print(f"FAILED  {what}: {where} differs by {worst:.3g}")
        self.largest = max(self.largest, worst)
        return worst

    def probe(self, *arguments):
        subprocess.run([str(a) for a in (self.program, *arguments)], check=True)

    def save_model(self, architecture, **args):
        folder = self.folder / "model"
        model = randomise(timm.create_model(full_name(architecture), **args), self.generator)
        save_for_hf(model, folder, safe_serialization=True)
        return model, folder

    def save_batches(self, count, n, side):
        pixels = torch.randn(count, n, side, side, 3, generator=self.generator)
        labels = torch.randint(CLASSES, (count, n), generator=self.generator)
        file = self.folder / "batches.safetensors"
        safetensors.torch.save_file({"pixels": pixels, "labels": labels}, file)
        return pixels, labels, file


class Masked(torch.nn.Module):
    """Stochastic depth that was drawn elsewhere."""
    mask = None

    def forward(self, x):
        return x if self.mask is None else x * self.mask


def modules_by_parameter(model):
    return {f"{name}.{p}" if name else p: m for name, m in model.named_modules()
            for p, _ in m.named_parameters(recurse=False)}


class Twin:
    def __init__(self, model, recipe, start):
        self.recipe, self.step = recipe, start
        self.model = model.double().train()
        self.modules = modules_by_parameter(model)
        self.set_frozen()
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = self.get("model.bn_momentum")
        self.set_drop_path()
        self.dropout = None
        model.classifier.register_forward_pre_hook(
            lambda _, args: args if self.dropout is None else (args[0] * self.dropout,))
        self.moments = {name: [torch.zeros_like(p), torch.zeros_like(p)]
                        for name, p in model.named_parameters()}
        self.average = {k: v.clone() for k, v in self.followed().items()}
        self.optimizer = self.make_optimizer()

    def get(self, key, default=0):
        section, key = key.split(".")
        return self.recipe.get(section, {}).get(key, default)

    def set_frozen(self):
        frozen = self.get("model.freeze", [])
        for name, p in self.model.named_parameters():
            module = self.modules[name]
            norm = isinstance(module, torch.nn.BatchNorm2d)
            if (("stem" in frozen and name.startswith(("conv_stem.", "bn1."))) or
                    ("blocks.0" in frozen and name.startswith("blocks.0.")) or
                    ("bn" in frozen and norm)):
                p.requires_grad_(False)
                if norm:
                    module.eval()

    def set_drop_path(self):
        """Rates by Garden's list of blocks, which has the stem before timm's blocks and pooling,
        head and classifier's features behind them; by timm's own modules; or flat."""
        blocks = [(f"blocks.{s}.{b}", block) for s, stage in enumerate(self.model.blocks)
                  for b, block in enumerate(stage)]
        peak, schedule = self.get("model.drop_path"), self.get("model.drop_path_schedule", "garden")
        timms = []
        if schedule == "timm":
            other = timm.create_model(full_name(self.get("model.name")), drop_path_rate=peak)
            timms = [block for stage in other.blocks for block in stage]
        self.drop_path = {}
        for i, (name, block) in enumerate(blocks):
            if not getattr(block, "has_skip", False):
                continue
            if schedule == "timm":
                rate = getattr(timms[i].drop_path, "drop_prob", 0)
            elif schedule == "flat" or hasattr(block, "attn"):
                rate = peak
            else:
                rate = peak * (i + 1 + 1) / (1 + len(blocks) + 2)
            block.drop_path = Masked()
            self.drop_path[name] = (rate, block.drop_path)

    def make_optimizer(self):
        get, kind = self.get, self.get("optimizer.kind")
        args = dict(lr=0.0, weight_decay=get("optimizer.weight_decay"))
        if get("optimizer.layer_decay", 1) != 1:
            args["layer_decay"] = get("optimizer.layer_decay")
        if get("optimizer.decay_filter") == "garden":
            args["param_group_fn"] = lambda model: [
                {"params": [p for n, p in model.named_parameters() if self.decays(n, p) == take],
                 "weight_decay": args["weight_decay"] * take} for take in (False, True)]
        adam = dict(betas=(get("optimizer.beta1"), get("optimizer.beta2")), eps=get("optimizer.eps"))
        if kind == "adamw":
            return create_optimizer_v2(self.model, "adamw", **args, **adam)
        if kind == "lamb":
            return create_optimizer_v2(self.model, "lamb", max_grad_norm=None, **args, **adam)
        if kind == "sgd":  # timm's "sgd" is Nesterov's
            name = "sgd" if get("optimizer.nesterov", False) else "momentum"
            return create_optimizer_v2(self.model, name, momentum=get("optimizer.momentum"), **args)
        return None

    def decays(self, name, p):
        if self.get("optimizer.decay_filter") == "garden":
            return not isinstance(self.modules[name], torch.nn.BatchNorm2d)
        return p.dim() > 1

    def takes_l2(self, name):
        module = self.modules[name]
        if not name.endswith(".weight") or ".attn." in name:
            return False
        return isinstance(module, torch.nn.Linear) or (
            isinstance(module, torch.nn.Conv2d) and module.groups == 1)

    def followed(self):
        names = dict(self.model.named_parameters())
        if self.get("ema.buffers", "live") == "average":
            names.update(self.statistics())
        return {k: v.detach() for k, v in names.items()}

    def statistics(self):
        return {k: v for k, v in self.model.state_dict().items() if "running_" in k}

    def state(self):
        state = {f"model/{k}": v.detach() for k, v in self.model.named_parameters()}
        state.update({f"model/{k}": v for k, v in self.statistics().items()})
        if self.get("ema.decay"):
            state.update({f"ema/{k}": v for k, v in self.average.items()})
        return state

    @torch.no_grad()
    def take(self, state):
        """Goes on from the probe's weights, so that what differs is one update's: three at the peak
        of a recipe's rate turn the last digits of the first into the eighth of the third."""
        for name, tensor in self.state().items():
            tensor.copy_(state[name])

    def lr(self, step):
        """Of 0-based step: cosine or staircase from the start of the run; in the warm-up a line to
        where that is at its end."""
        steps, warmup = self.get("schedule.decay_steps"), self.get("schedule.warmup_steps")
        floor, begin = self.get("schedule.floor"), self.get("schedule.warmup_lr")

        def after_warmup(s):
            if self.get("schedule.kind") == "exponential":
                return self.get("schedule.lr") * self.get("schedule.decay_rate") ** (s // steps)
            half = 0.5 * (1 + math.cos(math.pi * min(s, steps) / steps))
            return self.get("schedule.lr") * ((1 - floor) * half + floor)

        if step >= warmup:
            return after_warmup(step)
        return begin + step / warmup * (after_warmup(warmup) - begin)

    def mix(self, draw, x, one_hot):
        """Pictures and targets in float32, as data has them. x: [n, h, w, c]"""
        partner, targets = x[::-1], one_hot.copy()
        mixed = x.copy()
        for i, row in enumerate(draw):
            if 2 * i + 1 == len(x):
                continue  # with itself
            lam, label_lam = np.float32(row[0]), np.float32(row[1])
            if lam != 1:
                mixed[i] = x[i] * lam + partner[i] * (np.float32(1) - lam)
            top, left, bottom, right = (int(v) for v in row[2:])
            mixed[i, top:bottom, left:right] = partner[i, top:bottom, left:right]
            targets[i] = label_lam * one_hot[i] + (np.float32(1) - label_lam) * one_hot[-1 - i]
            same = (one_hot[i] == one_hot[-1 - i])
            targets[i][same] = one_hot[i][same]
        return mixed, targets

    def loss(self, pixels, labels, draws):
        smoothing = self.get("loss.smoothing")
        x, targets = pixels.numpy(), None
        if "mix" in draws:
            one_hot = np.full((len(labels), CLASSES), smoothing / CLASSES, np.float32)
            one_hot[np.arange(len(labels)), labels] = 1 - smoothing + smoothing / CLASSES
            x, targets = self.mix(draws["mix"].numpy(), x, one_hot)
            targets = torch.from_numpy(targets).double()
        for name, (_, module) in self.drop_path.items():
            module.mask = draws.get("drop_path/" + name)
        self.dropout = draws.get("dropout")
        logits = self.model(torch.from_numpy(x).double().permute(0, 3, 1, 2))
        if self.get("loss.kind", "cross_entropy") == "bce":
            threshold = self.get("loss.bce_threshold")
            return timm.loss.BinaryCrossEntropy(smoothing, threshold)(logits, labels)
        if targets is None:
            targets = torch.full_like(logits, smoothing / CLASSES)
            targets[torch.arange(len(labels)), labels] += 1 - smoothing
        z = logits - logits.max(1, keepdim=True).values.detach()
        return -(targets * (z - z.exp().sum(1, keepdim=True).log())).sum(1).mean()

    @torch.no_grad()
    def apply(self, lr):
        if self.optimizer:
            for group in self.optimizer.param_groups:
                group["lr"] = lr * group.get("lr_scale", 1)
            self.optimizer.step()
            return
        get = self.get
        decay, l2, t = get("optimizer.weight_decay"), get("optimizer.l2"), self.step + 1
        b1, b2, eps = (get("optimizer." + key) for key in ("beta1", "beta2", "eps"))
        for name, w in self.model.named_parameters():
            m, v = self.moments[name]
            g = w.grad + l2 * w if l2 and self.takes_l2(name) else w.grad
            if get("optimizer.kind") == "rmsprop":  # eps inside the root, lr inside the momentum
                g = g + decay * w if self.decays(name, w) else g
                rho, momentum = get("optimizer.rho"), get("optimizer.momentum")
                v.copy_(rho * v + (1 - rho) * g ** 2)
                m.copy_(momentum * m + lr * g / (v + eps).sqrt())
                w -= m
                continue
            assert get("optimizer.kind") == "adamw_keras"
            if self.decays(name, w):
                w -= lr * decay * w
            m.copy_(b1 * m + (1 - b1) * g)
            v.copy_(b2 * v + (1 - b2) * g ** 2)
            w -= lr * math.sqrt(1 - b2 ** t) / (1 - b1 ** t) * m / (v.sqrt() + eps)

    @torch.no_grad()
    def follow(self):
        decay, begin = self.get("ema.decay"), self.get("ema.start_step")
        k = self.step - begin
        d = 0 if k < 0 else min(decay, (1 + k) / (10 + k)) if self.get("ema.dynamic", False) else decay
        for name, live in self.followed().items():
            self.average[name] -= (1 - d) * (self.average[name] - live)

    def update(self, pixels, labels, draws):
        """Returns loss, learning rate and the norm of the gradient."""
        self.model.zero_grad()
        total = 0.0
        for x, y, draw in zip(pixels, labels, draws):
            loss = self.loss(x, y, draw) / len(draws)
            loss.backward()
            total += loss.item()
        norm, most = 0, self.get("optimizer.clip_grad")
        if most:
            norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), most).item()
        lr = self.lr(self.step)
        self.apply(lr)
        self.step += 1
        self.follow()
        return torch.tensor([total, lr, norm], dtype=torch.double)


def read(file):
    with safetensors.safe_open(file, "pt") as f:
        return {k: f.get_tensor(k) for k in f.keys()}, f.metadata()


def check_draws(test, case, twin, draws):
    """What was drawn has the values that the rates allow."""
    for name, (rate, _) in twin.drop_path.items():
        mask = draws.get("drop_path/" + name)
        good = mask is None if rate == 0 else mask is not None and bool(
            ((mask == 0) | ((mask - 1 / (1 - rate)).abs() < 1e-12)).all())
        test.check(f"{case}, drop path of {name}", good, f"rate {rate}")
    rate = twin.get("model.drop")
    if rate:
        mask = draws["dropout"]
        test.check(f"{case}, dropout", bool(((mask == 0) | ((mask - 1 / (1 - rate)).abs() < 1e-12)).all()))
        dropped = (mask == 0).double().mean().item()
        test.check(f"{case}, dropout", abs(dropped - rate) < 5 * math.sqrt(rate / mask.numel()),
                   f"{dropped} of the features, expected {rate}")
    if "mix" in draws:
        boxes = draws["mix"][:, 4:] > draws["mix"][:, 2:4]
        test.mixed.add("CutMix" if boxes.all(1).any() else "Mixup")


def updates(test, case, recipe_name, settings, start):
    """Three updates, after number `start`."""
    source = RECIPES / f"{recipe_name}.yaml" if recipe_name else test.folder / "plain.yaml"
    if not recipe_name:
        source.write_text(PLAIN)
    recipe = yaml.safe_load(source.read_text())
    name = recipe["model"]["name"]
    large = name.endswith("large")
    side, n, count = (64, 4, 3) if large else (96, 6, 3) if recipe_name else (64, 5, 4)
    if recipe_name:
        steps = STEPS.get(recipe_name, 39000)
        settings = {**SMALL, "train.steps": steps, "schedule.decay_steps": steps, **settings}
    else:
        settings = {"model.num_classes": CLASSES, **settings}
    settings = {**settings, "model.img_size": side, "train.batch_size": n}
    for key, value in settings.items():
        section, leaf = key.split(".")
        recipe.setdefault(section, {})[leaf] = yaml.safe_load(value) if isinstance(value, str) else value
    accumulate = recipe["train"].get("accumulate", 1)
    args = {"pad_type": "same"} if recipe["model"].get("pad_type") == "same" else {}
    model, folder = test.save_model(name, num_classes=CLASSES, bn_eps=recipe["model"]["bn_eps"], **args)
    pixels, labels, file = test.save_batches(count * accumulate, n, side)
    out = test.folder / "steps"
    out.mkdir(exist_ok=True)
    test.probe("update", source, file, out, start, count, 1000 * n,
               *(f"{k}={v}" for k, v in settings.items()), f"model.init_from={folder}")

    twin = Twin(model, recipe, start)
    worst = {"loss": 0.0, "weights": 0.0, "statistics": 0.0, "average": 0.0}
    for step in range(start, start + count + 1):
        file = out / f"step-{step}.safetensors"
        ours, metadata = read(file)
        if step > start:
            draws = [{k.split("/", 2)[2]: v for k, v in ours.items() if k.startswith(f"draw/{i}/")}
                     for i in range(accumulate)]
            for draw in draws:
                check_draws(test, case, twin, draw)
            first = (step - start - 1) * accumulate
            theirs = twin.update(pixels[first:first + accumulate], labels[first:first + accumulate], draws)
            most = twin.get("optimizer.clip_grad")
            test.check(f"{case}, update {step}", not most or theirs[2] > most, "nothing was clipped")
            numbers = torch.tensor([float(metadata[k]) for k in ("loss", "lr", "gradient_norm")],
                                   dtype=torch.double)
            worst["loss"] = max(worst["loss"], test.compare(
                f"{case}, update {step}, loss, lr and norm", {"": numbers}, {"": theirs}))
        theirs = twin.state()
        for part, has in [("weights", lambda k: k.startswith("model/") and "running_" not in k),
                          ("statistics", lambda k: k.startswith("model/") and "running_" in k),
                          ("average", lambda k: k.startswith("ema/"))]:
            worst[part] = max(worst[part], test.compare(
                f"{case}, update {step}, {part}", {k: v for k, v in ours.items() if has(k)},
                {k: v for k, v in theirs.items() if has(k)}))
        twin.take(ours)
        file.unlink()
    print(f"{case:42} " + "  ".join(f"{k} {v:.1e}" for k, v in worst.items()), flush=True)


def gradients(test, architecture):
    """Logits in training mode, every gradient and the statistics after one batch."""
    large = "large" in architecture
    model, folder = test.save_model(architecture, num_classes=CLASSES)
    pixels, labels, file = test.save_batches(1, 4, 64 if large else 96)
    out = test.folder / "gradients.safetensors"
    test.probe("gradients", folder, file, out)
    model = model.double().train()
    logits = model(pixels[0].double().permute(0, 3, 1, 2))
    torch.nn.functional.cross_entropy(logits, labels[0]).backward()
    theirs = {"logits": logits.detach()}
    theirs.update({f"gradient/{k}": p.grad for k, p in model.named_parameters()})
    theirs.update({f"model/{k}": v for k, v in model.state_dict().items() if "running_" in k})
    ours, _ = read(out)
    worst = {part: test.compare(f"{architecture}, {part}",
                                {k: v for k, v in ours.items() if k.startswith(part)},
                                {k: v for k, v in theirs.items() if k.startswith(part)})
             for part in ("logits", "gradient", "model")}
    print(f"{architecture:42} logits {worst['logits']:.1e}  gradients {worst['gradient']:.1e}  "
          f"statistics {worst['model']:.1e}", flush=True)


def timings(test):
    """What ImageNet's size makes of the recipes: as published, and at a batch of 256."""
    _, _, file = test.save_batches(1, 1, 32)
    out = test.folder / "steps"
    out.mkdir(exist_ok=True)
    for name, (batch, lr, epochs, warmup, ema, momentum) in PUBLISHED.items():
        for accumulate in batch // 256, 1:
            test.probe("update", RECIPES / f"{name}.yaml", file, out, 0, 0, IMAGENET,
                       "model.name=conv_small_035", f"model.num_classes={CLASSES}",
                       "model.img_size=32", "train.precision=fp32", f"train.accumulate={accumulate}")
            _, found = read(out / "step-0.safetensors")
            size = 256 * accumulate
            per_epoch = IMAGENET // size
            steps = epochs * per_epoch
            expected = dict(batch=size, steps=steps, decay_steps=steps, warmup_steps=warmup * per_epoch,
                            lr=lr, ema_decay=ema, bn_momentum=1 - momentum)
            if size != batch:  # the root of the ratio; the same horizon, at most a tenth of the run
                ratio = size / batch
                expected["lr"] = lr * math.sqrt(ratio)
                expected["warmup_steps"] = min(max(warmup * per_epoch, 500), steps // 10)
                expected["ema_decay"] = min(ema ** ratio, 1 - 10 / steps) if ema else 0
            for key, value in expected.items():
                good = abs(float(found[key]) - value) <= 1e-12 * max(1, value)
                test.check(f"{name} at batch {size}, {key}", good, f"{found[key]}, expected {value}")
    print(f"timings of {len(PUBLISHED)} recipes on ImageNet, as published and at a batch of 256", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--only", default="", help="cases whose name has this word")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    architectures = timm.list_models(["mobilenetv[1234]_*", "tf_mobilenetv3_*"],
                                     exclude_filters=["mobilenetv3_rw", "mobilenetv3_large_150d"])
    with tempfile.TemporaryDirectory() as folder:
        test = Test(options.build, pathlib.Path(folder), options.seed)
        if options.only in "timings":
            timings(test)
        for name in architectures:
            if options.only in name:
                gradients(test, name)
        for case in CASES:
            if options.only in case[0]:
                updates(test, *case)
    if not options.only:
        test.check("mixing", test.mixed == {"Mixup", "CutMix"}, f"only {test.mixed} were drawn")
    print(f"training: {len(architectures)} networks, {len(CASES)} runs, {test.checks} checks, "
          f"{test.failures} failed; largest difference {test.largest:.2g} of max(1, |value|), "
          f"allowed {TOLERANCE:g}")
    return 1 if test.failures else 0


if __name__ == "__main__":
    sys.exit(main())
