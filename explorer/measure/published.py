"""Published truth held against ours: do its neighbours, and its distances, agree with exact search?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.neighbours import Neighbours, ranked
from explorer.core.query_set import QuerySet
from explorer.core.recall import judged

Convert = Callable[[NDArray[np.float64]], NDArray[np.float64]]
CONVENTIONS: Mapping[Metric, Mapping[str, Convert]] = {
    "cosine": {
        "1 − cos": lambda d: d,
        "angular √(2 − 2cos)": lambda d: d * d / 2,
        "2 − 2cos": lambda d: d / 2,
        "cos": lambda d: 1 - d,
    },
    "euclidean": {"euclidean": lambda d: d, "squared euclidean": lambda d: np.sqrt(np.maximum(d, 0))},
    "dot": {"inner product": lambda d: d, "minus the inner product": lambda d: -d, "1 − the product": lambda d: 1 - d},
    "manhattan": {"manhattan": lambda d: d},
}
"""How publishers define distances, and how they become ours."""
TOLERANCE = 1e-3
"""Published distances are float32, often by ‖x‖² − 2xq + ‖q‖²: so far they may be off, of the largest of a query."""


@dataclass(frozen=True)
class Published:
    """What became of it, over `queries` queries and the first `k` neighbours of each.

    `neighbours_agree` is the share of published neighbours that are true ones by our distances, ties included;
    `distances_agree` the share of their distances that are ours, in the `convention` that fits best, and
    `largest_difference` the farthest that one is off (None where no distances were published). `absent` is the share of
    published neighbours that are rows of the file, but were dropped from the Dataset or not taken into it; `unknown`
    how many are no rows of it at all.
    """

    queries: int
    k: int
    neighbours_agree: float
    absent: float = 0.0
    unknown: int = 0
    convention: str = ""
    distances_agree: float | None = None
    largest_difference: float | None = None

    @property
    def brief(self) -> str:
        """The gist of it, for a narrow place."""
        said = f"Published truth: {_share(self.neighbours_agree)} of its neighbours are true"
        if self.distances_agree is None:
            return f"{said}."
        return f"{said}, {_share(self.distances_agree)} of its distances agree."

    @property
    def sentence(self) -> str:
        """All of it for people."""
        said = f"of the published neighbours {_share(self.neighbours_agree)} are true (the first {self.k} of "
        said += f"{self.queries:,} queries)"
        if self.unknown:
            said += f"; {self.unknown:,} are no rows of this Dataset at all: is it the right one?"
        if self.absent:
            said += f"; {_share(self.absent)} are rows that are not in the Dataset"
        if self.distances_agree is not None:
            if self.distances_agree < 0.5:
                said += "; their distances are not ours in any usual definition: is the metric another?"
            else:
                said += f"; {_share(self.distances_agree)} of the distances agree ({self.convention}, "
                said += f"largest difference {self.largest_difference:.2g})"
        return said + "."


class Comparison:
    """Gathers, query by query, how published truth compares with ours; `result` says it."""

    def __init__(self, dataset: Dataset, metric: Metric, queries: QuerySet, k: int) -> None:
        assert queries.neighbours is not None
        self._dataset, self._metric, self._queries = dataset, metric, queries
        self._k = min(k, queries.neighbours.shape[1])
        self._asked = self._published = self._true = self._absent = self._unknown = 0
        self._pairs: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []

    def add(self, query: int, truth: Neighbours) -> None:
        """One more query, of which exact search found `truth`, k or more of them."""
        assert self._queries.neighbours is not None
        wanted = min(self._k, len(truth))
        told = self._queries.neighbours[query, :wanted]
        known = (told >= 0) & (told < self._dataset.source_rows)
        rows = rows_of(self._dataset, np.where(known, told, 0))
        here = known & (rows >= 0)
        vector = self._queries.vectors[query]
        found = ranked(self._dataset.vectors, vector, rows[here], self._metric, wanted, ())
        ours = Neighbours(truth.rows[:wanted], truth.distances[:wanted])
        self._asked += 1
        self._published += len(told)
        self._true += judged(found, ours, self._metric).hits
        self._unknown += int((~known).sum())
        self._absent += int((known & ~here).sum())
        if self._queries.distances is not None:
            theirs = self._queries.distances[query, :wanted]
            by_row = dict(zip(found.rows.tolist(), found.distances.tolist(), strict=True))
            mine = np.array([by_row.get(row, np.nan) for row in np.where(here, rows, -1).tolist()])
            self._pairs.append((theirs[~np.isnan(mine)], mine[~np.isnan(mine)]))

    def result(self) -> Published:
        """What came of it."""
        share = 1 / max(1, self._published)
        facts: dict[str, Any] = {
            "queries": self._asked,
            "k": self._k,
            "neighbours_agree": self._true * share,
            "absent": self._absent * share,
            "unknown": self._unknown,
        }
        if self._queries.distances is not None:
            fits = {name: self._agreement(convert) for name, convert in CONVENTIONS[self._metric].items()}
            convention = max(fits, key=lambda name: (fits[name][0], -fits[name][1]))
            facts["convention"] = convention
            facts["distances_agree"], facts["largest_difference"] = fits[convention]
        return Published(**facts)

    def _agreement(self, convert: Convert) -> tuple[float, float]:
        """The share of published distances that are ours, and the largest difference."""
        agree = total = 0
        largest = 0.0
        for theirs, mine in self._pairs:
            if not len(mine):
                continue
            off = np.abs(convert(theirs) - mine)
            agree += int((off <= TOLERANCE * max(1.0, float(np.abs(mine).max()))).sum())
            total += len(mine)
            largest = max(largest, float(np.nan_to_num(off, nan=np.inf).max()))
        return (agree / total if total else 0.0), largest


def rows_of(dataset: Dataset, source_rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows of the Dataset that stand at these places of its file; −1 for those that are not in it."""
    kept = dataset.source_row_of
    if kept is None:
        return np.where(source_rows < dataset.rows, source_rows, -1)
    order = np.arange(len(kept)) if bool(np.all(kept[1:] > kept[:-1])) else np.argsort(kept, kind="stable")
    at = np.minimum(np.searchsorted(kept, source_rows, sorter=order), len(kept) - 1)
    rows = order[at]
    return np.where(kept[rows] == source_rows, rows, -1)


def _share(part: float) -> str:
    """A share as people read it: 100 % only where it is all."""
    return f"{100 * part:.0f} %" if part in (0.0, 1.0) else f"{min(part * 100, 99.99):.2f} %"
