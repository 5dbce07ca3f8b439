#!/usr/bin/env python3
"""Trains the small classifier that the `mnv4` program carries inside.

    python3 tools/train_default_model.py --generator build/release/mnv4-scenes

The data are scenes made on the fly by tools/scenes (see tools/README.md: needed packages, hardware,
time and expected result). Progressive resolution: the first part of the scenes is small. May be
interrupted at any time and started again: it goes on from WORK/checkpoint.pt.
"""

import argparse
import json
import math
import os
import queue
import signal
import subprocess
import sys
import threading
import time

# Must be set before the process starts. Spinning threads starve the generators; keeping freed
# memory, not giving it back to the kernel after every tensor, makes a step up to twice as fast.
ENVIRONMENT = {"OMP_WAIT_POLICY": "passive", "MALLOC_MMAP_THRESHOLD_": "4000000000",
               "MALLOC_TRIM_THRESHOLD_": "100000000000", "MALLOC_TOP_PAD_": "100000000"}
if __name__ == "__main__" and any(key not in os.environ for key in ENVIRONMENT):
    os.execve(sys.executable, [sys.executable, *sys.argv], {**ENVIRONMENT, **os.environ})

import numpy as np
import timm
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

TOOLS = os.path.dirname(os.path.abspath(__file__))
ARCHITECTURE = "mobilenetv4_conv_small"
SIZE = 128
HELDOUT_SEED = 2
AVERAGE_EVERY = 8  # steps


def parse_sizes(text):
    """"80:0.5,128:0.5" -> [(80, 0.5), (128, 0.5)]"""
    return [(int(size), float(share)) for size, share in (p.split(":") for p in text.split(","))]


def parse_args():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--generator", required=True, help="the mnv4-scenes program")
    p.add_argument("--output", default=os.path.join(TOOLS, "../mnv4/cli/default_model.safetensors"))
    p.add_argument("--report", default=os.path.join(TOOLS, "default_model_report.json"))
    p.add_argument("--work", default="runs/train/default_model", help="folder of the checkpoint")
    p.add_argument("--scenes", type=int, default=690_000, help="seen in all, at most")
    p.add_argument("--minutes", type=float, default=math.inf,
                   help="training ends by then, its schedule shortened to fit")
    p.add_argument("--sizes", type=parse_sizes, default="128:1",
                   help="side of the scenes in pixels and part of the schedule, in turn")
    p.add_argument("--batch-size", type=int, default=48)
    p.add_argument("--lr", type=float, default=1.5e-3)
    p.add_argument("--weight-decay", type=float, default=0.04)
    p.add_argument("--warmup-scenes", type=int, default=10_000)
    p.add_argument("--smoothing", type=float, default=0.05)
    p.add_argument("--ema-decay", type=float, default=0.998)
    p.add_argument("--eval-scenes", type=int, default=5000, help="held out, for the report")
    p.add_argument("--processes", type=int, default=2, help="workers of one thread each")
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    if args.batch_size % args.processes:
        p.error(f"--batch-size {args.batch_size} is no multiple of --processes {args.processes}")
    return args


class SceneStream:
    """Batches of (labels, uint8 images [n, side, side, 3]) of scenes start, start + stride, ..."""

    def __init__(self, args, split, size, start, stride, seed, batch_size):
        record = np.dtype([("label", "<u2"), ("image", "u1", (size, size, 3))])
        self.process = subprocess.Popen(
            [args.generator, "--raw", "--split", split, "--size", str(size), "--seed", str(seed),
             "--start", str(start), "--stride", str(stride), "--count", str(1 << 40),
             "--classes", os.path.join(TOOLS, "scenes/classes.txt"),
             "--grounds", os.path.join(TOOLS, "scenes/grounds.txt")], stdout=subprocess.PIPE,
            start_new_session=True)  # an interrupt is for the trainer, which then ends them
        self.batches = queue.Queue(maxsize=4)
        threading.Thread(target=self._read, args=(record, batch_size), daemon=True).start()

    def _read(self, record, batch_size):
        while True:
            data = self.process.stdout.read(batch_size * record.itemsize)
            if len(data) < batch_size * record.itemsize:
                self.batches.put(None)
                return
            self.batches.put(np.frombuffer(data, record))

    def next(self):
        batch = self.batches.get()
        if batch is None:
            raise SystemExit("the scene generator stopped")
        return torch.from_numpy(batch["label"].astype(np.int64)), batch["image"].copy()

    def close(self):
        self.process.kill()
        self.process.wait()


def to_input(images):
    """uint8 NHWC -> float NCHW in channels-last memory, mean and std 0.5."""
    return torch.from_numpy(images).float().sub_(127.5).div_(127.5).permute(0, 3, 1, 2)


def make_model(num_classes):
    model = timm.create_model(ARCHITECTURE, num_classes=num_classes)
    # timm's initial logits have a deviation of 1.5: a start worse than knowing nothing.
    model.classifier.weight.data.mul_(0.1)
    return model.to(memory_format=torch.channels_last)


def learning_rate(args, seen, progress):
    warmup = min(1.0, (seen + 1) / args.warmup_scenes)
    return args.lr * warmup * (0.002 + 0.998 * 0.5 * (1 + math.cos(math.pi * progress)))


def heldout(args, count, batch_size=100):
    stream = SceneStream(args, "heldout", SIZE, 0, 1, HELDOUT_SEED, batch_size)
    for _ in range(count // batch_size):
        yield stream.next()
    stream.close()


@torch.no_grad()
def evaluate(args, model, count):
    """Top-1 and top-5 in percent."""
    model.eval()
    hits1 = hits5 = 0
    for labels, images in heldout(args, count):
        top = model(to_input(images)).topk(5).indices == labels[:, None]
        hits1 += top[:, 0].sum().item()
        hits5 += top.any(1).sum().item()
    return 100 * hits1 / count, 100 * hits5 / count


def histograms(images):
    """Joint RGB histograms, 8 bins a channel, each summing to 1: [n, 512]."""
    bins = images.reshape(len(images), -1, 3).astype(np.int64) >> 5
    codes = (bins[..., 0] * 64 + bins[..., 1] * 8 + bins[..., 2])
    return np.stack([np.bincount(c, minlength=512) for c in codes]) / codes.shape[1]


def histogram_baseline(args, num_classes, count):
    """Each class's mean colour histogram over 100 training scenes, nearest in L1: top-1, top-5."""
    sums = np.zeros((num_classes, 512))
    stream = SceneStream(args, "train", SIZE, 0, 1, args.seed, 100)
    for _ in range(num_classes):
        labels, images = stream.next()
        np.add.at(sums, labels.numpy(), histograms(images))
    stream.close()
    means = sums / sums.sum(1, keepdims=True)
    hits1 = hits5 = 0
    for labels, images in heldout(args, count):
        distance = np.abs(histograms(images)[:, None] - means[None]).sum(2)
        top = np.argsort(distance, axis=1, kind="stable")[:, :5] == labels.numpy()[:, None]
        hits1 += int(top[:, 0].sum())
        hits5 += int(top.any(1).sum())
    return 100 * hits1 / count, 100 * hits5 / count


def to_half(state):
    """numpy tensors, fp16 where that keeps every value to within fp16's own rounding."""
    tensors = {}
    for name, tensor in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        full = tensor.detach().contiguous().numpy()
        half = full.astype(np.float16)
        # A variance divides: it must neither vanish nor overflow nor fall among the subnormals.
        coarse = name.endswith("running_var") and full.min() < 2**-14
        tensors[name] = full if coarse or not np.isfinite(half).all() else half
    return tensors


def config_of(model, labels):
    """The text of a timm config.json."""
    return json.dumps({
        "architecture": ARCHITECTURE,
        "num_classes": len(labels),
        "num_features": model.num_features,
        "global_pool": "avg",
        "model_args": {},
        "label_names": labels,
        "pretrained_cfg": {
            "tag": "scenes100",
            "custom_load": False,
            "input_size": [3, SIZE, SIZE],
            "fixed_input_size": False,
            "interpolation": "bicubic",
            "crop_pct": 1.0,
            "crop_mode": "center",
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
            "num_classes": len(labels),
            "pool_size": [4, 4],
            "first_conv": "conv_stem",
            "classifier": "classifier",
            "license": "apache-2.0",
        },
    }, indent=2)


class Flat:
    """A model whose parameters, gradients and BN statistics are views of one vector each, so that
    workers can share them and an update takes a few operations instead of some for every tensor."""

    def __init__(self, num_classes, params=None, grads=None):
        self.model = make_model(num_classes)
        ordered = sorted(self.model.parameters(), key=lambda p: p.ndim <= 1)
        self.decayed = sum(p.numel() for p in ordered if p.ndim > 1)  # weights before biases and BN
        initial = torch.cat([self._flatten(p) for p in ordered])
        self.params = torch.empty_like(initial) if params is None else params
        self.params.copy_(initial)
        at = 0
        for p in ordered:
            p.data = self._view(self.params, at, p)
            p.grad = None if grads is None else self._view(grads, at, p)
            at += p.numel()
        stats = [b for b in self.model.buffers() if b.is_floating_point()]
        self.stats = torch.cat(stats)
        at = 0
        for b in stats:
            b.data = self.stats[at:at + b.numel()]
            at += b.numel()

    @staticmethod
    def _flatten(p):
        p = p.detach()
        return (p.permute(0, 2, 3, 1) if p.ndim == 4 else p).reshape(-1)

    @staticmethod
    def _view(flat, at, p):
        part = flat[at:at + p.numel()]
        if p.ndim != 4:
            return part.view(p.shape)
        o, i, h, w = p.shape
        return part.view(o, h, w, i).permute(0, 3, 1, 2)  # channels last


class Shared:
    """What the workers of a run have in common, in shared memory."""

    def __init__(self, num_params, processes):
        self.params = torch.zeros(num_params).share_memory_()
        self.moments = torch.zeros(2, num_params).share_memory_()  # AdamW's first and second
        self.grads = torch.zeros(processes, num_params).share_memory_()
        self.progress = torch.zeros(1).share_memory_()  # of the schedule, 0 to 1


def adamw(shared, part, decayed, lr, weight_decay, step):
    """One step of AdamW on a part (a slice) of the parameters; biases and BN are not decayed."""
    beta1, beta2 = 0.9, 0.99
    params, grads = shared.params[part], shared.grads[:, part].mean(0)
    first, second = shared.moments[0, part], shared.moments[1, part]
    first.lerp_(grads, 1 - beta1)
    second.mul_(beta2).addcmul_(grads, grads, value=1 - beta2)
    shared.params[part.start:max(part.start, min(part.stop, decayed))].mul_(1 - lr * weight_decay)
    scale = math.sqrt(1 - beta2**step)
    params.addcdiv_(first, second.sqrt().add_(1e-8 * scale), value=-lr * scale / (1 - beta1**step))


def save_checkpoint(path, **state):
    torch.save(state, path + ".new")
    os.replace(path + ".new", path)  # never half a file


def size_at(args, progress):
    part = 0.0
    for size, share in args.sizes:
        part += share
        if progress < part:
            return size
    return args.sizes[-1][0]


def train(args, num_classes, rank, shared, barrier):
    """One of args.processes equal workers: each takes its part of every batch and updates its part
    of the parameters. Worker 0 also keeps the average, says how far the schedule is, logs and
    writes WORK/checkpoint.pt."""
    # A session of its own: kernels that weigh sessions against each other (autogroup) then see each
    # worker as one program. Interrupts go to the parent, which ends its workers.
    os.setsid()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    path = os.path.join(args.work, "checkpoint.pt")
    flat = Flat(num_classes, shared.params, shared.grads[rank])  # each fills in the same weights
    ema = Flat(num_classes)
    seen, seconds = 0, 0.0
    barrier.wait()
    if os.path.exists(path):
        state = torch.load(path)
        seen, seconds = state["seen"], state["seconds"]
        flat.stats.copy_(state["stats"])
        if rank == 0:
            shared.params.copy_(state["params"])
            shared.moments.copy_(state["moments"])
            ema.model.load_state_dict(state["ema"])

    def elapsed():
        return seconds + time.time() - logged

    def report_progress():
        shared.progress[0] = max(seen / args.scenes, elapsed() / 60 / args.minutes)

    logged = time.time()
    if rank == 0:
        report_progress()
    barrier.wait()

    local = args.batch_size // args.processes
    bounds = [i * len(flat.params) // args.processes for i in (rank, rank + 1)]
    stream, size = None, 0
    loss_sum = hits = count = 0
    while shared.progress[0] < 1:
        now = shared.progress[0].item()
        if size_at(args, now) != size:
            if stream:
                stream.close()
            size = size_at(args, now)
            stream = SceneStream(args, "train", size, seen + rank, args.processes, args.seed, local)
        labels, images = stream.next()
        flat.model.train()
        shared.grads[rank].zero_()
        logits = flat.model(to_input(images))
        loss = F.cross_entropy(logits, labels, label_smoothing=args.smoothing)
        loss.backward()
        seen += args.batch_size
        step = seen // args.batch_size
        barrier.wait()  # all gradients are there
        if rank == 0:
            report_progress()
        adamw(shared, slice(*bounds), flat.decayed, learning_rate(args, seen, now),
              args.weight_decay, step)
        barrier.wait()  # all parameters are new
        if rank != 0:
            continue

        if step % AVERAGE_EVERY == 0:
            share = 1 - min(args.ema_decay**AVERAGE_EVERY, (1 + step) / (100 + step))
            ema.params.lerp_(flat.params, share)
            ema.stats.lerp_(flat.stats, share)
        loss_sum += loss.item() * local
        hits += (logits.argmax(1) == labels).sum().item()
        count += local
        if step % 200 == 0:
            pace = 200 * args.batch_size / (time.time() - logged)
            seconds, logged = elapsed(), time.time()
            print(f"{100 * now:.1f} %  {seen} scenes  {size} px  loss {loss_sum / count:.3f}  "
                  f"top-1 {100 * hits / count:.1f} %  {pace:.0f} scenes/s  "
                  f"{seconds / 60:.1f} min", flush=True)
            loss_sum = hits = count = 0
        if step % 400 == 0 or shared.progress[0] >= 1:
            save_checkpoint(path, params=shared.params, moments=shared.moments, stats=flat.stats,
                            ema=ema.model.state_dict(), seen=seen, seconds=elapsed())
        if step % 2000 == 0:
            top1, top5 = evaluate(args, ema.model, 1000)
            print(f"held out (first 1000): top-1 {top1:.1f} %, top-5 {top5:.1f} %", flush=True)
    stream and stream.close()


def train_all(args, num_classes):
    """Runs the workers; the averaged model's state, the scenes it saw, the seconds that took."""
    os.makedirs(args.work, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # exit, and with it the workers
    context = torch.multiprocessing.get_context("spawn")
    size = sum(p.numel() for p in make_model(num_classes).parameters())
    shared = Shared(size, args.processes)
    barrier = context.Barrier(args.processes)
    workers = [context.Process(target=train, args=(args, num_classes, rank, shared, barrier),
                               daemon=True) for rank in range(args.processes)]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        time.sleep(1)
        if any(worker.exitcode for worker in workers):  # daemons: ending ends the others
            raise SystemExit("a worker failed")
    state = torch.load(os.path.join(args.work, "checkpoint.pt"))
    return state["ema"], state["seen"], state["seconds"]


def main():
    args = parse_args()
    torch.set_num_threads(args.processes)
    with open(os.path.join(TOOLS, "scenes/classes.txt"), encoding="utf-8") as f:
        labels = [line.split("\t")[0] for line in f]
    state, seen, seconds = train_all(args, len(labels))

    tensors = to_half(state)
    model = make_model(len(labels))
    model.load_state_dict({k: torch.from_numpy(v.astype(np.float32)) for k, v in tensors.items()},
                          strict=False)  # num_batches_tracked is left out
    top1, top5 = evaluate(args, model, args.eval_scenes)
    base1, base5 = histogram_baseline(args, len(labels), args.eval_scenes)
    save_file(tensors, args.output, metadata={"format": "pt", "config": config_of(model, labels)})
    report = {
        "architecture": ARCHITECTURE, "classes": len(labels), "input_size": SIZE,
        "scenes_seen": seen, "training_minutes": round(seconds / 60, 1),
        "scenes_per_second": round(seen / seconds, 1), "heldout_scenes": args.eval_scenes,
        "heldout_seed": HELDOUT_SEED, "top1": round(top1, 2), "top5": round(top5, 2),
        "histogram_top1": round(base1, 2), "histogram_top5": round(base5, 2),
        "float32_tensors": sorted(k for k, v in tensors.items() if v.dtype != np.float16),
        "size_bytes": os.path.getsize(args.output),
        "arguments": {k: v for k, v in vars(args).items()
                      if k not in ("generator", "output", "report", "work")},
    }
    with open(args.report, "w", encoding="utf-8") as f:
        json.dump(report, f, indent=2)
        f.write("\n")
    json.dump(report, sys.stdout, indent=2)
    print(f"\n{'':24}top-1   top-5\n{ARCHITECTURE[:22]:24}{top1:5.2f}   {top5:5.2f}\n"
          f"{'nearest histogram':24}{base1:5.2f}   {base5:5.2f}")


if __name__ == "__main__":
    main()
