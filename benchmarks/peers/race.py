"""Races mnv4 against other CPU runtimes: race.py BUILD [options]

Started by run.sh, which prepares what it needs; docs/peers.md says what is compared and how.
"""

import argparse
import datetime
import json
import os
import pathlib
import signal
import subprocess
import sys

import report
import stranger
from contestants import CONTESTANTS
from heat import TOLERANCES, Heat, Settings
from networks import BUILD, NETWORKS


def comma_list(known=None, convert=str):
    def parse(text: str) -> list:
        names = [convert(name) for name in text.split(",")]
        for name in names:
            if known and name not in known:
                raise argparse.ArgumentTypeError(f"{name}, expected of {', '.join(known)}")
        return names

    return parse


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    option = parser.add_argument
    option("build", type=pathlib.Path, help="holds mnv4 and libmnv4.so")
    known = comma_list(NETWORKS)
    option("--networks", type=known, metavar="LIST", default=",".join(NETWORKS), help="%(default)s")
    text = f"of {','.join(CONTESTANTS)}; ours always races"
    option("--contestants", type=comma_list(CONTESTANTS), metavar="LIST", help=text)
    numbers = comma_list(convert=int)
    option("--threads", type=numbers, metavar="LIST", default="1,2", help="%(default)s")
    option("--cores", type=numbers, metavar="LIST", help="pin to these; else the last ones allowed")
    text = "turns of each contestant (%(default)s)"
    option("--rounds", type=int, default=11, metavar="N", help=text)
    text = "timed in each turn (%(default)s)"
    option("--seconds", type=float, default=0.6, metavar="S", help=text)
    text = "seconds of runs before each turn (%(default)s)"
    option("--warm-up", type=float, default=0.2, metavar="S", help=text)
    text = "of a turn that others disturbed (%(default)s)"
    option("--retries", type=int, default=3, metavar="N", help=text)
    text = "instead of a race: latencies over so long beside a busy stranger on the last core"
    option("--stranger", type=float, metavar="SECONDS", help=text)
    text = "of .json and .md; else race or stranger in build/peers"
    option("--output", type=pathlib.Path, metavar="STEM", help=text)
    arguments = parser.parse_args()
    allowed = sorted(os.sched_getaffinity(0))
    arguments.output = arguments.output or BUILD / ("stranger" if arguments.stranger else "race")
    arguments.cores = arguments.cores or allowed[-max(arguments.threads) :]
    if len(arguments.cores) < max(arguments.threads) or not set(arguments.cores) <= set(allowed):
        parser.error(f"cores {arguments.cores} of {allowed} for {max(arguments.threads)} threads")
    everybody = ["onnxruntime", "openvino"] if arguments.stranger else CONTESTANTS
    names = arguments.contestants or everybody
    # Ours comes first: it is what the others are compared with.
    arguments.contestants = ["ours"] + [name for name in names if name != "ours"]
    return arguments


def describe(arguments: argparse.Namespace) -> dict:
    """The program and the machine, as the program sees them."""
    lines = subprocess.run(
        [arguments.build / "mnv4", "version"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    facts = dict(line.split(maxsplit=1) for line in lines)
    cpu = next(
        line.split(":")[1].strip()
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith(("model name", "CPU part"))
    )
    return {
        "tool": "mnv4 peers",
        "version": facts["mnv4"],
        "commit": facts["commit"],
        "date": datetime.date.today().isoformat(),
        "host": {"cpu": cpu, "isa": facts["isa"], "cores": os.cpu_count()},
        "settings": {
            key: getattr(arguments, key)
            for key in ["cores", "rounds", "seconds", "warm_up", "retries", "stranger"]
        },
        "tolerances": TOLERANCES,
    }


def settings(arguments: argparse.Namespace, threads: int) -> Settings:
    a = arguments
    return Settings(a.cores[-threads:], threads, a.rounds, a.warm_up, a.seconds, a.retries)


def main() -> None:
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the workers too
    os.environ["MNV4_LIBRARY"] = str(arguments.build.resolve() / "libmnv4.so")
    race = {**describe(arguments), "results": []}
    for network in arguments.networks:
        for threads in arguments.threads:
            print(f"{network}, {report.plural(threads, 'thread')}", file=sys.stderr, flush=True)
            if arguments.stranger:
                race["results"] += stranger.results(
                    network, arguments.contestants, arguments.cores, threads, arguments.stranger
                )
            else:
                with Heat(network, settings(arguments, threads), arguments.contestants) as heat:
                    heat.run()
                    race["results"] += heat.results()
            # After each heat: an interrupted race keeps what it has.
            arguments.output.parent.mkdir(parents=True, exist_ok=True)
            arguments.output.with_suffix(".json").write_text(json.dumps(race, indent=1) + "\n")
    text = report.stranger_markdown(race) if arguments.stranger else report.markdown(race)
    arguments.output.with_suffix(".md").write_text(text)
    print(text, end="")


if __name__ == "__main__":
    main()
