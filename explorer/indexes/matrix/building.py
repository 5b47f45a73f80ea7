"""Compute the matrix band by band, and keep each row's nearest while its distances are at hand."""

from __future__ import annotations

import os
import shutil
import time
from math import isqrt
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.metric import Metric, order
from explorer.core.progress import Progress
from explorer.errors import BadParameter, TaskFailed, TooLarge
from explorer.indexes.exact.bounds import kth_smallest
from explorer.indexes.matrix import table
from explorer.indexes.matrix.computing import Distances
from explorer.room import check_disk, readable

MOST_BYTES = 40_000_000_000
"""No matrix larger than this is begun: 100,000 rows."""
BAND_NUMBERS = 4 << 20
"""So many distances are held in float64 at a time; a band of rows is as high as that allows."""
BLOCK_ROWS = 2048
TINY = 1e-30
"""Products beneath this are lost in float32."""


def build(dataset: Dataset, metric: Metric, kept: int, path: Path, progress: Progress) -> float:
    """Write the matrix with each row's `kept` nearest to `path`, complete or not at all; the seconds it took."""
    check_room(dataset.rows, kept, path.parent)
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


def check_room(rows: int, kept: int, folder: Path) -> None:
    """Raise TooLarge when the matrix would be larger than the limit, or than what is left of the disk."""
    needed = 4 * rows * (rows + kept)
    what = f"A matrix of the distances of {rows:,} rows to each other"
    if needed > MOST_BYTES:
        raise TooLarge(
            f"{what} needs {readable(needed)} (rows² · 4 bytes), and the limit is {readable(MOST_BYTES)}; "
            f"up to {_fitting(MOST_BYTES, kept):,} rows would fit: take a sample, or an index that needs no matrix."
        )
    fits = _fitting(min(MOST_BYTES, shutil.disk_usage(folder).free), kept)
    check_disk(folder, needed, what, f"up to {fits:,} rows would fit: make room, or take an index that needs no matrix")


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
