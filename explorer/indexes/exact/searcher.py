"""Search every vector, and be right: a scan in float32 picks candidates, float64 decides."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import Metric, distances_of, order
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.core.structure import Facts, Structure
from explorer.indexes.base import Searcher
from explorer.indexes.exact import batch, differences, lengths, products
from explorer.indexes.exact.bounds import candidates, usable

SMALL = 1 << 18
"""So few numbers in all are compared in float64 at once."""
FEWEST_TOGETHER = 16
"""Fewer queries than this are answered one by one."""


class ExactSearcher(Searcher):
    """Exact search over (n, d) vectors, usually mapped.

    Lengths are measured at the first search and kept (4–12 bytes a row); nothing else is. Three scans, each tried
    for the query that the one before leaves too many candidates for: `products`, `differences`, and float64 throughout.
    """

    def __init__(self, vectors: NDArray[np.float32], metric: Metric) -> None:
        self._vectors = vectors
        self._metric = metric
        self._pool = ThreadPoolExecutor(_cores(), "exact")
        self._known: lengths.Lengths | None = None

    def search(
        self, vectors: NDArray[np.float32], k: int, params: Params, progress: Progress = silent
    ) -> NDArray[np.int64]:
        """The k nearest rows of each query, nearest first, equal ones by row: (q, d) → (q, min(k, n)).

        Distances are compared in float64 (`core.metric.distances`). Under cosine zero vectors come last.
        """
        k = min(k, len(self._vectors))
        found = np.empty((len(vectors), k), np.int64)
        if not k or not len(vectors):
            return found
        together = len(vectors) >= FEWEST_TOGETHER and self._metric != "manhattan" and self._vectors.size > SMALL
        pools = batch.candidates if together else None
        for start in range(0, len(vectors), batch.QUERIES):
            queries = np.asarray(vectors[start : start + batch.QUERIES], np.float32)
            rows = pools(self._vectors, queries, k, self._metric, self._lengths(progress), progress) if pools else None
            for i, query in enumerate(queries):
                progress((start + i) / len(vectors), "search")
                some = rows[i] if rows is not None else None
                if some is None or self._too_many(some, k):
                    some = self._candidates(query, k, progress)
                found[start + i] = self._nearest(some, query, k, progress)
        return found

    def structure(self, progress: Progress = silent) -> tuple[Structure, ...]:
        """That there is nothing but the vectors."""
        rows, dimensions = self._vectors.shape
        lines = (
            ("Vectors", f"{rows:,} × {dimensions}"),
            ("Bytes", f"{self._vectors.nbytes:,}"),
            ("Compared by", f"{self._metric}, in float64"),
        )
        how = "a scan in float32 picks candidates, and float64 decides among them."
        return (Facts(lines, f"Every vector is compared with the query, so that nothing is missed: {how}"),)

    def close(self) -> None:
        """End the threads and forget the lengths."""
        self._pool.shutdown(cancel_futures=True)
        self._known = None

    def _candidates(self, query: NDArray[np.float32], k: int, progress: Progress) -> NDArray[np.intp] | None:
        """The rows that can be among the k nearest; None for all."""
        size = float(np.sqrt(np.vecdot(query, query, dtype=np.float64)))
        if self._vectors.size <= SMALL or not (usable(size) or (size == 0 and self._metric != "cosine")):
            return None
        known = self._lengths(progress)
        if self._metric != "manhattan":
            fast = products.intervals(self._vectors, query, self._metric, known, self._pool, progress)
            rows = candidates(fast, k)
            if not self._too_many(rows, k):
                return rows
        found = differences.intervals(self._vectors, query, self._metric, known, self._pool, progress)
        return candidates(found, k)

    def _too_many(self, rows: NDArray[np.intp], k: int) -> bool:
        """Whether a careful scan is cheaper than comparing so many rows in float64."""
        return len(rows) > max(4 * k, 4096, len(self._vectors) // 32)

    def _nearest(
        self, rows: NDArray[np.intp] | None, query: NDArray[np.float32], k: int, progress: Progress
    ) -> NDArray[np.int64]:
        """The k nearest of some rows (all: None), ascending ones, by float64 distances."""
        among = np.arange(len(self._vectors)) if rows is None else rows
        found = np.empty(len(among))
        compare = _comparison(self._vectors, among, found, self._metric, query)
        steps = lengths.spans(len(among), self._vectors.shape[1])
        if len(steps) > 1:
            lengths.each(self._pool, compare, steps, progress, "search")
        else:
            compare(slice(None))
        if len(found) > 8 * k:
            near = np.flatnonzero(found <= np.partition(found, k - 1)[k - 1])
            among, found = among[near], found[near]
        return among[np.argsort(found, kind="stable")[:k]]

    def _lengths(self, progress: Progress) -> lengths.Lengths:
        if self._known is None:
            self._known = lengths.measured(self._vectors, self._pool, progress)
        return self._known


def _comparison(
    vectors: NDArray[np.float32],
    rows: NDArray[np.intp],
    out: NDArray[np.float64],
    metric: Metric,
    query: NDArray[np.float32],
) -> Callable[[slice], None]:
    def compare(span: slice) -> None:
        out[span] = order(metric, distances_of(metric, vectors, rows[span], query))

    return compare


def _cores() -> int:
    """How many threads may run here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
