"""The true neighbours of a sample of rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.neighbours import ranked
from explorer.core.progress import Progress, silent
from explorer.indexes.base import Searcher
from explorer.measure.recall import TOGETHER


@dataclass(frozen=True, eq=False)
class TrueNeighbours:
    """`rows` int64 (s,) and of each its neighbours int64 (s, k), nearest first and without itself, at `distances`
    float64 (s, k); k is less than was asked for where there are fewer rows."""

    rows: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    distances: NDArray[np.float64]


def true_neighbours(
    dataset: Dataset,
    metric: Metric,
    exact_searcher: Searcher,
    rows: NDArray[np.int64],
    k: int,
    progress: Progress = silent,
) -> TrueNeighbours:
    """Ask exact search of that metric for the k nearest of each row but itself."""
    k = min(k, dataset.rows - 1)
    neighbours, distances = np.empty((len(rows), k), np.int64), np.empty((len(rows), k))
    for start in range(0, len(rows), TOGETHER):
        some = rows[start : start + TOGETHER]

        def partly(fraction: float | None, note: str = "", start: int = start, share: int = len(some)) -> None:
            progress((start + share * (fraction or 0.0)) / len(rows), "true neighbours")

        candidates = exact_searcher.search(dataset.vectors[some], k + 1, {}, partly)
        for i, row in enumerate(some, start):
            found = ranked(dataset.vectors, dataset.vectors[row], candidates[i - start], metric, k, (int(row),))
            neighbours[i], distances[i] = found.rows, found.distances
    return TrueNeighbours(rows, neighbours, distances)
