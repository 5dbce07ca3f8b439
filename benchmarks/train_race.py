"""Training, pictures a second: mnv4-train against timm on PyTorch, on this CPU.

    train_race.py build/train/mnv4-train [--newest-program P] [--newest-python P] [--rounds 5]

Run by a Python that has Debian's python3-torch and timm (tests/oracles/run.sh makes one). A step is
forward, cross-entropy with label smoothing, backward and AdamW; batch 32, float32, channels last on
both sides. Ours also decodes and augments its pictures (JPEGs of 128 x 128, one worker); PyTorch has
one batch of random numbers in memory. Each turn is a process of its own and counts as the median of
its steps; all take turns in every round, another one first each time. "ours again" is the same
program a second time: what its ratio differs from 1 is
noise. "kept memory" is PyTorch with the
allocator told to keep freed memory, as mnv4-train tells it by itself.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time

SIZES = {"conv_small": 224, "conv_medium": 256, "hybrid_medium": 256, "conv_small_035": 64}
KEPT_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "2147483647",
    "MALLOC_TOP_PAD_": "67108864",
}


def worker(network, size, arguments):
    """PyTorch's turn: prints the seconds of its median step, and who it is."""
    import timm
    import torch

    torch.set_num_threads(arguments.threads)
    torch.set_num_interop_threads(1)
    torch.manual_seed(0)
    model = timm.create_model(f"mobilenetv4_{network}", num_classes=1000)
    model = model.to(memory_format=torch.channels_last).train()
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
    pictures = torch.randn(arguments.batch, 3, size, size).to(memory_format=torch.channels_last)
    labels = torch.randint(0, 1000, (arguments.batch,))
    seconds, cpu = [], []
    for _ in range(arguments.steps):
        start, cpu_start = time.perf_counter(), time.process_time()
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(pictures), labels)
        loss.backward()
        optimizer.step()
        loss.item()
        seconds.append(time.perf_counter() - start)
        cpu.append(time.process_time() - cpu_start)
    median = statistics.median_high
    print(json.dumps({"seconds": median(seconds), "cpu": median(cpu), "torch": torch.__version__}))


def theirs(python, arguments, network, environment):
    command = [python, __file__, "--worker", network, *shared_options(arguments)]
    out = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **environment}
    ).stdout
    return json.loads(out.splitlines()[-1])


def ours(program, arguments, network):
    settings = {
        "model.img_size": SIZES[network],
        "data.train": f"[synthetic:1000:{arguments.batch * arguments.steps}]",
        "train.steps": arguments.steps,
    }
    command = [program, "train", "--dry-run", "-m", network, "-j", "1"]
    command += ["-b", str(arguments.batch), "-t", str(arguments.threads)]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds = float(re.search(r"time +([0-9.]+) s a step", out)[1])
    return {
        "seconds": seconds,
        "cpu": float(re.search(r"CPU +([0-9.]+) s a step", out)[1]),
        "loop": float(re.search(r"loop +([0-9.]+) ms", out)[1]) / 1e3 / seconds,
    }


def shared_options(arguments):
    return [f"--{name}={getattr(arguments, name)}" for name in ("batch", "threads", "steps")]


def contestants(arguments, network):
    rows = {
        "ours": lambda: ours(arguments.program, arguments, network),
        "ours again": lambda: ours(arguments.program, arguments, network),
        "PyTorch": lambda: theirs(sys.executable, arguments, network, {}),
        "PyTorch, kept memory": lambda: theirs(sys.executable, arguments, network, KEPT_MEMORY),
    }
    if arguments.newest_program:
        rows["ours, newest"] = lambda: ours(arguments.newest_program, arguments, network)
    if arguments.newest_python:
        rows["PyTorch, newest"] = lambda: theirs(arguments.newest_python, arguments, network, {})
    return rows


def race(network, arguments):
    rows = contestants(arguments, network)
    names = list(rows)
    rounds = []
    for number in range(arguments.rounds):
        first = number % len(names)
        rounds.append({name: rows[name]() for name in names[first:] + names[:first]})
    print(
        f"{network}, {SIZES[network]} pixels, batch {arguments.batch}, {arguments.threads} threads, "
        f"medians of {arguments.rounds} rounds of {arguments.steps} steps"
    )
    print(f"{'':24}{'wall time of a step':^32}{'CPU time of a step':^32}")
    print(f"{'':24}" + f"{'pictures/s':>11}{'ours':>7}{'from':>7}{'to':>7}" * 2 + f"{'loop':>8}  torch")
    for name in names:
        results = [turn[name] for turn in rounds]
        line = f"{name:24}"
        for clock in ("seconds", "cpu"):
            ratios = [turn[name][clock] / turn["ours"][clock] for turn in rounds]
            line += f"{arguments.batch / statistics.median(r[clock] for r in results):11.2f}"
            line += f"{statistics.median(ratios):7.3f}{min(ratios):7.2f}{max(ratios):7.2f}"
        loops = [result["loop"] for result in results if "loop" in result]
        line += f"{100 * statistics.median(loops):7.2f}%" if loops else f"{'':8}"
        print(line + f"  {results[0].get('torch', '')}", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", nargs="?", help="mnv4-train")
    parser.add_argument("--newest-program", help="mnv4-train, built with another LibTorch")
    parser.add_argument("--newest-python", help="a Python with another torch and timm")
    parser.add_argument("--networks", nargs="+", default=["conv_small", "conv_medium"], choices=SIZES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10, help="a turn, 10 at most")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--worker", choices=SIZES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        worker(arguments.worker, SIZES[arguments.worker], arguments)
        return
    if not arguments.program:
        parser.error("the path of mnv4-train is missing")
    for network in arguments.networks:
        race(network, arguments)


if __name__ == "__main__":
    main()
