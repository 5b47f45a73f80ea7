"""What codes make of distances: true ones held against those to what the codes stand for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric, distances, distances_of
from explorer.core.progress import Progress, silent
from explorer.indexes.base import Searcher
from explorer.measure.truth import TrueNeighbours

RANDOM = 30
"""With so many random rows, beside its true neighbours, each row of the sample is compared."""


@dataclass(frozen=True, eq=False)
class CodedDistances:
    """Distances of the rows int64 (m,) to a query, `true` float64 (m,) and as their codes have it, `coded` (m,); and
    the same of pairs of a sample, `sample_true` and `sample_coded` float64 (s,). All in our definition of the metric:
    under cosine a code is not stretched to unit length, as the index does not either, so that it can be below 0."""

    rows: NDArray[np.int64]
    true: NDArray[np.float64]
    coded: NDArray[np.float64]
    sample_true: NDArray[np.float64]
    sample_coded: NDArray[np.float64]

    @property
    def correlation(self) -> float:
        """Of the sample; NaN where it has fewer than two pairs."""
        if len(self.sample_true) < 2 or not self.sample_true.std() or not self.sample_coded.std():
            return float("nan")
        return float(np.corrcoef(self.sample_true, self.sample_coded)[0, 1])

    @property
    def off(self) -> float:
        """By how much a distance of the sample is off, in the middle (median); NaN without a sample."""
        return float(np.median(np.abs(self.sample_coded - self.sample_true))) if len(self.sample_true) else float("nan")


def coded_distances(
    dataset: Dataset,
    metric: Metric,
    searcher: Searcher,
    vector: NDArray[np.float32],
    rows: NDArray[np.int64],
    sample: TrueNeighbours,
    seed: int = 0,
    progress: Progress = silent,
) -> CodedDistances:
    """Compare a query (d,) with some rows, and each row of a sample with its true neighbours and with random rows.

    Raises NotImplementedError where the index does not give out what it holds.
    """
    true, coded = _both(dataset, metric, searcher, vector, rows)
    random = np.random.default_rng(seed)
    pairs = [(true[:0], coded[:0])]
    for i, (row, near) in enumerate(zip(sample.rows.tolist(), sample.neighbours, strict=True)):
        progress(i / len(sample.rows), "distances by code")
        others = random.choice(dataset.rows, min(RANDOM, dataset.rows), replace=False)
        some = np.setdiff1d(np.concatenate([near, others]), [row])
        pairs.append(_both(dataset, metric, searcher, dataset.vectors[row], some))
    columns = [np.concatenate(each) for each in zip(*pairs, strict=True)]
    known = np.isfinite(columns[0]) & np.isfinite(columns[1])
    return CodedDistances(rows, true, coded, columns[0][known], columns[1][known])


def _both(
    dataset: Dataset, metric: Metric, searcher: Searcher, vector: NDArray[np.float32], rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The true distances of rows, and those to what their codes stand for."""
    true = distances_of(metric, dataset.vectors, rows, vector)
    held = searcher.decoded(rows)
    if metric != "cosine":
        return true, distances(metric, held, vector)
    query = vector.astype(np.float64)
    size = float(np.sqrt(query @ query))
    return true, 1 - held.astype(np.float64) @ query / size if size else np.full(len(rows), np.nan)
