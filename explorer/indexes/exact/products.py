"""The fast scan: one matrix-vector product over the mapped vectors, at the speed that memory can be read."""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from explorer.core.metric import Metric
from explorer.core.progress import Progress
from explorer.indexes.exact.bounds import Intervals, at_least, gamma
from explorer.indexes.exact.lengths import Lengths, each, spans

SHORT = 32
"""Vectors of fewer numbers than this."""


def intervals(
    vectors: NDArray[np.float32],
    query: NDArray[np.float32],
    metric: Metric,
    lengths: Lengths,
    pool: Executor,
    progress: Progress,
) -> Intervals:
    """Intervals of the scores of all (n, d) vectors for one query (d,) of usable length.

    metric      score                  its error is at most
    cosine      −x·q / |x||q|          gamma
    euclidean   |x|²/2 − x·q           gamma · (|x|²/2 + |x||q|)
    dot         −x·q                   gamma · |x||q|

    The error is taken at the greatest length within a step. It is small beside the distances themselves, unless
    the data lie far from the origin: then it leaves many candidates, and `differences` does better.
    """
    rows, dimensions = vectors.shape
    lower, upper = np.empty(rows, np.float32), np.empty(rows, np.float32)
    size = float(np.sqrt(np.vecdot(query, query, dtype=np.float64)))
    asked = np.asarray(query / np.float64(size), np.float32) if metric == "cosine" else query
    asked = -asked

    def work(span: slice) -> None:
        score = product(vectors[span], asked, out=lower[span])
        longest = float(np.sqrt(lengths.squared[span].max(initial=0)))
        if metric == "cosine":
            score *= lengths.inverse[span]
            error = 2 * gamma(dimensions + 8)
        elif metric == "euclidean":
            score += lengths.half[span]
            error = gamma(dimensions + 8) * (longest * longest / 2 + longest * size)
        else:
            error = gamma(dimensions + 8) * longest * size
        np.add(score, at_least(error), out=upper[span])
        score -= at_least(error)

    # Each thread multiplies its own rows: the threads of BLAS wait for the slowest at every block, which costs several
    # times as much on a busy machine. Short rows are the exception, as each costs a call.
    product = np.vecdot if dimensions >= SHORT else np.dot
    if dimensions >= SHORT:
        each(pool, work, spans(rows, dimensions), progress, "search")
    else:
        for span in spans(rows, dimensions):
            progress(span.start / rows, "search")
            work(span)
    return settled(Intervals(lower, upper), metric, lengths)


def settled(found: Intervals, metric: Metric, lengths: Lengths) -> Intervals:
    """The same intervals with odd rows always in the running, and zero rows behind all others under cosine."""
    found.lower[lengths.odd], found.upper[lengths.odd] = -np.inf, np.inf
    if metric == "cosine":
        found.lower[lengths.zero], found.upper[lengths.zero] = np.inf, np.inf
    return found
