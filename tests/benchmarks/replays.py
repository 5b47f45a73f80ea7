"""How often a replayed search ends at the library's own answer; prints JSON.

`python -m tests.benchmarks.replays --queries 1000 --sample wordnet`: for every type that can replay and every metric it
has, the share of queries whose replay finds the library's rows, up to rows whose scores agree to 1e-5 (`agree`) and to
the last row and place (`same`), and the milliseconds that a replay takes with the search that it is held against. Half
of the queries are rows, half lie between two rows.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import explorer
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.indexes import asking, type_named, types
from explorer.indexes.building import built

K = 10
NOTHING_TO_REPLAY = ("exact", "matrix")


def asked(dataset: Dataset, count: int, seed: int) -> NDArray[np.float32]:
    """Queries (count, d): rows, and means of two rows."""
    random = np.random.default_rng(seed)
    one, other = random.integers(0, dataset.rows, (2, count))
    queries = dataset.vectors[one].copy()
    queries[count // 2 :] = (queries[count // 2 :] + dataset.vectors[other[count // 2 :]]) / 2
    return queries


def measured(
    dataset: Dataset, name: str, metric: Metric, queries: NDArray[np.float32], given: dict[str, int], folder: Path
) -> dict[str, Any] | None:
    """What the replays of one index show; None where its type has none."""
    handle = built(dataset, name, metric, {}, folder)
    searcher = type_named(name).open(handle, dataset)
    known = {param.name for param in type_named(name).search_params}
    params = asking.resolved(handle, {key: value for key, value in given.items() if key in known}, K)
    agree = same = 0
    seconds, example = [], ""
    for query in queries:
        if metric == "cosine" and not query.any():
            continue
        started = time.perf_counter()
        trace = searcher.trace(query, K, params)
        seconds.append(time.perf_counter() - started)
        if trace is None:
            searcher.close()
            return None
        found = searcher.search(query[None], K, params)[0]
        same += np.array_equal(trace.found, found[found >= 0])
        agree += not trace.differs
        example = example or trace.differs
    searcher.close()
    p50, most = np.percentile(seconds, [50, 100]) * 1000
    shares = {"agree": agree / len(seconds), "same": same / len(seconds)}
    return {**shares, "queries": len(seconds), "p50_ms": p50, "most_ms": most, "params": params, "differs": example}


def main() -> None:
    """Measure all types, or those named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", default="wordnet")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--types", default="", help="names with commas between; without, all local ones")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=N", help="a search parameter, where there is"
    )
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    dataset = explorer.load(f"sample:{given.sample}")
    queries = asked(dataset, given.queries, given.seed)
    settings = {name: int(value) for name, _, value in (each.partition("=") for each in given.set)}
    result: dict[str, Any] = {"sample": given.sample, "rows": dataset.rows, "queries": given.queries}
    local = [name for name, kind in types().items() if not kind.on_server and name not in NOTHING_TO_REPLAY]
    for name in given.types.split(",") if given.types else local:
        if type_named(name).unavailable():
            continue
        for metric in type_named(name).metrics:
            with tempfile.TemporaryDirectory() as folder:
                found = measured(dataset, name, metric, queries, settings, Path(folder))
            if found is None:
                break
            result[f"{name} {metric}"] = found
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
