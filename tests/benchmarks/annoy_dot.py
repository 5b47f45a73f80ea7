"""How much of the true inner products annoy finds, by the way it is asked for them; prints JSON.

`python -m tests.benchmarks.annoy_dot --rows 20000`: recall@10 of annoy's own dot, of its angular and its euclidean on
vectors with one number more (sqrt(M² − |x|²), all of length M), and of this program, at the same trees and search_k, on
vectors of random directions whose lengths differ in several ways. `random` is the share of the splits, by the rows
under them, for which annoy found no plane and drew lots.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from annoy import AnnoyIndex
from numpy.typing import NDArray

import explorer
from explorer.indexes import type_named
from explorer.indexes.annoy.layout import Layout, LibraryMetric
from explorer.indexes.building import built

K = 10
LENGTHS = ("equal", "gaussian", "uniform", "lognormal", "lognormal_wide")
Search = Callable[[NDArray[np.float32]], Sequence[int]]


def made_up(lengths: str, rows: int, dimensions: int) -> NDArray[np.float32]:
    """Random directions with lengths as named."""
    random = np.random.default_rng(0)
    x = random.standard_normal((rows, dimensions))
    if lengths != "gaussian":
        x /= np.linalg.norm(x, axis=1, keepdims=True)
    if lengths == "uniform":
        x *= random.uniform(0.2, 2, (rows, 1))
    if lengths.startswith("lognormal"):
        x *= random.lognormal(0, 1 if lengths.endswith("wide") else 0.5, (rows, 1))
    return x.astype(np.float32)


def on_a_sphere(x: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """The rows with one number more, and the length that all then have."""
    squared = np.vecdot(x, x, dtype=np.float64)
    most = float(squared.max())
    return np.column_stack([x, np.sqrt(most - squared)]).astype(np.float32), most**0.5


def grown(x: NDArray[np.float32], metric: LibraryMetric, trees: int, path: Path) -> tuple[AnnoyIndex, float]:
    """A forest of the library's own over x, mapped from a file, and the share of its splits that are random."""
    index = AnnoyIndex(x.shape[1], metric)
    index.set_seed(1)
    for row, vector in enumerate(x.tolist()):
        index.add_item(row, vector)
    index.build(trees, n_jobs=1)
    index.save(str(path))
    return index, random_share(path, Layout(metric, x.shape[1]), len(x))


def random_share(path: Path, layout: Layout, rows: int) -> float:
    """The share of split nodes without a plane, each counted by the rows under it."""
    nodes = layout.nodes(path)[rows:]
    splits = nodes[nodes["descendants"] > layout.leaf_most]
    without = splits[~splits["vector"].any(axis=1)]
    return float(without["descendants"].sum() / max(1, splits["descendants"].sum()))


def recall(search: Search, x: NDArray[np.float32], asked: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """The share of the true K that is found for the rows asked, which do not count themselves."""
    hits = 0
    for row, true in zip(asked.tolist(), truth, strict=True):
        found = [other for other in search(x[row]) if other != row][:K]
        hits += len(set(found) & set(true.tolist()))
    return hits / truth.size


def true_rows(x: NDArray[np.float32], asked: NDArray[np.int64]) -> NDArray[np.int64]:
    """The K rows of the largest inner product with each row asked, but for itself."""
    wide = x.astype(np.float64)
    products = wide[asked] @ wide.T
    products[np.arange(len(asked)), asked] = -np.inf
    return np.argpartition(-products, K, axis=1)[:, :K]


def measured(x: NDArray[np.float32], queries: int, trees: int, search_k: int, folder: Path) -> dict[str, Any]:
    """Recall and share of random splits of every way, over one set of vectors."""
    asked = np.random.default_rng(1).choice(len(x), min(queries, len(x)), replace=False)
    truth = true_rows(x, asked)
    augmented, radius = on_a_sphere(x)
    ways: dict[str, tuple[NDArray[np.float32], LibraryMetric, float | None]] = {
        "own_dot": (x, "dot", None),
        "angular": (augmented, "angular", 1),
        "euclidean_query_at_1": (augmented, "euclidean", 1),
        "euclidean_query_at_2": (augmented, "euclidean", 2),
        "euclidean_query_at_4": (augmented, "euclidean", 4),
    }
    result: dict[str, Any] = {}
    for name, (stored, metric, away) in ways.items():
        index, share = grown(stored, metric, trees, folder / "library.ann")

        def theirs(query: NDArray[np.float32], index: AnnoyIndex = index, away: float | None = away) -> Sequence[int]:
            if away is not None:
                query = np.append(query * (away * radius / np.linalg.norm(query)), 0)
            return index.get_nns_by_vector(query.tolist(), K + 1, search_k)

        result[name] = {"recall": recall(theirs, x, asked, truth), "random": share}
        index.unload()
    np.save(folder / "vectors.npy", x)
    dataset = explorer.load(folder / "vectors.npy", metric="dot")
    handle = built(dataset, "annoy", "dot", {"trees": trees, "seed": 1}, folder / "index")
    searcher = type_named("annoy").open(handle, dataset)

    def ours(query: NDArray[np.float32]) -> Sequence[int]:
        rows: list[int] = searcher.search(query[None], K + 1, {"search_k": search_k})[0].tolist()
        return rows

    result["explorer"] = {"recall": recall(ours, x, asked, truth)}
    searcher.close()
    return result


def main() -> None:
    """Measure all kinds of lengths."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--dimensions", type=int, default=32)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--trees", type=int, default=50)
    parser.add_argument("--search-k", type=int, default=1000)
    given = parser.parse_args()
    result: dict[str, Any] = dict(vars(given))
    for lengths in LENGTHS:
        x = made_up(lengths, given.rows, given.dimensions)
        with tempfile.TemporaryDirectory() as folder:
            result[lengths] = measured(x, given.queries, given.trees, given.search_k, Path(folder))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
