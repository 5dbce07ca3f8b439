"""Races mnv4 against other CPU runtimes: race.py BUILD [options]

Started by run.sh, which prepares what it needs; docs/peers.md says what is compared and how.
"""

import argparse
import datetime
import json
import os
import pathlib
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
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("build", type=pathlib.Path, help="holds mnv4 and libmnv4.so")
    names = comma_list(NETWORKS)
    parser.add_argument("--networks", type=names, default=",".join(NETWORKS), metavar="LIST")
    names = comma_list(CONTESTANTS)
    parser.add_argument("--contestants", type=names, default=",".join(CONTESTANTS), metavar="LIST")
    threads = comma_list(convert=int)
    parser.add_argument("--threads", type=threads, default="1,2", metavar="LIST")
    parser.add_argument("--rounds", type=int, default=11, help="turns of each contestant")
    parser.add_argument("--seconds", type=float, default=0.6, help="timed, in each turn")
    parser.add_argument("--warm-up", type=float, default=0.2, help="seconds before each turn")
    parser.add_argument("--retries", type=int, default=3, help="of a turn that others disturbed")
    cores = comma_list(convert=int)
    parser.add_argument("--cores", type=cores, metavar="LIST", help="default: the last ones allowed")
    text = "race nobody; instead show latencies beside a busy stranger on the last core, so long each"
    parser.add_argument("--stranger", type=float, metavar="SECONDS", help=text)
    parser.add_argument("--output", type=pathlib.Path, default=BUILD / "race", help="without suffix")
    arguments = parser.parse_args()
    allowed = sorted(os.sched_getaffinity(0))
    arguments.cores = arguments.cores or allowed[-max(arguments.threads) :]
    if len(arguments.cores) < max(arguments.threads) or not set(arguments.cores) <= set(allowed):
        parser.error(f"cores {arguments.cores} of {allowed} for {max(arguments.threads)} threads")
    # Ours comes first: it is what the others are compared with.
    arguments.contestants = ["ours"] + [name for name in arguments.contestants if name != "ours"]
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
    os.environ["MNV4_LIBRARY"] = str(arguments.build.resolve() / "libmnv4.so")
    race = {**describe(arguments), "results": []}
    for network in arguments.networks:
        for threads in arguments.threads:
            print(f"{network}, {threads} threads", file=sys.stderr, flush=True)
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
