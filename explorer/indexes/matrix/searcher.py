"""Answer from the matrix: look the query up among the rows, and read its row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import Metric, order
from explorer.core.params import Params
from explorer.core.progress import Progress, silent
from explorer.core.structure import Facts, Structure
from explorer.indexes.base import Searcher
from explorer.indexes.exact.searcher import ExactSearcher
from explorer.indexes.matrix.building import nearest_of
from explorer.indexes.matrix.table import Table

MISSING = -1


class MatrixSearcher(Searcher):
    """The nearest that were kept, or more of them from the row of distances; a query that is no row is searched for
    exactly among the vectors, and `aside` says so.
    """

    def __init__(self, table: Table, vectors: NDArray[np.float32], metric: Metric) -> None:
        self._table, self._vectors, self._metric = table, vectors, metric
        self._exact = ExactSearcher(vectors, metric)
        self._rows: dict[int, int] = {}
        for row, vector in enumerate(vectors):
            self._rows.setdefault(_key(vector), row)
        self._looked_up = True

    def search(
        self, vectors: NDArray[np.float32], k: int, params: Params, progress: Progress = silent
    ) -> NDArray[np.int64]:
        """The k nearest of each query: (q, d) → (q, min(k, n)), at the resolution of float32 where it is a row."""
        k = min(k, len(self._vectors))
        found = np.empty((len(vectors), k), np.int64)
        rows = [self._row_of(vector) for vector in np.asarray(vectors, np.float32)]
        for i, row in enumerate(rows):
            if row != MISSING:
                found[i] = self._read(row, k)
            if i % 256 == 255:
                progress(i / len(rows), "search")
        others = [i for i, row in enumerate(rows) if row == MISSING]
        if others:
            found[others] = self._exact.search(np.asarray(vectors[others]), k, params, progress)
        self._looked_up = not others
        return found

    def aside(self) -> Params:
        return {} if self._looked_up else {"answered by": "exact search: the query is no row"}

    def structure(self, progress: Progress = silent) -> tuple[Structure, ...]:
        """A table, and how it is read."""
        rows, kept = self._table.nearest.shape
        lines = (
            ("Distances", f"{rows:,} × {rows:,}, {self._metric}"),
            ("Bytes", f"{self._table.distances.nbytes + self._table.nearest.nbytes:,}"),
            ("Kept sorted", f"the {kept:,} nearest of each row"),
        )
        how = "The nearest of a row are read from the table; a query that is no row is searched for exactly."
        return (Facts(lines, f"All distances were computed once, so that nothing is missed. {how}"),)

    def close(self) -> None:
        """Let go of the file."""
        self._exact.close()
        self._rows = {}

    def _read(self, row: int, k: int) -> NDArray[np.integer]:
        if k <= self._table.nearest.shape[1]:
            return self._table.nearest[row, :k]
        return nearest_of(order(self._metric, self._table.distances[row].astype(np.float64)), k)

    def _row_of(self, vector: NDArray[np.float32]) -> int:
        """The first row that equals a vector in every bit, but for the sign of zeros."""
        row = self._rows.get(_key(vector), MISSING)
        return row if row != MISSING and np.array_equal(self._vectors[row], vector) else MISSING


def _key(vector: NDArray[np.float32]) -> int:
    return hash((vector + np.float32(0)).tobytes())
