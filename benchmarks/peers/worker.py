"""One contestant in a process of its own: worker.py NAME FOLDER THREADS CORES

Loads, answers one line of JSON about that, then for each line {"warm_up": seconds, "seconds":
seconds} on stdin one about a turn: runs without timing for warm_up, then times run after run.
"""

import importlib
import json
import os
import pathlib
import sys
import time

import numpy as np

from contestants import CONTESTANTS

MIN_WARM_UP, MIN_RUNS = 2, 5  # whatever the seconds


def reply_stream():
    """The pipe to the race; what libraries print goes to stderr, the log."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return replies


def core_seconds(cores: set[int]) -> tuple[float, float]:
    """Seconds since boot in which the cores were busy, and were taken by other virtual machines."""
    busy = stolen = 0
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name in {f"cpu{core}" for core in cores}:
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, ticks[:8])
            busy += user + nice + system + irq + softirq
            stolen += steal
    tick = os.sysconf("SC_CLK_TCK")
    return busy / tick, stolen / tick


def peak_rss_mb() -> float:
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


def milliseconds_of(function) -> float:
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) * 1e3


def turn(run, cores: set[int], warm_up: float, seconds: float) -> dict:
    start, runs = time.perf_counter(), 0
    while runs < MIN_WARM_UP or time.perf_counter() - start < warm_up:
        run()
        runs += 1

    busy, stolen = core_seconds(cores)
    own, start, times = time.process_time(), time.perf_counter(), []
    while len(times) < MIN_RUNS or time.perf_counter() - start < seconds:
        times.append(milliseconds_of(run))
    wall, own = time.perf_counter() - start, time.process_time() - own
    busy_after, stolen_after = core_seconds(cores)
    strangers = max(0.0, busy_after - busy - own) + stolen_after - stolen
    return {
        "times_ms": times,
        "wall_s": wall,
        "own_s": own,
        "strangers_s": strangers,
        "peak_rss_mb": peak_rss_mb(),
    }


def main(name: str, folder: str, threads: str, cores: str) -> None:
    pinned = {int(core) for core in cores.split(",")}
    os.sched_setaffinity(0, pinned)
    replies = reply_stream()
    kind = CONTESTANTS[name]
    for module in kind.imports:
        importlib.import_module(module)
    x = np.load(pathlib.Path(folder) / "input.npy")
    imported_rss_mb = peak_rss_mb()

    start = time.perf_counter()
    contestant = kind(pathlib.Path(folder), int(threads), x)
    load_ms = (time.perf_counter() - start) * 1e3
    first_run_ms = milliseconds_of(contestant.run)
    logits = np.array(contestant.run(), np.float32).ravel()
    answer = {
        "version": contestant.version(),
        "precision": contestant.precision,
        "imported_rss_mb": imported_rss_mb,
        "load_ms": load_ms,
        "first_run_ms": first_run_ms,
        "logits": logits.tolist(),
    }
    print(json.dumps(answer), file=replies, flush=True)
    for line in sys.stdin:
        print(
            json.dumps(turn(contestant.run, pinned, **json.loads(line))), file=replies, flush=True
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
