"""How hard the data is for any index."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric, distances, order
from explorer.core.progress import Progress, silent
from explorer.core.structure import Difficulty
from explorer.measure.truth import TrueNeighbours

PAIRS = 20_000
"""So many random pairs of rows tell how distances are spread."""
OTHERS = 256
"""With so many random rows each sampled row is compared for its mean distance."""
BINS = 60
SAME = 1e-6
"""Rows nearer than this share of the mean distance are near-duplicates."""


def difficulty(
    dataset: Dataset, metric: Metric, truth: TrueNeighbours, seed: int = 0, progress: Progress = silent
) -> Difficulty:
    """What the true neighbours of a sample of rows show, and distances of random pairs.

    Under dot, which is no distance, there is no nearest-to-mean ratio and no dimension: both are NaN, and no
    duplicates are counted.
    """
    random = np.random.default_rng(seed)
    pairs = _pairs(dataset, metric, random)
    counts, edges = np.histogram(pairs, BINS)
    occurrences = np.bincount(truth.neighbours.ravel(), minlength=dataset.rows).astype(np.int32)
    ratios, duplicates, dimension = np.full(len(truth.rows), np.nan), 0, np.nan
    if metric != "dot" and truth.distances.size:
        others = random.choice(dataset.rows, min(OTHERS, dataset.rows), replace=False)
        means = _means(dataset, metric, truth.rows, others, progress)
        nearest = truth.distances[:, 0]
        ratios = np.divide(nearest, means, out=np.full(len(nearest), np.nan), where=means > 0)
        duplicates = int((nearest <= SAME * means).sum())
        dimension = intrinsic_dimension(_lengths(metric, truth.distances))
    return Difficulty(
        sampled=len(truth.rows),
        nearest_to_mean=ratios,
        dimension=dimension,
        occurrences=occurrences,
        hubness=skewness(occurrences),
        duplicates=duplicates,
        counts=counts,
        edges=edges,
        facts=_facts(truth, ratios, dimension, occurrences, duplicates),
    )


def intrinsic_dimension(lengths: NDArray[np.float64]) -> float:
    """The maximum likelihood estimate from the distances (s, k) of each row's k nearest, sorted; NaN where they do not
    tell.

    Levina and Bickel, Maximum likelihood estimation of intrinsic dimension, NIPS 2004; the estimates of the rows are
    averaged as inverses, as MacKay and Ghahramani correct it. Rows with a neighbour at distance 0 are left out.
    """
    lengths = lengths[(lengths > 0).all(axis=1)]
    if not len(lengths) or lengths.shape[1] < 3:
        return float("nan")
    inverse = float(np.log(lengths[:, -1:] / lengths[:, :-1]).sum() / (len(lengths) * (lengths.shape[1] - 2)))
    return 1 / inverse if inverse > 0 else float("nan")


def skewness(counts: NDArray[np.integer]) -> float:
    """The third standardised moment; 0 where all are equal."""
    apart = counts - counts.mean()
    spread = float(np.sqrt((apart**2).mean()))
    return float((apart**3).mean()) / spread**3 if spread else 0.0


def _pairs(dataset: Dataset, metric: Metric, random: np.random.Generator) -> NDArray[np.float64]:
    """Distances of random pairs of different rows; none where there is one row, or no cosine."""
    if dataset.rows < 2:
        return np.empty(0)
    count = min(PAIRS, dataset.rows * (dataset.rows - 1))
    queries = random.integers(0, dataset.rows, max(1, count // OTHERS))
    found = []
    for query in queries:
        others = random.integers(0, dataset.rows - 1, min(OTHERS, count))
        others += others >= query
        found.append(distances(metric, dataset.vectors[np.sort(others)], dataset.vectors[query]))
    all_of_them = np.concatenate(found)
    return all_of_them[np.isfinite(all_of_them)]


def _means(
    dataset: Dataset, metric: Metric, rows: NDArray[np.int64], others: NDArray[np.int64], progress: Progress
) -> NDArray[np.float64]:
    """The mean distance of each row to some others but itself; those without a cosine do not count."""
    vectors, means = dataset.vectors[np.sort(others)], np.zeros(len(rows))
    for i, row in enumerate(rows):
        progress(i / len(rows), "distances")
        found = order(metric, distances(metric, vectors, dataset.vectors[row]))[np.sort(others) != row]
        found = found[np.isfinite(found)]
        means[i] = found.mean() if len(found) else 0.0
    return means


def _lengths(metric: Metric, found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances that obey the triangle inequality: of 1 − cos the chord."""
    return np.sqrt(2 * np.maximum(np.nan_to_num(found, nan=2.0), 0)) if metric == "cosine" else found


def _facts(
    truth: TrueNeighbours,
    ratios: NDArray[np.float64],
    dimension: float,
    occurrences: NDArray[np.int32],
    duplicates: int,
) -> dict[str, str]:
    """The same in words."""
    k, sampled = truth.neighbours.shape[1], len(truth.rows)
    told = {"sample": f"{sampled:,} rows with {k} neighbours each"}
    if np.isfinite(ratios).any():
        told["nearest to mean distance"] = f"{np.nanmedian(ratios):.2f} (median; near 1: nothing is near)"
    if np.isfinite(dimension):
        told["intrinsic dimension"] = f"{dimension:.1f}"
    told["most frequent neighbour"] = f"row {int(occurrences.argmax()):,}, in {int(occurrences.max()):,} of the lists"
    told["never a neighbour"] = f"{int((occurrences == 0).sum()):,} rows"
    told["near-duplicates"] = f"{duplicates:,} of the sample"
    return told
