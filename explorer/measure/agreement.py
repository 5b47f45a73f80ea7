"""What two indexes find of the same truth: both, one alone, or neither."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.neighbours import Neighbours, ranked
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.core.recall import Verdict, judged
from explorer.indexes.base import IndexHandle, Searcher
from explorer.measure.recall import TOGETHER, sampled
from explorer.measure.truth import true_neighbours


@dataclass(frozen=True)
class Agreement:
    """How many true neighbours two indexes A and B found, both of them or one alone, over a number of queries."""

    both: int
    only_a: int
    only_b: int
    neither: int
    queries: int = 1

    @property
    def true(self) -> int:
        """How many true neighbours there were to find."""
        return self.both + self.only_a + self.only_b + self.neither

    @property
    def a(self) -> int:
        """How many of them A found."""
        return self.both + self.only_a

    @property
    def b(self) -> int:
        """How many of them B found."""
        return self.both + self.only_b

    @property
    def recall_a(self) -> float:
        """The recall of A; 1 where there was nothing to find."""
        return self.a / self.true if self.true else 1.0

    @property
    def recall_b(self) -> float:
        """The recall of B; 1 where there was nothing to find."""
        return self.b / self.true if self.true else 1.0


def agreement(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> Agreement:
    """Count over which true neighbours A and B agree: bool (k,) of one query, or (s, k) of s, true where found."""
    return Agreement(
        both=int((a & b).sum()),
        only_a=int((a & ~b).sum()),
        only_b=int((b & ~a).sum()),
        neither=int((~a & ~b).sum()),
        queries=len(a) if a.ndim > 1 else 1,
    )


def found_of(truth: Neighbours, verdict: Verdict) -> NDArray[np.bool_]:
    """Which rows of the truth an answer holds, bool (k,); those for which it holds equally near ones count."""
    return ~np.isin(truth.rows, verdict.misses)


def found_of_sample(
    dataset: Dataset,
    handle: IndexHandle,
    searcher: Searcher,
    exact_searcher: Searcher,
    k: int,
    params: Params,
    queries: int = 1000,
    seed: int = 0,
    progress: Progress = silent,
) -> NDArray[np.bool_]:
    """Which true neighbours an opened index finds with sampled rows as queries, which themselves do not count: bool
    (s, k), rows and neighbours in the same order for every index of the same metric.

    `params` are search parameters as `asking.resolved` gives them; `exact_searcher` is of the same metric. There are
    fewer than k columns where there are fewer rows. Raises BadParameter when no row can be asked.
    """
    rows = sampled(dataset, handle, queries, seed)

    def first_half(fraction: float | None, note: str = "") -> None:
        progress(0.5 * (fraction or 0.0), note)

    truth = true_neighbours(dataset, handle.metric, exact_searcher, rows, k, first_half)
    found = np.zeros(truth.neighbours.shape, bool)
    for start in range(0, len(rows), TOGETHER):
        some = rows[start : start + TOGETHER]

        def partly(fraction: float | None, note: str = "", start: int = start, share: int = len(some)) -> None:
            done = (start + share * (fraction or 0.0)) / len(rows)
            progress(0.5 + 0.5 * done, f"query {start:,} of {len(rows):,}")

        candidates = searcher.search(dataset.vectors[some], min(k + 1, dataset.rows), params, partly)
        for i, row in enumerate(some, start):
            true = Neighbours(truth.neighbours[i], truth.distances[i])
            own = ranked(
                dataset.vectors, dataset.vectors[row], candidates[i - start], handle.metric, len(true), (int(row),)
            )
            found[i] = found_of(true, judged(own, true, handle.metric))
    return found
