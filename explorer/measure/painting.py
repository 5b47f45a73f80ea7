"""The recall of every row as a query, or of a stated sample, to be painted on the map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.neighbours import ranked
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.indexes.base import IndexHandle, Searcher
from explorer.measure.recall import TOGETHER, against_truth, sampled

MOST = 20_000
"""So many rows are asked unless it is said otherwise: more would take minutes."""


@dataclass(frozen=True, eq=False)
class RecallMap:
    """`recalls` float32 (n,) is recall@k with each row as the query, NaN where it was not asked; `asked` rows were.

    `params` are the search parameters that were used.
    """

    recalls: NDArray[np.float32]
    asked: int
    k: int
    params: Params

    @property
    def mean(self) -> float:
        """The mean of those that were asked."""
        return float(np.nanmean(self.recalls))

    def worst(self, count: int, among: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """The rows with the lowest recall, lowest first, equal ones by row: of all that were asked, or of some."""
        rows = np.arange(len(self.recalls)) if among is None else np.sort(among)
        rows = rows[~np.isnan(self.recalls[rows])]
        return rows[np.argsort(self.recalls[rows], kind="stable")[:count]]


def painted(
    dataset: Dataset,
    handle: IndexHandle,
    searcher: Searcher,
    exact_searcher: Searcher,
    k: int,
    params: Params,
    most: int = MOST,
    seed: int = 0,
    progress: Progress = silent,
) -> RecallMap:
    """Ask an opened index for the k neighbours of up to `most` rows and hold each answer against the truth.

    `params` are search parameters as `asking.resolved` gives them; `exact_searcher` is of the same metric. Raises
    BadParameter when no row can be asked.
    """
    rows = sampled(dataset, handle, most, seed)
    recalls = np.full(dataset.rows, np.nan, np.float32)
    for start in range(0, len(rows), TOGETHER):
        some = rows[start : start + TOGETHER]

        def partly(fraction: float | None, note: str = "", start: int = start, share: int = len(some)) -> None:
            progress((start + share * (fraction or 0.0)) / len(rows), f"query {start:,} of {len(rows):,}")

        def first_half(fraction: float | None, note: str = "", partly: Progress = partly) -> None:
            partly(0.5 * (fraction or 0.0))

        def second_half(fraction: float | None, note: str = "", partly: Progress = partly) -> None:
            partly(0.5 + 0.5 * (fraction or 0.0))

        candidates = searcher.search(dataset.vectors[some], min(k + 1, dataset.rows), params, first_half)
        found = [
            ranked(dataset.vectors, dataset.vectors[row], own, handle.metric, k, (int(row),))
            for row, own in zip(some, candidates, strict=True)
        ]
        recalls[some] = against_truth(dataset, handle, exact_searcher, some, found, k, second_half)
    return RecallMap(recalls, len(rows), k, params)
