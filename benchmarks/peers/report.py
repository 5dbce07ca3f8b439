"""The Markdown of a race: report.py race.json, or called by race.py."""

import json
import sys

from networks import NETWORKS


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def unique(values) -> list:
    return list(dict.fromkeys(values))


def milliseconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


class Race:
    def __init__(self, race: dict) -> None:
        self.race = race
        self.networks = unique(row["network"] for row in race["results"])
        self.threads = unique(row["threads"] for row in race["results"])
        self.contestants = unique(row["contestant"] for row in race["results"])
        self.rows = {
            (row["network"], row["threads"], row["contestant"]): row for row in race["results"]
        }

    def of(self, contestant: str) -> list[dict]:
        return [row for row in self.race["results"] if row["contestant"] == contestant]

    def name(self, contestant: str) -> str:
        """With version and precision, which some runtimes tell only once they have loaded."""
        rows = self.of(contestant)
        ran = next((row for row in rows if "version" in row), None)
        name = f"{ran['label']} {ran['version']}, {ran['precision']}" if ran else rows[0]["label"]
        return ", ".join(filter(None, [name, rows[0]["note"]]))

    def heading(self) -> list[str]:
        return [f"{network} {NETWORKS[network]}" for network in self.networks]

    def table_of(self, first: str, cell, threads: int) -> str:
        rows = []
        for contestant in self.contestants:
            cells = [self.rows.get((n, threads, contestant)) for n in self.networks]
            texts = ["" if c is None else "failed" if c["failed"] else cell(c) for c in cells]
            rows.append([self.name(contestant), *texts])
        return table([first, *self.heading()], rows)


def heat_cell(row: dict) -> str:
    if row["contestant"] == "ours":
        return f"**{milliseconds(row['median_ms'])} ms**"
    if row["contestant"] == "again":
        return f"{row['ratio']:.2f} ({row['ratio_p10']:.2f} to {row['ratio_p90']:.2f})"
    return f"{row['ratio']:.2f} ({milliseconds(row['median_ms'])})"


def start_cell(row: dict) -> str:
    load, first, memory = row["load_ms"], row["first_run_ms"], row["peak_rss_mb"]
    return f"{load:.0f} + {first:.0f}, {memory:.0f}"


def stranger_cell(row: dict) -> str:
    return f"{milliseconds(row['median_ms'])}, {milliseconds(row['p99_ms'])}"


def plural(count: int, thing: str) -> str:
    return f"{count} {thing}" + ("" if count == 1 else "s")


def machine(race: dict) -> str:
    host = race["host"]
    cpu = f"{host['cpu']} ({plural(host['cores'], 'core')}; {host['isa']})"
    return f"{cpu}, commit {race['commit']}, {race['date']}"


def failures(results: list[dict]) -> str:
    lines = []
    for row in results:
        if row["failed"]:
            who = ", ".join(filter(None, [row["label"], row["note"]]))
            where = f"{row['network']}, {plural(row['threads'], 'thread')}"
            lines.append(f"- {who}, {where}: {row['failed']}\n")
    return "".join(["\nFailed:\n\n", *lines]) if lines else ""


def strangers_note(results: list[dict], retries: int) -> str:
    turns = sum(len(row.get("turn_medians_ms", [])) for row in results)
    repeated = sum(row.get("repeated_turns", 0) for row in results)
    disturbed = sum(row.get("disturbed_turns", 0) for row in results)
    return (
        f"Of {turns} turns, others used the cores in {disturbed} that count even so, after "
        f"{plural(retries, 'repetition')} each; {repeated} repetitions in all.\n"
    )


def markdown(race: dict) -> str:
    view, settings = Race(race), race["settings"]
    parts = [
        f"{machine(race)}; batch 1, median of {plural(settings['rounds'], 'interleaved round')} of "
        f"{settings['seconds']:g} s. A cell is time over mnv4's (milliseconds): above 1, mnv4 is "
        "faster. A ratio no further from 1 than the A/A row's rounds (10th to 90th percentile) is "
        "a tie.\n"
    ]
    for threads in view.threads:
        parts.append(view.table_of(plural(threads, "thread"), heat_cell, threads))
    parts.append(strangers_note(race["results"], settings["retries"]) + failures(race["results"]))
    parts.append(
        "From file to first logits, and memory: loading + first run, ms; peak RSS, MB, with Python "
        "and the runtime's own packages.\n"
    )
    parts.append(view.table_of(plural(view.threads[0], "thread"), start_cell, view.threads[0]))
    return "\n".join(parts)


def stranger_markdown(race: dict) -> str:
    view, seconds = Race(race), race["settings"]["stranger"]
    parts = [
        f"{machine(race)}; batch 1, beside a process that computes on core "
        f"{race['settings']['cores'][-1]} of {race['settings']['cores']}; median, 99th percentile "
        f"in milliseconds over {seconds:g} s.\n"
    ]
    for threads in view.threads:
        parts.append(view.table_of(plural(threads, "thread"), stranger_cell, threads))
    return "\n".join(parts) + failures(race["results"])


if __name__ == "__main__":
    race = json.load(open(sys.argv[1]))
    print(stranger_markdown(race) if race["settings"]["stranger"] else markdown(race), end="")
