"""Latency beside a stranger: another process computes all the time on one of the cores."""

import contextlib
import multiprocessing
import os

import numpy as np

from contestants import CONTESTANTS
from heat import Failed, Settings, Worker
from networks import BUILD

PARTS = 5  # turns of each contestant, interleaved
WARM_UP_S = 0.2


def compute_forever(core: int) -> None:
    os.sched_setaffinity(0, {core})
    while True:
        pass


@contextlib.contextmanager
def busy_core(core: int):
    process = multiprocessing.Process(target=compute_forever, args=(core,), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def results(
    network: str, names: list[str], cores: list[int], threads: int, seconds: float
) -> list[dict]:
    """Median and 99th percentile of each contestant, which may use all the cores, over `seconds` of
    runs. The stranger is on the last core."""
    settings = Settings(cores, threads, PARTS, WARM_UP_S, seconds / PARTS, retries=0)
    rows = {
        name: {
            "network": network,
            "threads": threads,
            "contestant": name,
            "label": CONTESTANTS[name].label,
            "note": CONTESTANTS[name].note,
            "failed": None,
        }
        for name in names
    }
    times: dict[str, list[float]] = {name: [] for name in names}
    with contextlib.ExitStack() as stack:
        workers = {}
        for name in names:
            try:
                workers[name] = Worker(name, BUILD / "models" / network, settings)
                stack.callback(workers[name].close)
                rows[name].update(version=workers[name].start["version"])
                rows[name].update(precision=workers[name].start["precision"])
            except Failed as failed:
                rows[name]["failed"] = str(failed)
        stack.enter_context(busy_core(cores[-1]))
        for _ in range(PARTS):
            for name in [name for name in workers if not rows[name]["failed"]]:
                try:
                    times[name] += workers[name].turn(WARM_UP_S, settings.seconds)["times_ms"]
                except Failed as failed:
                    rows[name]["failed"] = str(failed)
    for name in [name for name in names if not rows[name]["failed"]]:
        rows[name].update(
            runs=len(times[name]),
            median_ms=float(np.median(times[name])),
            p99_ms=float(np.quantile(times[name], 0.99)),
        )
    return list(rows.values())
