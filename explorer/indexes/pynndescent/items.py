"""Rows and queries as PyNNDescent gets them: such that what is nearest under our metric is nearest to it as well.

Its own cosine takes all that lies at a right angle or beyond for equally far, and its own dot is that cosine; so both
are distances of unit vectors here, those of dot with one number more (see `explorer.indexes.annoy`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric
from explorer.core.progress import Progress

ROWS_AT_A_TIME = 65536


def library_metric(metric: Metric) -> str:
    """PyNNDescent's name of the metric that does for ours."""
    return "manhattan" if metric == "manhattan" else "euclidean"


def width(metric: Metric, dimensions: int) -> int:
    """How many numbers a row has there."""
    return dimensions + (metric == "dot")


def as_items(dataset: Dataset, metric: Metric, progress: Progress) -> NDArray[np.float32]:
    """All rows, float32 (n, width)."""
    items = np.empty((dataset.rows, width(metric, dataset.dimensions)), np.float32)
    longest = longest_of(dataset, progress) if metric == "dot" else 1.0
    for start in range(0, dataset.rows, ROWS_AT_A_TIME):
        progress(None, "reading rows")
        block = dataset.vectors[start : start + ROWS_AT_A_TIME]
        here = items[start : start + len(block)]
        if metric == "cosine":
            here[:] = unit(block)
        elif metric == "dot":
            here[:, :-1] = block / (longest or 1.0)
            missing = 1.0 - np.vecdot(here[:, :-1], here[:, :-1], dtype=np.float64)
            here[:, -1] = np.sqrt(np.maximum(missing, 0))
        else:
            here[:] = block
    return items


def as_queries(vectors: NDArray[np.float32], metric: Metric) -> NDArray[np.float32]:
    """Queries (q, d) as float32 (q, width)."""
    if metric in ("cosine", "dot"):
        vectors = unit(vectors)
    if metric == "dot":
        vectors = np.column_stack([vectors, np.zeros(len(vectors), np.float32)])
    return np.ascontiguousarray(vectors, np.float32)


def longest_of(dataset: Dataset, progress: Progress) -> float:
    """The length of the longest row."""
    most = 0.0
    for start in range(0, dataset.rows, ROWS_AT_A_TIME):
        progress(None, "lengths")
        block = dataset.vectors[start : start + ROWS_AT_A_TIME]
        most = max(most, float(np.vecdot(block, block, dtype=np.float64).max()))
    return float(np.sqrt(most))


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors (m, d) at unit length; a zero vector stays one."""
    size = np.sqrt(np.vecdot(vectors, vectors, dtype=np.float64))[:, None]
    return (vectors / np.where(size > 0, size, 1)).astype(np.float32)
