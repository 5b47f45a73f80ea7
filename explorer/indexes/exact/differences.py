"""The careful scan: every vector minus the query, block by block in the cache.

The difference of two float32 numbers is rounded once, so what is made of differences has an error in proportion to
the distance and not to how far from the origin the data lie.
"""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.indexes.exact.bounds import UNDERFLOW, Intervals, gamma
from explorer.indexes.exact.lengths import Lengths, each, spans
from explorer.indexes.exact.products import settled

BUFFER_BYTES = 1 << 20
"""The differences of one block: they are read again at once, so they have to stay in the cache."""

NOISE = np.float32(1e-25)
"""More than float64 itself is wrong by in a squared sine that is too small for `gamma` to cover it."""


def intervals(
    vectors: NDArray[np.float32],
    query: NDArray[np.float32],
    metric: Metric,
    lengths: Lengths,
    pool: Executor,
    progress: Progress,
) -> Intervals:
    """Intervals of the scores of all (n, d) vectors for one query (d,) of usable length, or the zero vector.

    With y = x − q and the query's direction û:

    metric      score                            its error is at most
    euclidean   |y|²                             gamma · |y|²
    manhattan   Σ|y|                             gamma · Σ|y|
    dot         −y·û (x·q less a constant, / |q|)  gamma · |y|
    cosine      s = (|y|² − (y·û)²) / |x|², the squared sine of the angle; 2 − s beyond a right angle;
                                                 gamma · 8|y|² / |x|²
    """
    rows, dimensions = vectors.shape
    lower, upper = np.empty(rows, np.float32), np.empty(rows, np.float32)
    trust = gamma(dimensions + 8)
    slack = np.float32(dimensions * UNDERFLOW)
    size = float(np.sqrt(np.vecdot(query, query, dtype=np.float64)))
    along = np.asarray(query / np.float64(size or 1.0), np.float32)
    ones = np.ones(dimensions, np.float32)
    block = max(1, BUFFER_BYTES // (4 * dimensions))

    def work(span: slice) -> None:
        buffer = np.empty((min(block, span.stop - span.start), dimensions), np.float32)
        for start in range(span.start, span.stop, block):
            part = slice(start, min(start + block, span.stop))
            y = np.subtract(vectors[part], query, out=buffer[: part.stop - part.start])
            with np.errstate(all="ignore"):
                lower[part], upper[part] = ends(y, part)

    def ends(y: NDArray[np.float32], part: slice) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        if metric == "manhattan":
            total = np.vecdot(np.abs(y, out=y), ones)
            return total * np.float32(1 - trust) - slack, total * np.float32(1 + trust) + slack
        apart = np.vecdot(y, y)
        if metric == "euclidean":
            return apart * np.float32(1 - trust) - slack, apart * np.float32(1 + trust) + slack
        forward = np.vecdot(y, along)
        if metric == "dot":
            error = np.sqrt(apart) * np.float32(2 * trust) + slack
            return -forward - error, -forward + error
        squared = lengths.squared[part]
        sine = np.clip((apart - forward * forward) / squared, 0, 1)
        sine = np.where(forward > -size, sine, 2 - sine)
        error = np.minimum(apart / squared * np.float32(8 * trust) + NOISE, 4)
        return sine - error, sine + error

    each(pool, work, spans(rows, dimensions), progress, "search")
    return settled(Intervals(lower, upper), metric, lengths)
