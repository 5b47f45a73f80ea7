"""The queries by which an index is measured: rows of the Dataset, or a set that somebody made for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.query_set import QuerySet
from explorer.errors import BadParameter


@dataclass(frozen=True, eq=False)
class Asked:
    """`places` int64 (m,) are rows of `vectors`, which are the Dataset's own, or those of a query set.

    The Dataset's own rows are left out of their answers; a query of a set is no row, and leaves out none.
    """

    vectors: NDArray[np.float32]
    places: NDArray[np.int64]
    own: bool

    def __len__(self) -> int:
        return len(self.places)

    def vector(self, i: int) -> NDArray[np.float32]:
        """The i-th query (d,)."""
        found: NDArray[np.float32] = self.vectors[self.places[i]]
        return found

    def leave_out(self, i: int) -> tuple[int, ...]:
        """The rows that do not count for it."""
        return (int(self.places[i]),) if self.own else ()


def own_rows(dataset: Dataset, rows: NDArray[np.int64]) -> Asked:
    """Rows of the Dataset as queries."""
    return Asked(dataset.vectors, rows, own=True)


def from_set(dataset: Dataset, queries: QuerySet, metric: Metric, most: int, seed: int) -> Asked:
    """Queries of a set, at most so many, drawn without replacement and the same for the same seed; ascending.

    Zero queries have no cosine and are passed over. Raises BadParameter when they have other dimensions, or none is
    left.
    """
    theirs = queries.vectors.shape[1]
    if theirs != dataset.dimensions:
        raise BadParameter(
            f"the queries of {queries.source} have {theirs} dimensions, and {dataset.title} has {dataset.dimensions}."
        )
    places = np.arange(len(queries))
    if metric == "cosine":
        places = np.flatnonzero(queries.vectors.any(axis=1))
    if not len(places):
        raise BadParameter(f"all queries of {queries.source} are zero, so none of them has a cosine; try euclidean.")
    shuffled = np.random.default_rng(seed).permutation(places)
    return Asked(queries.vectors, np.sort(shuffled[:most]), own=False)
