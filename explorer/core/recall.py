"""An index's answer held against the truth: hits, misses, extras, and recall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import Metric, order
from explorer.core.neighbours import Neighbours


@dataclass(frozen=True, eq=False)
class Verdict:
    """What an answer found of the truth.

    `hit` is bool (m,), one for each found row: not farther than the truth's k-th distance. `misses` are the rows of
    truth that were not found (int64), the farthest tied ones forgiven first. `recall` is hits / len(truth).
    """

    hit: NDArray[np.bool_]
    misses: NDArray[np.int64]
    recall: float

    @property
    def hits(self) -> int:
        """How many of the found rows are hits."""
        return int(self.hit.sum())

    @property
    def extras(self) -> int:
        """How many of the found rows are farther than the truth reaches."""
        return len(self.hit) - self.hits


def judged(found: Neighbours, truth: Neighbours, metric: Metric) -> Verdict:
    """Hold `found` against `truth` (both for the same query and k). Ties count as hits.

    The rule of ann-benchmarks: a row is a hit when its distance is within t, the truth's last distance, with the
    tolerance 1e-6·|t| + 1e-7. An empty truth (one row, or all left out) has recall 1.
    """
    if not len(truth):
        return Verdict(np.zeros(len(found), bool), truth.rows, 1.0)
    reach = order(metric, truth.distances[-1:])[0]
    hit = order(metric, found.distances) <= reach + 1e-6 * abs(reach) + 1e-7
    hits = min(int(hit.sum()), len(truth))
    missing = truth.rows[~np.isin(truth.rows, found.rows)]
    return Verdict(hit, missing[: len(truth) - hits], hits / len(truth))
