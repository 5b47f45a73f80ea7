"""Whether Annoy's searches are replayed exactly, and how long it takes to see inside; prints JSON.

`python -m tests.benchmarks.annoy_replay`: 1,000 rows of sample:wordnet, a little moved, as queries under every metric
and at several search_k. A replay is the same when it lists annoy's own rows in annoy's order, and it agrees when rows
that differ have scores within 1e-5. With `--rows N` a random set of N × 128 is built with `--trees` trees, and reading
its forest and replaying a search are timed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import explorer
from explorer.core.dataset import Dataset
from explorer.core.metric import METRICS, Metric
from explorer.core.structure import Forest
from explorer.indexes import type_named
from explorer.indexes.building import built

SEARCH_K = (50, 500, 5000)


def replayed(dataset: Dataset, metric: Metric, queries: int, folder: Path) -> dict[str, Any]:
    """One metric: of how many queries, at each search_k, the replay is annoy's own answer."""
    kind = type_named("annoy")
    searcher = kind.open(built(dataset, "annoy", metric, {"trees": 50, "seed": 1}, folder), dataset)
    random = np.random.default_rng(0)
    rows = random.choice(dataset.rows, min(queries, dataset.rows), replace=False)
    noise = random.normal(0, dataset.vectors.std() / 10, (len(rows), dataset.dimensions)).astype(np.float32)
    said: dict[str, Any] = {"metric": metric, "queries": len(rows)}
    for search_k in SEARCH_K:
        same = agreeing = 0
        for vector in dataset.vectors[rows] + noise:
            trace = searcher.trace(vector, 10, {"search_k": search_k})
            theirs = searcher.search(vector[None], 10, {"search_k": search_k})[0]
            assert trace is not None
            same += trace.found.tolist() == theirs[theirs >= 0].tolist()
            agreeing += not trace.differs
        said[str(search_k)] = {"same": same / len(rows), "agreeing": agreeing / len(rows)}
    searcher.close()
    return said


def timed(rows: int, trees: int, folder: Path) -> dict[str, Any]:
    """Seconds to read a forest and to replay, the second time, when machine code is there."""
    where = folder / "vectors.npy"
    vectors = np.random.default_rng(0).standard_normal((rows, 128), np.float32)
    np.save(where, vectors)
    dataset = explorer.load(where)
    handle = built(dataset, "annoy", "cosine", {"trees": trees}, folder / "index")
    said: dict[str, Any] = {"rows": rows, "trees": trees, "bytes": handle.bytes, "build": handle.build_seconds}
    searcher = type_named("annoy").open(handle, dataset)
    started = time.perf_counter()
    (forest,) = searcher.structure()
    said["structure"] = time.perf_counter() - started
    assert isinstance(forest, Forest)
    said["nodes"] = len(forest.children)
    for _ in range(2):
        for name, search_k in (("trace", 10 * trees), ("whole_trace", rows * trees)):
            started = time.perf_counter()
            searcher.trace(vectors[0], 10, {"search_k": search_k})
            said[name] = time.perf_counter() - started
        started = time.perf_counter()
        searcher.margins(0)
        said["margins"] = time.perf_counter() - started
    searcher.close()
    return said


def main() -> None:
    """All metrics, or the time that a larger set takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", default="sample:wordnet")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--trees", type=int, default=50)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.rows:
            found: Any = timed(given.rows, given.trees, folder)
        else:
            dataset = explorer.load(given.file)
            found = [replayed(dataset, metric, given.queries, folder / metric) for metric in METRICS]
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    print(json.dumps({"machine": machine, "found": found}, indent=1))


if __name__ == "__main__":
    main()
