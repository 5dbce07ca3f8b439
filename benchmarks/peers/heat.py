"""One heat: every contestant on one network with one number of threads, in interleaved turns."""

import dataclasses
import json
import os
import pathlib
import select
import signal
import statistics
import subprocess
import sys
import tempfile

import numpy as np

from contestants import CONTESTANTS
from networks import BUILD

START_LIMIT_S, TURN_LIMIT_S = 1200, 300  # compiling takes minutes

# What logits may differ from ours: the largest difference over max(1, largest |logit|), the cosine.
TOLERANCES = {"fp32": (1e-4, 0.99999), "16 bits": (0.02, 0.999)}


@dataclasses.dataclass
class Settings:
    cores: list[int]  # contestants are pinned to
    threads: int
    rounds: int
    warm_up: float  # seconds before each turn
    seconds: float  # of a turn
    retries: int  # of a turn that was disturbed


class Failed(Exception):
    """A contestant that cannot go on, and why."""


class Worker:
    """worker.py in a process that is stopped except when it is asked: runtimes' threads would spin
    into the turns of others."""

    def __init__(self, name: str, folder: pathlib.Path, settings: Settings) -> None:
        failed = folder / f"{CONTESTANTS[name].format}.failed"
        if failed.exists():
            raise Failed(failed.read_text())
        self.scratch = tempfile.TemporaryDirectory()
        self.log = pathlib.Path(self.scratch.name) / "log"
        script = pathlib.Path(__file__).with_name("worker.py")
        cores = ",".join(map(str, settings.cores))
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, script, name, folder, str(settings.threads), cores],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "TORCHINDUCTOR_CACHE_DIR": f"{self.scratch.name}/inductor"},
                start_new_session=True,  # a group, so that its children stop with it
            )
        try:
            self.start = self._answer(START_LIMIT_S)
        except BaseException:
            self.close()
            raise

    def _signal(self, number: int) -> None:
        os.killpg(self.process.pid, number)

    def _answer(self, limit: float) -> dict:
        if not select.select([self.process.stdout], [], [], limit)[0]:
            raise Failed(f"no answer within {limit} s")
        line = self.process.stdout.readline()
        if not line:
            raise Failed(self._last_words())
        self._signal(signal.SIGSTOP)
        return json.loads(line)

    def _last_words(self) -> str:
        status = self.process.wait()
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        words = lines[-1].strip() if lines else "it said nothing"
        return f"{words} (status {status})".replace(f"{BUILD}/", "")

    def turn(self, warm_up: float, seconds: float) -> dict:
        question = json.dumps({"warm_up": warm_up, "seconds": seconds}) + "\n"
        try:
            self._signal(signal.SIGCONT)
            self.process.stdin.write(question.encode())
            self.process.stdin.flush()
        except OSError as gone:
            raise Failed(self._last_words()) from gone
        return self._answer(TURN_LIMIT_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self._signal(signal.SIGKILL)
            self.process.wait()
        self.scratch.cleanup()


def disturbed(turn: dict, cores: int) -> bool:
    """Did others use the cores: more than 2 % of the time, and more than /proc/stat's ticks err?"""
    return turn["strangers_s"] > cores * (0.02 * turn["wall_s"] + 0.01)


def check(logits: list[float], ours: list[float], precision: str) -> dict:
    """How far logits are from ours; Failed if that is more than rounding."""
    a, b = np.array(logits), np.array(ours)
    if a.shape != b.shape:
        raise Failed(f"{a.size} logits, expected {b.size}")
    difference = float(np.abs(a - b).max() / max(1.0, np.abs(b).max()))
    cosine = float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
    most, least = TOLERANCES["fp32" if precision == "fp32" else "16 bits"]
    if not (difference <= most and cosine >= least):
        raise Failed(f"other logits: difference {difference:.2g}, cosine {cosine:.5f}")
    return {"difference": difference, "cosine": cosine}


class Heat:
    def __init__(self, network: str, settings: Settings, names: list[str]) -> None:
        self.network, self.settings = network, settings
        self.workers: dict[str, Worker] = {}
        self.rows: dict[str, dict] = {}
        self.turns: dict[str, list[dict]] = {}
        try:
            for name in names:  # ours first: its logits are what the others are compared with
                self._start(name)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Heat":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _start(self, name: str) -> None:
        row = {
            "network": self.network,
            "threads": self.settings.threads,
            "contestant": name,
            "label": CONTESTANTS[name].label,
            "note": CONTESTANTS[name].note,
            "failed": None,
        }
        self.rows[name] = row
        try:
            worker = Worker(name, BUILD / "models" / self.network, self.settings)
            self.workers[name], self.turns[name] = worker, []
            row.update({key: value for key, value in worker.start.items() if key != "logits"})
            ours = self.workers["ours"].start
            row.update(check(worker.start["logits"], ours["logits"], row["precision"]))
        except Failed as failed:
            self._drop(name, failed)
            if name == "ours":
                raise SystemExit(f"{self.network}: ours does not run: {failed}") from failed

    def _drop(self, name: str, failed: Failed) -> None:
        self.rows[name]["failed"] = str(failed)
        self.turns.pop(name, None)
        if name in self.workers:
            self.workers.pop(name).close()

    def _turn(self, name: str) -> None:
        """The least disturbed of the tries."""
        tries: list[dict] = []
        while len(tries) <= self.settings.retries:
            tries.append(self.workers[name].turn(self.settings.warm_up, self.settings.seconds))
            if not disturbed(tries[-1], len(self.settings.cores)):
                break
        best = min(tries, key=lambda t: t["strangers_s"] / t["wall_s"])
        best["tries"] = len(tries)
        best["disturbed"] = disturbed(best, len(self.settings.cores))
        self.turns[name].append(best)

    def run(self) -> None:
        for round_ in range(self.settings.rounds):
            names = list(self.workers)
            first = round_ % len(names)  # so that nobody always follows the same one
            for name in names[first:] + names[:first]:
                try:
                    self._turn(name)
                except Failed as failed:
                    self._drop(name, failed)
                    if name == "ours":
                        raise SystemExit(f"{self.network}: ours failed: {failed}") from failed

    def results(self) -> list[dict]:
        ours = [statistics.median(turn["times_ms"]) for turn in self.turns["ours"]]
        for name, turns in self.turns.items():
            medians = [statistics.median(turn["times_ms"]) for turn in turns]
            ratios = [theirs / mine for theirs, mine in zip(medians, ours)]
            low, high = np.quantile(ratios, [0.1, 0.9])
            self.rows[name].update(
                median_ms=statistics.median(medians),
                turn_medians_ms=medians,
                ratio=statistics.median(ratios),
                ratio_p10=float(low),
                ratio_p90=float(high),
                peak_rss_mb=turns[-1]["peak_rss_mb"],
                repeated_turns=sum(turn["tries"] - 1 for turn in turns),
                disturbed_turns=sum(turn["disturbed"] for turn in turns),
            )
        return list(self.rows.values())

    def close(self) -> None:
        for worker in self.workers.values():
            worker.close()
