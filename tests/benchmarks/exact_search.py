"""Exact search of one query against the machine's own limits; prints JSON.

`python -m tests.benchmarks.exact_search --rows 1000000`: for cosine, euclidean and dot against a plain matrix-vector
product over the same mapped file, for manhattan against scipy's cdist, all in one process and by turns.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from explorer.core.metric import METRICS
from explorer.indexes.exact.searcher import ExactSearcher


def alternating(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of each, taken by turns so that all meet the same load; one round goes before the clock."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            if turn:
                taken[name].append(1000 * (time.perf_counter() - started))
    return {name: float(np.median(times)) for name, times in taken.items()}


def measured(x: NDArray[np.float32], rounds: int) -> dict[str, Any]:
    """Every metric at k = 10 and 1000, near the origin and far from it, and many queries at once."""
    query = x[len(x) // 2] + np.float32(0.1)
    result: dict[str, Any] = {"rows": len(x), "dimensions": x.shape[1]}
    for metric in METRICS:
        searcher = ExactSearcher(x, metric)
        started = time.perf_counter()
        searcher.search(query[None], 10, {})
        first = 1000 * (time.perf_counter() - started)
        works: dict[str, Callable[[], object]] = {
            "k10": lambda searcher=searcher: searcher.search(query[None], 10, {}),  # type: ignore[misc]
            "k1000": lambda searcher=searcher: searcher.search(query[None], 1000, {}),  # type: ignore[misc]
        }
        if metric == "manhattan":
            works["limit"] = lambda: cdist(query[None], x, "cityblock")
        else:
            works["limit"] = lambda: x @ query
        times = alternating(works, rounds if metric != "manhattan" else max(2, rounds // 4))
        about = {"first_ms": first, **{f"{name}_ms": value for name, value in times.items()}}
        result[metric] = {
            **about,
            "share_k10": times["limit"] / times["k10"],
            "share_k1000": times["limit"] / times["k1000"],
        }
        if metric != "manhattan":
            started = time.perf_counter()
            searcher.search(np.array(x[:256]), 11, {})
            result[metric]["256_queries_ms"] = 1000 * (time.perf_counter() - started)
        searcher.close()
    return result


def main() -> None:
    """Make vectors in a mapped temporary file and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dimensions", type=int, default=128)
    parser.add_argument("--offset", type=float, default=0.0, help="how far from the origin the vectors lie")
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.npy"
        x = np.lib.format.open_memmap(path, "w+", np.float32, (given.rows, given.dimensions))
        random = np.random.default_rng(0)
        for start in range(0, given.rows, 65536):
            part = x[start : start + 65536]
            part[:] = random.standard_normal(part.shape, np.float32) + np.float32(given.offset)
        del x
        mapped = np.asarray(np.load(path, mmap_mode="r"))
        print(json.dumps({"offset": given.offset, **measured(mapped, given.rounds)}, indent=1))
        del mapped


if __name__ == "__main__":
    main()
