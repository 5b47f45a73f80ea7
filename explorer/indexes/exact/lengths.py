"""The lengths of all vectors, which cosine and euclidean scores need at every search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress
from explorer.indexes.exact.bounds import LARGEST_LENGTH, SMALLEST_LENGTH

MOST_BYTES = 32 << 20
FEWEST_BYTES = 1 << 20
"""How much of the vectors one step of a scan reads: a sixteenth, but not too much to stop soon."""


@dataclass(frozen=True, eq=False)
class Lengths:
    """`squared` is float32 (n,): |x|², to a relative error of gamma(d). `zero` and `odd` are rows, ascending:

    all zeros, and of a length that float32 products cannot take (see `bounds.usable`); `squared` is 0 at both.
    """

    squared: NDArray[np.float32]
    zero: NDArray[np.intp]
    odd: NDArray[np.intp]

    @cached_property
    def half(self) -> NDArray[np.float32]:
        """|x|² / 2, exactly half of `squared`."""
        return self.squared * np.float32(0.5)

    @cached_property
    def inverse(self) -> NDArray[np.float32]:
        """1 / |x|, and 0 for zero and odd rows."""
        with np.errstate(divide="ignore"):
            inverse: NDArray[np.float32] = np.reciprocal(np.sqrt(self.squared))
        inverse[self.zero] = 0
        inverse[self.odd] = 0
        return inverse


def spans(rows: int, dimensions: int) -> list[slice]:
    """The steps of a scan over all rows, in order."""
    size = min(MOST_BYTES, max(FEWEST_BYTES, rows * dimensions // 4))
    step = max(1, size // (4 * dimensions))
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


def each(pool: Executor, work: Callable[[slice], object], steps: list[slice], progress: Progress, note: str) -> None:
    """Do all steps on the pool's threads, and stop soon when `progress` raises."""
    stopped = False

    def unless_stopped(step: slice) -> None:
        if not stopped:
            work(step)

    futures = [pool.submit(unless_stopped, step) for step in steps]
    try:
        for i, future in enumerate(futures):
            progress(i / len(futures), note)
            future.result()
    except BaseException:
        stopped = True
        for future in futures:
            future.cancel()
        raise


def measured(vectors: NDArray[np.float32], pool: Executor, progress: Progress) -> Lengths:
    """The lengths of (n, d) vectors, in one pass over them."""
    squared = np.empty(len(vectors), np.float32)

    def work(span: slice) -> None:
        with np.errstate(over="ignore", under="ignore"):
            np.vecdot(vectors[span], vectors[span], out=squared[span])

    each(pool, work, spans(*vectors.shape), progress, "lengths")
    fit = (squared >= SMALLEST_LENGTH**2) & (squared <= LARGEST_LENGTH**2)
    unfit = np.flatnonzero(~fit)
    zero = [rows[~vectors[rows].any(axis=1)] for rows in _pieces(unfit, vectors.shape[1])]
    zeros = np.concatenate([np.empty(0, np.intp), *zero])
    squared[unfit] = 0
    return Lengths(squared, zeros, np.setdiff1d(unfit, zeros, assume_unique=True))


def _pieces(rows: NDArray[np.intp], dimensions: int) -> Iterator[NDArray[np.intp]]:
    for span in spans(len(rows), dimensions):
        yield rows[span]
