"""How long UMAP takes, stage by stage, and how well it keeps neighbours.

python -m tests.benchmarks.umap_layout --rows 100000 --dimensions 128 [--data clusters|curved|noise|SAMPLE] [--seed S]
    [--metric euclidean] [--against-umap-learn]

Of a sample set all rows are taken. Seconds are of the processor, all threads together, and so not the clock's: they are
the same on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import resource
import warnings
from time import perf_counter, process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer import loading
from explorer.core.metric import metric_named
from explorer.core.params import Params
from explorer.core.progress import silent
from explorer.projection.graph import neighbour_graph
from explorer.projection.pca import unit
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


def vectors(data: str, n: int, d: int) -> tuple[NDArray[np.float32], str]:
    """What is laid out, and its own metric."""
    if data in ("clusters", "curved", "noise"):
        return made_up(data, n, d), "euclidean"
    dataset = loading.load(f"sample:{data}")
    return np.asarray(dataset.vectors), dataset.metric


def overlap(x: NDArray[np.float32], positions: NDArray[np.float32], k: int = 15) -> float:
    """The share of SAMPLE rows' k nearest on the map that are among their k nearest in the data."""
    rows = np.sort(np.random.default_rng(1).choice(len(x), min(SAMPLE, len(x)), replace=False))
    half_norms, flat_norms = (np.einsum("ij,ij->i", a, a) / 2 for a in (x, positions))
    shared = 0
    for block in np.array_split(rows, max(1, len(rows) * len(x) // 20_000_000)):
        far, flat = half_norms - x[block] @ x.T, flat_norms - positions[block] @ positions.T
        far[np.arange(len(block)), block] = flat[np.arange(len(block)), block] = np.inf
        nearest = (np.argpartition(scores, k - 1, axis=1)[:, :k] for scores in (far, flat))
        shared += sum(len(np.intersect1d(a, b)) for a, b in zip(*nearest, strict=True))
    return shared / (len(rows) * k)


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


def against_umap_learn(x: NDArray[np.float32], metric: str, seed: int | None, starts: list[str]) -> dict[str, Any]:
    """umap-learn's own fit, once in a process that has compiled it, from each of these starts."""
    import umap

    figures: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        began = process_time()
        umap.UMAP(metric=metric, init="pca", n_epochs=11, random_state=seed).fit(x[:5000])
        figures["cold_seconds"] = process_time() - began
        for start in starts:
            began = process_time()
            positions = umap.UMAP(metric=metric, init=start, random_state=seed).fit_transform(x)
            figures[start] = {"seconds": process_time() - began, **_quality(x, positions, metric)}
    return figures


def _quality(x: NDArray[np.float32], positions: NDArray[np.float32], metric: str) -> dict[str, float]:
    if metric == "cosine":
        x = unit(x)
    return {"trustworthiness": trustworthiness(x, positions), "overlap": overlap(x, positions)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dimensions", type=int, default=128)
    parser.add_argument("--data", default="clusters")
    parser.add_argument("--metric")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--against-umap-learn", nargs="*", metavar="START", help="pca, spectral or both (pca)")
    parser.add_argument("--no-quality", action="store_true", help="of a million rows it takes longer than the map")
    asked = parser.parse_args()
    x, own = vectors(asked.data, asked.rows, asked.dimensions)
    metric = metric_named(asked.metric or own)

    began = process_time()
    warm_up()
    warm = process_time() - began
    before = resource.getrusage(resource.RUSAGE_SELF)
    frames: list[float] = []
    clock, began = perf_counter(), process_time()
    made = UMAP.project(x, metric, PARAMS, asked.seed, lambda _, __: frames.append(process_time() - began), silent)
    seconds = process_time() - began
    figures: dict[str, Any] = {
        "rows": len(x),
        "dimensions": x.shape[1],
        "data": asked.data,
        "metric": made.metric,
        "seed": asked.seed,
        "warm_up_seconds": warm,
        "seconds": seconds,
        "by_the_clock": perf_counter() - clock,
        "stages_by_the_clock": made.stages,
        "frames": len(frames),
        "first_frame_seconds": frames[0],
        "more_peak_megabytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before.ru_maxrss) / 1024,
        "note": made.note,
    }
    if not asked.no_quality and made.metric != "manhattan":
        figures.update(_quality(x, made.positions, made.metric))
        if made.metric == "euclidean":
            figures["graph_recall"] = recall(x, neighbour_graph(x, metric, 15, silent, seed=asked.seed or 0).rows)
    if asked.against_umap_learn is not None:
        starts = asked.against_umap_learn or ["pca"]
        figures["umap_learn"] = theirs = against_umap_learn(x, made.metric, asked.seed, starts)
        figures["times_faster"] = min(theirs[start]["seconds"] for start in starts) / seconds
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
