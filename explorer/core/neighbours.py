"""The answer to a query: rows and distances, nearest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import Metric, distances_of, order


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Rows int64 (m,) and distances float64 (m,), m ≤ k: sorted, nearest first, no padding, no row twice."""

    rows: NDArray[np.int64]
    distances: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        pairs = (f"{row}: {distance:.6g}" for row, distance in zip(self.rows, self.distances, strict=True))
        return f"Neighbours({', '.join(pairs)})"


def ranked(
    vectors: NDArray[Any],
    query: NDArray[Any],
    candidates: NDArray[Any],
    metric: Metric,
    k: int,
    leave_out: Iterable[int] = (),
) -> Neighbours:
    """The k nearest of an index's candidate rows, by our own distances.

    `vectors` is the Dataset's (n, d), `query` is (d,). Candidates may hold padding (−1), repeats and rows to leave
    out: all are dropped here, and nowhere else. Equal distances stand in the order of their rows.
    """
    rows = np.unique(np.asarray(candidates, np.int64))
    rows = rows[(rows >= 0) & ~np.isin(rows, np.fromiter(leave_out, np.int64))]
    found = distances_of(metric, vectors, rows, query)
    nearest = np.argsort(order(metric, found), kind="stable")[:k]
    return Neighbours(rows[nearest], found[nearest])
