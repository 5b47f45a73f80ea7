"""How much every index type here finds of the truth on a sample set, at the parameters stated below; prints JSON.

`python -m tests.benchmarks.recall_table`: recall@10 over 1,000 rows of sample:wordnet. The goal is 0.95 for a type that
keeps the vectors and 0.90 for one that shortens them, with its `rerank`. With `--redis URL` the types on a server are
measured too; what is pushed there for that is removed again.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Any

import explorer
from explorer.core.dataset import Dataset
from explorer.core.params import Params
from explorer.errors import ExplorerError
from explorer.indexes import asking, type_named, types
from explorer.indexes.building import built
from explorer.measure.recall import measured

GOAL = {True: 0.95, False: 0.90}
"""By whether a type is lossless."""
STATED: dict[str, tuple[Params, Params]] = {
    "annoy": ({"trees": 50, "seed": 1}, {"search_k": 5000}),
    "faiss-ivf": ({"nlist": 512, "seed": 1}, {"nprobe": 46}),
    "faiss-ivfpq": ({"nlist": 512, "m": 64, "nbits": 8, "seed": 1}, {"nprobe": 46, "rerank": 100}),
    "faiss-sq": ({"quantizer": "8bit"}, {"rerank": 100}),
    "faiss-hnsw": ({"M": 32, "efConstruction": 100, "seed": 1}, {"efSearch": 64}),
    "faiss-factory": (
        {"factory": "PCAR128,IVF512,SQ8", "seed": 1},
        {"nprobe": 46, "rerank": 100},
    ),
    "hnswlib": ({"M": 16, "ef_construction": 200, "seed": 1}, {"ef": 64}),
    "usearch": ({"connectivity": 16, "expansion_add": 128, "threads": 1}, {"expansion_search": 64}),
    "redis-vset": (
        {"M": 16, "ef_build": 200, "quantization": "Q8"},
        {"ef_search": 100, "rerank": 100},
    ),
    "redis-search": ({"algorithm": "HNSW", "M": 16, "EF_CONSTRUCTION": 200}, {"EF_RUNTIME": 100}),
    "voyager": ({"M": 12, "ef_construction": 200, "seed": 1}, {"query_ef": 64}),
}
"""Build and search parameters by type; a type that is not named here is measured at its defaults."""


def line(dataset: Dataset, name: str, queries: int, folder: Path, redis: str) -> dict[str, Any]:
    """One type, built and measured; `error` says why where that was not possible."""
    kind = type_named(name)
    said: dict[str, Any] = {"type": name, "lossless": kind.lossless, "goal": GOAL[kind.lossless]}
    if reason := kind.unavailable():
        return {**said, "error": reason}
    if kind.on_server and not redis:
        return {**said, "error": "needs --redis URL"}
    metric = dataset.metric if dataset.metric in kind.metrics else kind.metrics[0]
    build, search = STATED.get(name, ({}, {}))
    if kind.on_server:
        build = {**build, "server": redis, "key": "recall-table"}
    try:
        handle = built(dataset, name, metric, build, folder / name)
        exact = built(dataset, "exact", metric, {}, folder / "exact")
        searcher, truth = kind.open(handle, dataset), type_named("exact").open(exact, dataset)
        try:
            params = asking.resolved(handle, search, 10)
            result = measured(dataset, handle, searcher, truth, k=10, params=params, queries=queries)
        finally:
            searcher.close()
            truth.close()
            kind.discard(handle)
    except ExplorerError as error:
        return {**said, "error": str(error)}
    facts = dataclasses.asdict(result)
    return {**said, "metric": metric, "library": handle.library, **facts, "met": result.recall >= said["goal"]}


def main() -> None:
    """Measure every type there is, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("types", nargs="*", metavar="TYPE", help="index types; all that need no server if none")
    parser.add_argument("--file", default="sample:wordnet")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--redis", default="", metavar="URL", help="a Redis server for the types that need one")
    given = parser.parse_args()
    dataset = explorer.load(given.file)
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    with tempfile.TemporaryDirectory() as folder:
        lines = [line(dataset, name, given.queries, Path(folder), given.redis) for name in given.types or types()]
    print(json.dumps({"file": given.file, "machine": machine, "queries": given.queries, "results": lines}, indent=1))


if __name__ == "__main__":
    main()
