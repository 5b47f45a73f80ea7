"""The four metrics, in the one definition that people are shown.

cosine      1 − cos                        smaller is nearer
euclidean   root of the sum of squares     smaller is nearer
dot         the inner product              larger is nearer
manhattan   sum of absolute differences    smaller is nearer
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadParameter

Metric = Literal["cosine", "euclidean", "dot", "manhattan"]
METRICS: tuple[Metric, ...] = get_args(Metric)
ALIASES: dict[str, Metric] = {
    "l2": "euclidean",
    "l1": "manhattan",
    "cityblock": "manhattan",
    "ip": "dot",
    "inner": "dot",
    "angular": "cosine",
}

BLOCK_NUMBERS = 1 << 18
"""How many numbers are widened to float64 at a time: 2 MB, which stay in the cache."""


def metric_named(name: str) -> Metric:
    """The metric of that name or alias; raises BadParameter with the names there are."""
    folded = name.strip().casefold()
    for metric in METRICS:
        if folded == metric:
            return metric
    if folded in ALIASES:
        return ALIASES[folded]
    raise BadParameter(f"“{name}” is no metric; there are {', '.join(METRICS)}.")


def larger_is_nearer(metric: Metric) -> bool:
    """True for the inner product only."""
    return metric == "dot"


def distances(metric: Metric, vectors: NDArray[Any], query: NDArray[Any]) -> NDArray[np.float64]:
    """Distances of `vectors` (m, d) to `query` (d,), float64 (m,), accumulated in float64.

    By subtraction, not by ‖x‖² − 2xq + ‖q‖², so that they stay right far from the origin. A zero vector has no
    cosine: its distance is NaN, and so is everything's to a zero query.
    """
    x: NDArray[np.float64] = np.asarray(vectors, np.float64)
    q: NDArray[np.float64] = np.asarray(query, np.float64)
    if metric == "manhattan":
        return np.asarray(np.abs(x - q).sum(axis=1))
    if metric == "dot":
        return _products(x, q)
    if metric == "euclidean":
        return np.sqrt(_products(difference := x - q, difference))
    with np.errstate(invalid="ignore", divide="ignore"):
        x = x / np.sqrt(_products(x, x))[:, None]
        q = q / np.sqrt(_products(q, q))
    # Half the squared chord is 1 − cos without the cancellation of 1 − x·q at small angles.
    return _products(chord := x - q, chord) / 2


def _products(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Row by row: equal rows have equal products wherever they stand, which a matrix product does not promise."""
    found: NDArray[np.float64] = np.vecdot(a, b)
    return found


def distances_of(
    metric: Metric, vectors: NDArray[Any], rows: NDArray[np.integer[Any]], query: NDArray[Any]
) -> NDArray[np.float64]:
    """Distances of some rows (m,) of `vectors` (n, d) to `query` (d,), float64 (m,), in memory that stays small."""
    step = max(1, BLOCK_NUMBERS // max(1, vectors.shape[1]))
    found = np.empty(len(rows))
    for start in range(0, len(rows), step):
        found[start : start + step] = distances(metric, vectors[rows[start : start + step]], query)
    return found


def order(metric: Metric, distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distances turned so that smaller is nearer in every metric; NaN becomes +inf, the farthest."""
    turned = -distance if larger_is_nearer(metric) else distance
    return np.where(np.isnan(turned), np.inf, turned)
