"""Category labels of the map, at the medians of their points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.core.column import Column

MOST_LABELS = 30
MOST_SAMPLED = 200_000


def cluster_labels(
    column: Column, positions: NDArray[np.float32], hidden: frozenset[str]
) -> list[tuple[str, float, float]]:
    """(label, x, y) of the largest categories, largest first; medians over a sample when there are many points."""
    codes = np.asarray(column.values)
    if len(codes) != len(positions):
        return []
    step = max(1, len(codes) // MOST_SAMPLED)
    codes, positions = codes[::step], positions[::step]
    known = codes >= 0
    codes, positions = codes[known], positions[known]
    counts = np.bincount(codes, minlength=len(column.labels))
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(counts)
    found = []
    for code in np.argsort(-counts, kind="stable")[:MOST_LABELS]:
        if counts[code] and column.labels[code] not in hidden:
            x, y = np.median(positions[order[ends[code] - counts[code] : ends[code]]], axis=0)
            found.append((column.labels[code], float(x), float(y)))
    return found
