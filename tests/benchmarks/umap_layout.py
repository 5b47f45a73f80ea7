"""How long UMAP takes, stage by stage, and how well it keeps neighbours.

python -m tests.benchmarks.umap_layout --rows 100000 --dimensions 128 [--data clusters|curved|noise] [--seed S]
    [--metric euclidean] [--against-umap-learn]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import warnings
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import metric_named
from explorer.core.params import Params
from explorer.core.progress import silent
from explorer.projection.graph import neighbour_graph
from explorer.projection.umap import UMAP, warm_up

PARAMS: Params = {"n_neighbors": 15, "min_dist": 0.1}
SAMPLE = 3000


def made_up(kind: str, n: int, d: int) -> NDArray[np.float32]:
    """100 clusters; or a curved surface of 12 dimensions; or noise without any structure."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((n, d), np.float32)
    if kind == "noise":
        return noise
    if kind == "curved":
        flat = rng.standard_normal((n, 12), np.float32)
        curved: NDArray[np.float32] = np.tanh(flat @ rng.standard_normal((12, d), np.float32) / 4)
        return curved + np.float32(0.05) * noise
    centres = rng.standard_normal((100, d), np.float32)
    return centres[rng.integers(100, size=n)] + np.float32(0.7) * noise


def trustworthiness(x: NDArray[np.float32], positions: NDArray[np.float32], k: int = 15) -> float:
    """Venna and Kaski's trustworthiness of SAMPLE rows among all: 1 when the map's neighbours are the data's."""
    n = len(x)
    rows = np.sort(np.random.default_rng(1).choice(n, min(SAMPLE, n), replace=False))
    half_norms, flat_norms = (np.einsum("ij,ij->i", a, a) / 2 for a in (x, positions))
    penalty = 0.0
    for block in np.array_split(rows, max(1, len(rows) * n // 20_000_000)):
        far = half_norms - x[block] @ x.T
        flat = flat_norms - positions[block] @ positions.T
        far[np.arange(len(block)), block] = flat[np.arange(len(block)), block] = -np.inf
        for each, mapped in zip(far, np.argpartition(flat, k, axis=1)[:, : k + 1], strict=True):
            ranks = np.searchsorted(np.sort(each), each[mapped])
            penalty += float(np.maximum(ranks - k, 0).sum())
    return 1 - penalty * 2 / (len(rows) * k * (2 * n - 3 * k - 1))


def recall(x: NDArray[np.float32], found: NDArray[np.int32], k: int = 15) -> float:
    """The share of 500 rows' true euclidean neighbours, themselves left out, that the graph holds."""
    rows = np.random.default_rng(2).choice(len(x), min(500, len(x)), replace=False)
    half_norms = np.einsum("ij,ij->i", x, x) / 2
    hits = 0
    for row in rows:
        scores = half_norms - x @ x[row]
        scores[row] = -np.inf
        hits += len(np.intersect1d(np.argpartition(scores, k - 1)[:k], found[row])) - 1
    return hits / (len(rows) * (k - 1))


def against_umap_learn(x: NDArray[np.float32], metric: str, seed: int | None) -> dict[str, Any]:
    """umap-learn's own fit, once in a process that has compiled it, from its default and from a PCA start."""
    import umap

    figures: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        began = perf_counter()
        umap.UMAP(metric=metric, init="pca", n_epochs=11, random_state=seed).fit(x[:5000])
        figures["cold_seconds"] = perf_counter() - began
        for start in ("spectral", "pca"):
            began = perf_counter()
            positions = umap.UMAP(metric=metric, init=start, random_state=seed).fit_transform(x)
            seconds = perf_counter() - began
            figures[start] = {"seconds": seconds, "trustworthiness": trustworthiness(x, positions)}
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dimensions", type=int, default=128)
    parser.add_argument("--data", choices=("clusters", "curved", "noise"), default="clusters")
    parser.add_argument("--metric", default="euclidean")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--against-umap-learn", action="store_true")
    asked = parser.parse_args()
    x = made_up(asked.data, asked.rows, asked.dimensions)
    metric = metric_named(asked.metric)

    load = os.getloadavg()[0]
    began = perf_counter()
    warm_up()
    warm = perf_counter() - began
    before = resource.getrusage(resource.RUSAGE_SELF)
    frames: list[float] = []
    began = perf_counter()
    made = UMAP.project(x, metric, PARAMS, asked.seed, lambda _, __: frames.append(perf_counter()), silent)
    seconds = perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    figures: dict[str, Any] = {
        "rows": asked.rows,
        "dimensions": asked.dimensions,
        "data": asked.data,
        "metric": made.metric,
        "seed": asked.seed,
        "load_before": load,
        "warm_up_seconds": warm,
        "seconds": seconds,
        "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "stages": made.stages,
        "frames": len(frames),
        "first_frame_seconds": frames[0] - began,
        "more_peak_megabytes": (after.ru_maxrss - before.ru_maxrss) / 1024,
        "note": made.note,
    }
    if metric == "euclidean":
        figures["trustworthiness"] = trustworthiness(x, made.positions)
        figures["graph_recall"] = recall(x, neighbour_graph(x, metric, 15, silent, seed=asked.seed or 0).rows)
    if asked.against_umap_learn:
        figures["umap_learn"] = against_umap_learn(x, metric, asked.seed)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
