"""How far off the estimates of building time, memory and disk are, for every index type here; prints JSON.

`python -m tests.benchmarks.build_estimate`: three sizes of clustered vectors each, in a process of its own. Time is
compared in CPU-seconds, which other work on the machine inflates least: `before` is by the formulas alone, `after` by
what was learnt from the smallest build that is learnt from. The goal is a factor of 3 before, and of 2 after.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from explorer.core.metric import Metric
from explorer.indexes import type_named, types
from explorer.indexes.building import built
from explorer.session.estimating import SHORTEST_SECONDS
from tests.indexes.conftest import saved_dataset

SIZES = ((5000, 64), (20_000, 128), (60_000, 256))
SMALL_SIZES = ((3000, 64), (8000, 128), (16_000, 256))
"""Of a matrix, which grows by the square."""
CLUSTERS = 200
METRIC: Metric = "euclidean"


def measured(name: str, rows: int, dimensions: int) -> dict[str, Any]:
    """Build once, in this process."""
    random = np.random.default_rng(1)
    centres = 2 * random.standard_normal((CLUSTERS, dimensions), np.float32)
    vectors = centres[random.integers(0, CLUSTERS, rows)] + random.standard_normal((rows, dimensions), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        dataset = saved_dataset(Path(folder) / "dataset", vectors, METRIC)
        del vectors
        before = resource.getrusage(resource.RUSAGE_SELF)
        handle = built(dataset, name, METRIC, {}, Path(folder) / "index")
        after = resource.getrusage(resource.RUSAGE_SELF)
    cost = type_named(name).cost(rows, dimensions, METRIC, handle.params)
    return {
        "rows": rows,
        "dimensions": dimensions,
        "params": handle.params,
        "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "wall_seconds": handle.build_seconds,
        "bytes": handle.bytes,
        "estimate": None if cost is None else dataclasses.asdict(cost),
    }


def line(name: str) -> dict[str, Any]:
    """One type at every size; `error` where that was not possible."""
    if reason := type_named(name).unavailable():
        return {"type": name, "error": reason}
    runs = []
    for rows, dimensions in SMALL_SIZES if name == "matrix" else SIZES:
        command = [sys.executable, "-m", "tests.benchmarks.build_estimate", "--one", name, str(rows), str(dimensions)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return {"type": name, "error": done.stderr.strip().splitlines()[-1]}
        runs.append(json.loads(done.stdout))
    expected = [run["estimate"]["serial"] + run["estimate"]["shared"] for run in runs]
    ratios = []
    for run, seconds in zip(runs, expected, strict=True):
        ratios.append(run["cpu_seconds"] / seconds)
        run["before"] = factor_off(ratios[-1])
        run["disk"] = run["estimate"]["disk_bytes"] / run["bytes"]
    teacher = next((i for i, seconds in enumerate(expected) if seconds >= SHORTEST_SECONDS), len(runs) - 1)
    for run, ratio in zip(runs, ratios, strict=True):
        run["after"] = factor_off(ratio / ratios[teacher])
    worst = {when: max(run[when] for run in runs) for when in ("before", "after")}
    return {"type": name, **worst, "met": worst["before"] <= 3 and worst["after"] <= 2, "runs": runs}


def factor_off(ratio: float) -> float:
    """1 is right; 2 is twice as long as expected, or half."""
    return max(ratio, 1 / ratio) if ratio > 0 else 1.0


def main() -> None:
    """Measure every type there is, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("types", nargs="*", metavar="TYPE", help="index types; all that are built if none")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(given.one[0], int(given.one[1]), int(given.one[2]))))
        return
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    names = given.types or [name for name in types() if name != "exact"]
    print(json.dumps({"machine": machine, "metric": METRIC, "results": [line(name) for name in names]}, indent=1))


if __name__ == "__main__":
    main()
