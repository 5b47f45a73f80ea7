"""Where on the map a query belongs that is no row of the Dataset."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import Metric, order


def placed(
    rows: NDArray[np.int64], distances: NDArray[Any], positions: NDArray[np.float32], metric: Metric = "euclidean"
) -> tuple[float, float]:
    """The weighted mean of the positions (n, 2) of a query's neighbours: its approximate place on the map.

    Weights fall with the distance as UMAP's do when it places new points: 1 for the nearest, exp(−(d − d₀)/σ) for the
    others, with σ the mean of d − d₀. `distances` are of `metric`, nearest first. Raises ValueError without rows.
    """
    if not len(rows):
        raise ValueError("A query without neighbours has no place on the map.")
    farther = order(metric, np.asarray(distances, np.float64))
    beyond = np.maximum(farther - farther.min(), 0.0)
    spread = beyond.mean()
    weights = np.exp(-beyond / spread) if spread > 0 and np.isfinite(spread) else np.ones(len(rows))
    x, y = np.average(positions[rows].astype(np.float64), axis=0, weights=weights)
    return float(x), float(y)
