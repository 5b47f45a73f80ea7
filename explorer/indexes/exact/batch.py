"""Candidates of many queries at once: matrix products block by block, for recall and ground truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.indexes.exact.bounds import LARGEST_LENGTH, UNDERFLOW, at_least, gamma, usable
from explorer.indexes.exact.lengths import Lengths

QUERIES = 256
"""How many queries are asked together."""
BLOCK_NUMBERS = 4 << 20
MOST_ROWS = 8192
"""How much of the vectors is scored at a time: the cores meet at every block, so blocks are not small."""
SAMPLE = 16384
SAMPLE_ROWS = 1024
"""How many rows tell at first how far the k-th nearest can be at most, and how many of them stand together."""
MOST_KEPT = 4 << 20
"""So many candidates of all queries are kept before those that have been outdone are dropped."""


def candidates(
    vectors: NDArray[np.float32],
    queries: NDArray[np.float32],
    k: int,
    metric: Metric,
    lengths: Lengths,
    progress: Progress,
) -> list[NDArray[np.intp] | None]:
    """For each query (q, d) the rows that can be among its k nearest, ascending; None where float32 cannot tell.

    Not for manhattan. Scores and their bounds are those of `products`, of data moved to their mean for euclidean and
    dot, so that they stay sharp when the data lie far from the origin.
    """
    scores = _Scores(vectors, queries, metric, lengths)
    step = max(1, min(MOST_ROWS, BLOCK_NUMBERS // vectors.shape[1]))
    pool = _Pool(_first_reach(scores, len(vectors), k), k)
    for start in range(0, len(vectors), step):
        progress(start / len(vectors), "search")
        score, error = scores.of(slice(start, min(start + step, len(vectors))))
        if not pool.add(start, score, error):
            return [None] * len(queries)
    fit = [scores.fit(query) for query in queries]
    return [rows if fit[i] else None for i, rows in enumerate(pool.rows(len(queries)))]


class _Scores:
    """Scores of a block of rows for all queries: smaller is nearer."""

    def __init__(
        self, vectors: NDArray[np.float32], queries: NDArray[np.float32], metric: Metric, lengths: Lengths
    ) -> None:
        self._vectors, self._metric, self._lengths = vectors, metric, lengths
        step = max(1, len(vectors) // 4096)
        self._centre = vectors[::step][:4096].mean(axis=0, dtype=np.float64).astype(np.float32)
        if metric == "cosine":
            self._centre = np.zeros_like(self._centre)
            size = np.sqrt(np.vecdot(queries, queries, dtype=np.float64))[:, None]
            queries = (queries / np.where(size > 0, size, 1)).astype(np.float32)
        elif metric == "euclidean":
            queries = queries - self._centre
        self._asked = np.ascontiguousarray(queries.T)
        self._sizes = np.sqrt(np.vecdot(self._asked.T, self._asked.T, dtype=np.float64))
        self._trust = gamma(vectors.shape[1] + 12)
        self._odd = np.zeros(len(vectors), bool)
        self._odd[lengths.odd] = True
        self._zero = np.zeros(len(vectors), bool)
        if metric == "cosine":
            self._zero[lengths.zero] = True

    def fit(self, query: NDArray[np.float32]) -> bool:
        """Whether a query can be multiplied in float32."""
        size = float(np.sqrt(np.vecdot(query, query, dtype=np.float64)))
        return usable(size) or (size == 0 and self._metric != "cosine")

    def of(self, span: slice) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores (rows, q), never NaN, and what they are wrong by at most (q,).

        Odd rows have −inf, and so are always candidates; zero rows have +inf under cosine.
        """
        block = self._vectors[span]
        with np.errstate(all="ignore"):
            if self._metric == "cosine":
                score = np.multiply(block @ self._asked, -self._lengths.inverse[span, None])
                error = np.full(len(self._sizes), 2 * self._trust)
            else:
                moved = block - self._centre
                squared = np.vecdot(moved, moved)
                squared[self._odd[span]] = 0
                longest = float(np.sqrt(squared.max(initial=0)))
                score = -(moved @ self._asked)
                error = self._trust * longest * self._sizes + UNDERFLOW * len(self._centre)
                if self._metric == "euclidean":
                    score += (squared * np.float32(0.5))[:, None]
                    error += self._trust * longest * longest / 2
        score[self._zero[span]] = np.inf
        score[self._odd[span]] = -np.inf
        return score, at_least(np.minimum(error, LARGEST_LENGTH**2))


def _first_reach(scores: _Scores, rows: int, k: int) -> NDArray[np.float32]:
    """Upper bounds (q,) on the score of the k-th nearest, from blocks spread evenly over all rows."""
    starts = range(0, rows, SAMPLE_ROWS)
    wanted = min(len(starts), -(-max(SAMPLE, 64 * k) // SAMPLE_ROWS))
    uppers = []
    for start in sorted({starts[int(i)] for i in np.linspace(0, len(starts) - 1, wanted)}):
        score, error = scores.of(slice(start, min(start + SAMPLE_ROWS, rows)))
        score[score == -np.inf] = np.inf
        uppers.append((score + error).T)
    upper = np.concatenate(uppers, axis=1)
    return np.partition(upper, k - 1, axis=1)[:, k - 1]


class _Pool:
    """Candidates of all queries, as parallel arrays: query, row, and the upper end of the row's score."""

    def __init__(self, reach: NDArray[np.float32], k: int) -> None:
        self._reach, self._k = reach, k
        self._parts: list[tuple[NDArray[np.int32], NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]] = []
        self._kept = 0

    def add(self, start: int, score: NDArray[np.float32], error: NDArray[np.float32]) -> bool:
        """Keep what can be near of a block's scores (rows, q); False when hopelessly much would have to be kept."""
        flat = np.flatnonzero(score <= np.nextafter(self._reach + error, np.float32(np.inf)))
        row, query = np.divmod(flat, score.shape[1])
        near = score.reshape(-1)[flat]
        upper = np.where(near == -np.inf, np.inf, near + error[query]).astype(np.float32)
        self._parts.append((query.astype(np.int32), row + start, near - error[query], upper))
        self._kept += len(flat)
        if self._kept > MOST_KEPT:
            self._tighten()
            return self._kept <= MOST_KEPT // 2
        return True

    def rows(self, queries: int) -> list[NDArray[np.intp]]:
        """The candidates of each query, ascending."""
        query, row = self._tighten()
        by_query = np.lexsort((row, query))
        return np.split(row[by_query], np.searchsorted(query[by_query], np.arange(1, queries)))

    def _tighten(self) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        """Drop the candidates that k others outdo; what is left, queries and rows."""
        query, row, lower, upper = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        sorted_ = np.lexsort((upper, query))
        query, row, lower, upper = query[sorted_], row[sorted_], lower[sorted_], upper[sorted_]
        first = np.searchsorted(query, np.arange(len(self._reach)))
        last = np.searchsorted(query, np.arange(len(self._reach)), side="right")
        full = np.flatnonzero(last - first >= self._k)
        self._reach[full] = np.minimum(self._reach[full], upper[first[full] + self._k - 1])
        near = lower <= self._reach[query]
        self._parts = [(query[near], row[near], lower[near], upper[near])]
        self._kept = int(near.sum())
        return query[near], row[near]
