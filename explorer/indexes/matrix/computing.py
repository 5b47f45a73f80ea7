"""All distances from some rows to others: in float64, by matrix products as far as they can be trusted.

Data moved to their mean (under cosine: unit vectors moved to theirs) keep ‖x‖² − 2xy + ‖y‖² sharp far from the origin;
what then is small beside the terms it was made of, so that digits were lost, is computed once more by subtraction. So
every distance is right before it becomes float32.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import Metric

SMALL = 1e-6
"""Beneath this share of the squared lengths it was made of, a squared distance has lost six digits of sixteen."""
PAIRS = 1 << 14
"""How many pairs of rows are computed once more at a time."""
SAMPLE = 4096
"""The mean is that of so many rows."""


class Distances:
    """Between rows of (n, d) vectors under one metric."""

    def __init__(self, vectors: NDArray[np.float32], metric: Metric) -> None:
        self._vectors, self._metric = vectors, metric
        sample = vectors[:: -(-len(vectors) // SAMPLE)]
        sample = sample[sample.any(axis=1)] if metric == "cosine" else sample
        placed = self._placed(sample)
        self._centre = placed.mean(axis=0) if len(placed) else np.zeros(vectors.shape[1])

    def between(self, some: slice, others: slice) -> NDArray[np.float64]:
        """Distances float64 (rows of `some`, rows of `others`); NaN where a zero vector has no cosine."""
        a, b = self._placed(self._vectors[some]), self._placed(self._vectors[others])
        if self._metric == "manhattan":
            from scipy.spatial.distance import cdist

            return np.asarray(cdist(a, b, "cityblock"))
        if self._metric == "dot":
            return np.asarray(a @ b.T)
        a, b = a - self._centre, b - self._centre
        terms = np.vecdot(a, a)[:, None] + np.vecdot(b, b)
        squared = terms - 2 * (a @ b.T)
        first, second = np.nonzero(squared <= SMALL * terms)
        for start in range(0, len(first), PAIRS):
            i, j = first[start : start + PAIRS], second[start : start + PAIRS]
            apart = self._placed(self._vectors[some.start + i]) - self._placed(self._vectors[others.start + j])
            squared[i, j] = np.vecdot(apart, apart)
        # Half the squared chord of two unit vectors is 1 − cos.
        return np.asarray(squared / 2 if self._metric == "cosine" else np.sqrt(squared))

    def _placed(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Rows as their differences are taken: in float64, and of unit length under cosine."""
        wide = vectors.astype(np.float64)
        if self._metric != "cosine":
            return wide
        with np.errstate(invalid="ignore", divide="ignore"):
            unit: NDArray[np.float64] = wide / np.sqrt(np.vecdot(wide, wide))[:, None]
        return unit
