"""Compute the matrix band by band, and keep each row's nearest while its distances are at hand."""

from __future__ import annotations

import os
import time
from math import isqrt
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from explorer.core.cost import Cost
from explorer.core.dataset import Dataset
from explorer.core.metric import Metric, order
from explorer.core.progress import Progress
from explorer.errors import BadParameter, TaskFailed, TooLarge
from explorer.indexes.exact.bounds import kth_smallest
from explorer.indexes.matrix import table
from explorer.indexes.matrix.computing import Distances
from explorer.room import readable

MOST_BYTES = 40_000_000_000
"""No matrix larger than this is begun, 100,000 rows, unless the limit is set to something else."""
LIMIT = "EXPLORER_MATRIX_GB"
BAND_NUMBERS = 4 << 20
"""So many distances are held in float64 at a time; a band of rows is as high as that allows."""
BANDS = 5
"""So many bands' worth of distances stand in memory at the peak."""
BLOCK_ROWS = 2048
TINY = 1e-30
"""Products beneath this are lost in float32."""
MULTIPLY, DIFFERENCE, PICK = 3e-11, 3e-10, 5.5e-8
"""Seconds of a reference core for a product, for a difference, and for what else is done to a distance."""


def build(dataset: Dataset, metric: Metric, kept: int, path: Path, progress: Progress) -> float:
    """Write the matrix with each row's `kept` nearest to `path`, complete or not at all; the seconds it took."""
    started = time.perf_counter()
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        # Written and not mapped: a disk that fills up is then an error and not a crash.
        with unfinished.open("wb") as file, np.errstate(over="ignore", under="ignore"):
            _write(file, dataset, metric, kept, progress)
        unfinished.replace(path)
    except OSError as error:
        raise TaskFailed(f"{path}: the matrix could not be written; is the disk full? ({error})") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return time.perf_counter() - started


def cost(rows: int, dimensions: int, metric: Metric, kept: int) -> Cost:
    """What a matrix takes; raises TooLarge when it would be larger than the limit."""
    size, most = 4 * rows * (rows + kept), most_bytes()
    what = f"A matrix of the distances of {rows:,} rows to each other"
    if size > most:
        raise TooLarge(
            f"{what} needs {readable(size)} (rows² · 4 bytes), and the limit is {readable(most)} ({LIMIT} sets it, in "
            f"GB); up to {_fitting(most, kept):,} rows would fit: take a sample, or an index that needs no matrix."
        )
    each = DIFFERENCE * dimensions if metric == "manhattan" else MULTIPLY * dimensions
    memory = BANDS * 8 * BAND_NUMBERS + 4 * rows * kept
    advice = "take an index that needs no matrix"
    return Cost(rows * rows * PICK, rows * rows * each, memory, size, f"{what} (rows² · 4 bytes)", advice)


def most_bytes() -> int:
    """The limit: EXPLORER_MATRIX_GB, or 40 GB. Raises BadParameter when that is no number of gigabytes."""
    said = os.environ.get(LIMIT, "")
    try:
        limit = float(said or MOST_BYTES / 1e9) * 1e9
    except ValueError:
        limit = -1.0
    if not 0 < limit < float("inf"):
        raise BadParameter(f"{LIMIT} is a number of gigabytes, such as 40, not “{said}”.")
    return int(limit)


def _fitting(free: int, kept: int) -> int:
    """The largest n for which n · (n + kept) numbers of 4 bytes fit."""
    return max(0, (isqrt(kept * kept + free) - kept) // 2)


def _write(file: BinaryIO, dataset: Dataset, metric: Metric, kept: int, progress: Progress) -> None:
    rows = dataset.rows
    progress(0.0, f"{readable(4 * rows * (rows + kept))} of distances")
    nearest = np.empty((rows, kept), "<i4")
    distances = Distances(dataset.vectors, metric)
    height = max(1, min(BLOCK_ROWS, BAND_NUMBERS // rows))
    table.begin(file, "<f4", (rows, rows))
    for start in range(0, rows, height):
        band = slice(start, min(start + height, rows))
        found = _band(distances, band, rows, progress)
        file.write(_as_float32(found, metric).data)
        for row, turned in enumerate(order(metric, found), start):
            nearest[row] = nearest_of(turned, kept)
    table.begin(file, "<i4", nearest.shape)
    file.write(nearest.data)


def _band(distances: Distances, band: slice, rows: int, progress: Progress) -> NDArray[np.float64]:
    found = np.empty((band.stop - band.start, rows))
    for start in range(0, rows, BLOCK_ROWS):
        done = band.start * rows + start * (band.stop - band.start)
        progress(done / (rows * rows), f"row {band.start:,} of {rows:,}")
        others = slice(start, min(start + BLOCK_ROWS, rows))
        found[:, others] = distances.between(band, others)
    return found


def _as_float32(found: NDArray[np.float64], metric: Metric) -> NDArray[np.float32]:
    """The nearest float32 numbers; raises BadParameter where they would not tell the distances."""
    rounded = found.astype("<f4")
    if np.isinf(rounded).any():
        raise BadParameter(f"The vectors are too large for a matrix of float32 under {metric}; scale them.")
    if metric == "dot" and 0 < np.abs(found).max() < TINY:
        raise BadParameter("The vectors are too small for a matrix of float32 under dot; scale them.")
    return rounded


def nearest_of(turned: NDArray[np.floating], k: int) -> NDArray[np.intp]:
    """The k smallest of (n,) values, smallest first, equal ones by row."""
    if k == 0:
        return np.empty(0, np.intp)
    among = np.flatnonzero(turned <= kth_smallest(turned, k)) if k < len(turned) else np.arange(len(turned))
    nearest: NDArray[np.intp] = among[np.argsort(turned[among], kind="stable")[:k]]
    return nearest
