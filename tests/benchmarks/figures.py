"""Every figure the program is held to, each beside its reference in one run: `python -m tests.benchmarks.figures`.

Prints a table to standard error and one JSON object to standard output. `--short` takes small sets and single runs: it
shows that everything here works, and its numbers mean nothing. `--only WORD …` takes those whose
name holds a word. Each benchmark is a process of its own, so that none warms another up.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Found = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was measured and what it is held to, both in `unit`."""

    name: str
    measured: float | None
    must: float
    aim: float
    unit: str
    more_is_better: bool = False

    @property
    def verdict(self) -> str:
        """“aim”, “must” or “short”, the best that it reaches; “–” where it was not measured."""
        if self.measured is None:
            return "–"
        sign = -1 if self.more_is_better else 1
        reached = (
            word for word, bound in (("aim", self.aim), ("must", self.must)) if sign * (self.measured - bound) <= 0
        )
        return next(reached, "short")


@dataclass(frozen=True)
class Benchmark:
    """A module of this folder, how it is called in full and in short, and the figures in what it prints."""

    module: str
    full: str
    short: str
    read: Callable[[Found], list[Figure]]

    def run(self, *, short: bool) -> tuple[Found, list[Figure]]:
        """Run it in a process of its own; raises CalledProcessError, with what it said, when it fails."""
        command = [
            sys.executable,
            "-m",
            f"tests.benchmarks.{self.module}",
            *(self.short if short else self.full).split(),
        ]
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
        found: Found = json.loads(done.stdout)
        return found, self.read(found)


def _window(found: Found) -> list[Figure]:
    return [Figure("window shown, against an empty one", found["ratio"], 1.6, 1.3, "×")]


def _file(found: Found) -> list[Figure]:
    first, again = found["first"], found["again"]
    timings = first["timings"]
    return [
        Figure("first map after the window", first["first_map_after_window_ms"], 4000, 2000, "ms"),
        Figure("longest stall", first["longest_stall_ms"], 100, 33, "ms"),
        Figure("click to the index's neighbours", timings["click_ms"], 50, 20, "ms"),
        Figure("click to hits and misses", timings["truth_ms"], 150, 60, "ms"),
        Figure("private memory of the window", first["private_mb"], 700, 400, "MB"),
        Figure("opened again: first map after the window", again["first_map_after_window_ms"], 4000, 2000, "ms"),
    ]


def _frame(found: Found) -> list[Figure]:
    if "times_faster_panning" in found:
        faster = found["times_faster_panning"]
        return [Figure("panning frame, against ScatterPlotItem", faster, 15, 40, "× faster", more_is_better=True)]
    return [
        Figure("panning frame of ten million", found["pan_frame_ms"], 100, 33, "ms"),
        *(Figure(f"{name} of ten million", found[f"{name}_ms"], 50, 50, "ms") for name in ("nearest", "box", "lasso")),
    ]


def _umap(found: Found) -> list[Figure]:
    theirs = found.get("umap_learn")  # in short it is left out: its compilation alone takes most of a minute
    lower = theirs["pca"]["trustworthiness"] - found["trustworthiness"] if theirs else None
    return [
        Figure("UMAP, against umap-learn warm", found.get("times_faster"), 4, 10, "× faster", more_is_better=True),
        Figure("UMAP, trustworthiness below umap-learn's", lower, 0.01, 0.0, ""),
    ]


def _exact(found: Found) -> list[Figure]:
    metrics = ("cosine", "euclidean", "dot")
    return [
        Figure(f"exact search, {metric}: share of memory's speed", found[metric]["share_k10"], 0.5, 0.8, "", True)
        for metric in metrics
    ]


def _cancel(found: Found) -> list[Figure]:
    return [Figure("cancel until memory is free", max(found["build_ms"], found["layout_ms"]), 1000, 300, "ms")]


BENCHMARKS = (
    Benchmark("window_start", "", "--runs 1", _window),
    Benchmark("large_file", "", "--rows 3000 --dimensions 16", _file),
    Benchmark("map_frame", "", "--rows 20000 --size 400x300", _frame),
    Benchmark("map_frame", "--rows 10000000 --no-peer", "--rows 30000 --size 400x300 --no-peer", _frame),
    Benchmark("umap_layout", "--against-umap-learn", "--rows 2500 --dimensions 8", _umap),
    Benchmark("exact_search", "--rows 1000000", "--rows 20000 --rounds 2", _exact),
    Benchmark("cancel", "", "--rows 150000 --dimensions 16 --after 1", _cancel),
)


def chosen(only: Sequence[str]) -> list[Benchmark]:
    """Those whose module holds one of the words; all without any."""
    return [each for each in BENCHMARKS if not only or any(word in each.module for word in only)]


def table(figures: Sequence[Figure]) -> str:
    """The figures as Markdown."""
    lines = ["| what | measured | must | aim | reaches |", "| --- | --- | --- | --- | --- |"]
    for each in figures:
        measured = "–" if each.measured is None else f"{each.measured:.3g} {each.unit}".strip()
        lines.append(f"| {each.name} | {measured} | {each.must:g} | {each.aim:g} | {each.verdict} |")
    return "\n".join(lines)


def main() -> None:
    """Run them one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", nargs="+", default=[])
    given = parser.parse_args()
    figures: list[Figure] = []
    found = []
    for benchmark in chosen(given.only):
        print(f"{benchmark.module} …", file=sys.stderr, flush=True)
        printed, read = benchmark.run(short=given.short)
        found.append({"benchmark": benchmark.module, **printed})
        figures += read
    print(table(figures), file=sys.stderr)
    lines = [{**asdict(each), "reaches": each.verdict} for each in figures]
    machine = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
    }
    print(json.dumps({"machine": machine, "short": given.short, "figures": lines, "benchmarks": found}, indent=1))


if __name__ == "__main__":
    main()
