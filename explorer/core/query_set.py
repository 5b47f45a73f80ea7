"""Queries that somebody made for a Dataset, and the neighbours that were published with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class QuerySet:
    """`vectors` float32 (q, d), all finite, and the true neighbours as far as they were published.

    `neighbours` int64 (q, t) are source rows, nearest first, as they stand in the file; `distances` float64 (q, t) are
    in whatever definition the publisher had. None where there are none. `source` says where the queries are from.
    """

    vectors: NDArray[np.float32]
    source: str
    neighbours: NDArray[np.int64] | None = None
    distances: NDArray[np.float64] | None = None
    dropped: int = 0
    """How many queries of the file hold NaN or infinity, and are not here."""

    def __len__(self) -> int:
        return len(self.vectors)
