"""Positions on disk: float32 (source rows, 2) `.npy`, one line for each row of the source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer import unfinished
from explorer.core.dataset import Dataset
from explorer.core.projection import Projection
from explorer.errors import BadFile


def write(path: Path, positions: NDArray[Any], dataset: Dataset) -> None:
    """Write positions (rows, 2); rows of the source that were dropped are NaN. Raises BadFile when it cannot."""
    lines = np.full((dataset.source_rows, 2), np.nan, np.float32)
    lines[slice(None) if dataset.source_row_of is None else dataset.source_row_of] = positions
    try:
        with unfinished.beside(path) as part, part.open("wb") as file:
            np.save(file, lines)
    except OSError as error:
        raise BadFile(path, f"cannot be written: {error.strerror or error}.") from None


def read(path: Path, dataset: Dataset) -> Projection:
    """The map of a file: (source rows, 2), or (rows, 2) when rows were dropped.

    Raises BadFile for another shape, or for a row of the Dataset that has no finite position.
    """
    try:
        lines = np.load(path, allow_pickle=False)
    except OSError as error:
        raise BadFile(path, f"cannot be read: {error.strerror or error}.") from None
    except (ValueError, EOFError):
        raise BadFile(path, "is no .npy file of numbers; positions are float32 with two columns.") from None
    fits = lines.ndim == 2 and lines.shape[1] == 2 and lines.shape[0] in (dataset.source_rows, dataset.rows)
    if not fits or lines.dtype.kind not in "fiu":
        shape = " × ".join(map(str, lines.shape))
        raise BadFile(path, f"holds {shape} numbers; the positions of this set are {dataset.source_rows} × 2.")
    if lines.shape[0] == dataset.source_rows and dataset.source_row_of is not None:
        lines = lines[dataset.source_row_of]
    positions = np.ascontiguousarray(lines, np.float32)
    if not np.isfinite(positions).all():
        row = int(np.flatnonzero(~np.isfinite(positions).all(axis=1))[0])
        raise BadFile(path, f"row {dataset.source_row(row)} has no finite position.")
    return Projection(positions, "file", dataset.metric, note=f"positions from {path.name}")


def given(name: str, dataset: Dataset) -> Projection:
    """A map that the Dataset's file held itself. Raises BadFile when it is not there any more."""
    try:
        positions = np.load(dataset.map_path(name), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise BadFile(dataset.place, f"its map “{name}” is not kept any more; open the file again.") from None
    if positions.shape != (dataset.rows, 2) or positions.dtype != np.float32 or not np.isfinite(positions).all():
        raise BadFile(dataset.place, f"its map “{name}” is damaged; open the file again.")
    return Projection(positions, "file", dataset.metric, {"name": name}, note=f"{name}, as it is in {dataset.title}")
