"""One search that is looked into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.neighbours import Neighbours
from explorer.core.params import Params
from explorer.indexes import asking
from explorer.indexes.base import IndexHandle, Searcher


@dataclass(frozen=True, eq=False)
class Case:
    """What an opened index was asked: one vector float32 (d,), held against the truth for the same k and metric.

    `given` are search parameters as they were given; those left out follow from k. The rows of `leave_out` do not
    count, neither here nor in the truth.
    """

    dataset: Dataset
    handle: IndexHandle
    searcher: Searcher
    vector: NDArray[np.float32]
    k: int
    given: Params
    truth: Neighbours
    leave_out: tuple[int, ...] = ()

    @property
    def asked(self) -> int:
        """How many the library itself is asked for."""
        return min(self.k + len(self.leave_out), self.dataset.rows)

    def params(self, changes: Params) -> Params:
        """All search parameters, where some are changed and the others stand as they were given, or follow from k."""
        return asking.resolved(self.handle, {**self.given, **changes}, self.k)
