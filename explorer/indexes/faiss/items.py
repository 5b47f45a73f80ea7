"""The vectors as Faiss gets them: of unit length under cosine, otherwise as they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset, block_rows
from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.errors import BadParameter

SMALLEST, LARGEST = 1e-17, 1e17
"""Lengths between which float32 sums of squares neither overflow nor vanish."""


def as_items(vectors: NDArray[np.float32], metric: Metric) -> NDArray[np.float32]:
    """Rows or queries (m, d) as Faiss stores or asks them: a copy of unit length under cosine, zero rows zero."""
    if metric != "cosine":
        return np.ascontiguousarray(vectors, np.float32)
    wide = np.asarray(vectors, np.float64)
    size = np.sqrt(np.vecdot(wide, wide))[:, None]
    unit: NDArray[np.float32] = (wide / np.where(size > 0, size, 1)).astype(np.float32)
    return unit


def check_lengths(
    dataset: Dataset, metric: Metric, progress: Progress, within: tuple[float, float] = (SMALLEST, LARGEST)
) -> None:
    """Raise BadParameter when Faiss could not compute with vectors of these lengths."""
    if metric == "cosine":
        return
    most, step = 0.0, block_rows(dataset.dimensions)
    for start in range(0, dataset.rows, step):
        progress(start / dataset.rows, "lengths")
        block = dataset.vectors[start : start + step]
        most = max(most, float(np.vecdot(block, block, dtype=np.float64).max()))
    longest = float(np.sqrt(most))
    if longest and not within[0] <= longest <= within[1]:
        extreme = "large" if longest > within[1] else "small"
        raise BadParameter(
            f"The vectors are too {extreme} for this index under {metric} (the longest is {longest:.1e}); scale them."
        )


def training_sample(dataset: Dataset, metric: Metric, most: int, fewest: int, seed: int) -> NDArray[np.float32]:
    """Rows to learn from: a random sample of at most `most`; too few rows are repeated until there are `fewest`."""
    rows = np.arange(dataset.rows)
    if dataset.rows > most:
        rows = np.sort(np.random.default_rng(seed).choice(dataset.rows, most, replace=False))
    elif dataset.rows < fewest:
        rows = np.resize(rows, fewest)
    return as_items(dataset.vectors[rows], metric)
