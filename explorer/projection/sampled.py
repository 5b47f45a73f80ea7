"""A map of more rows than a layout can take: a sample is laid out, every other row put among its neighbours there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import block_rows
from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.projection import nearest
from explorer.projection.graph import Graph
from explorer.projection.jit import callable_from_compiled, compiled, cores, shares
from explorer.projection.pca import unit

ABOVE, SAMPLE = 2_000_000, 1_000_000
"""More rows than ABOVE are mapped by a sample of SAMPLE."""

NEIGHBOURS = 15
"""So many rows of the sample say where another row is."""

CELL_ROWS = 500
"""About how many rows of the sample another row is measured against, before the neighbours of the nearest of them."""

Floats = NDArray[np.float32]
Ints = NDArray[Any]


def sample_of(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The rows that stand for all n, int64, ascending: one of each of so many equal stretches."""
    size = min(SAMPLE, n)
    edges = np.arange(size + 1, dtype=np.int64) * n // max(size, 1)
    chosen: NDArray[np.int64] = edges[:-1] + (rng.random(size) * np.diff(edges)).astype(np.int64)
    return chosen


def spread(
    vectors: NDArray[np.float32],
    metric: Metric,
    chosen: NDArray[np.int64],
    graph: Graph,
    map_of_chosen: Floats,
    rng: np.random.Generator,
    progress: Progress,
) -> Floats:
    """Positions (n, 2) of all vectors (n, d), those of the rows `chosen` being known, and `graph` theirs.

    Each other row is put at the mean of its NEIGHBOURS in the sample, weighted by exp(−(d − d₀)/σ), with d₀ the least
    and σ the mean distance beyond it. They are looked for in the one cell of a Voronoi partition of the sample that the
    row falls into, and then among the neighbours of the nearest.
    """
    n, d = vectors.shape
    out = np.empty((n, 2), np.float32)
    centre = np.zeros(d, np.float32)
    if metric not in ("cosine", "dot"):
        some = vectors[chosen[:: max(1, len(chosen) // 50_000)]]
        centre = np.asarray(some.mean(axis=0, dtype=np.float64), np.float32)
    sample = _taken(vectors, chosen, metric, centre)
    seeds = sample[np.sort(rng.choice(len(chosen), max(1, len(chosen) // CELL_ROWS), replace=False))]
    cell = _cells(sample, seeds)
    seeds = seeds[np.unique(cell)]  # of equal ones a single one has a cell
    cell = _cells(sample, seeds)
    members = np.argsort(cell, kind="stable").astype(np.int32)
    starts = np.searchsorted(cell[members], np.arange(len(seeds) + 1))
    callable_from_compiled((nearest.between, nearest.insert))
    run = compiled(nearest.put)
    step = min(block_rows(d), 1 << 16)
    known = (sample, graph.rows, map_of_chosen, members, starts, metric == "manhattan", min(NEIGHBOURS, len(chosen)))
    with ThreadPoolExecutor(cores()) as pool:
        for start in range(0, n, step):
            progress(start / n, "all other rows")
            rows = _taken(vectors, slice(start, start + step), metric, centre)
            places = out[start : start + step]

            def part(bounds: tuple[int, int], rows: Floats = rows, places: Floats = places) -> None:
                own = rows[slice(*bounds)]
                cells = _cells(own, seeds)
                by_cell = np.argsort(cells, kind="stable")  # so that a cell is read once, and not once a row
                found = np.empty((len(own), 2), np.float32)
                run(own[by_cell], cells[by_cell], *known, found)
                places[bounds[0] + by_cell] = found

            list(pool.map(part, shares(len(rows), cores())))
    out[chosen] = map_of_chosen
    return out


def _taken(vectors: NDArray[np.float32], which: Any, metric: Metric, centre: Floats) -> Floats:
    """Some of the vectors as they are measured: of unit length, or moved to the middle of all."""
    block = np.asarray(vectors[which], np.float32)
    return unit(block) if metric in ("cosine", "dot") else np.asarray(block - centre, np.float32)


def _cells(rows: Floats, seeds: Floats) -> NDArray[np.int32]:
    """Which of the seeds each row is nearest to."""
    half_norms = np.einsum("ij,ij->i", seeds, seeds) / 2
    cell = np.empty(len(rows), np.int32)
    for start in range(0, len(rows), 1 << 9):
        scores = rows[start : start + (1 << 9)] @ seeds.T
        scores -= half_norms
        cell[start : start + (1 << 9)] = scores.argmax(axis=1)
    return cell
