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
    x = np.asarray(vectors, np.float64)
    q = np.asarray(query, np.float64)
    if metric == "euclidean":
        return np.sqrt(np.einsum("ij,ij->i", difference := x - q, difference))
    if metric == "manhattan":
        return np.abs(x - q).sum(axis=1)
    if metric == "dot":
        return x @ q
    with np.errstate(invalid="ignore", divide="ignore"):
        x = x / np.sqrt(np.einsum("ij,ij->i", x, x))[:, None]
        q = q / np.sqrt(q @ q)
    # Half the squared chord is 1 − cos without the cancellation of 1 − x·q at small angles.
    return np.einsum("ij,ij->i", chord := x - q, chord) / 2


def order(metric: Metric, distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distances turned so that smaller is nearer in every metric; NaN becomes +inf, the farthest."""
    turned = -distance if larger_is_nearer(metric) else distance
    return np.where(np.isnan(turned), np.inf, turned)
