"""The file: two arrays in NumPy's own format, one behind the other, as two calls of `numpy.save` write them.

First the distances, float32 (n, n), in our definition of the metric; then the nearest rows of each row, int32 (n, k),
nearest first, the row itself among them. `numpy.load` of an opened file reads one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from explorer.errors import BadFile


@dataclass(frozen=True, eq=False)
class Table:
    """Both arrays, mapped read-only: `distances` (n, n), `nearest` (n, k)."""

    distances: NDArray[np.float32]
    nearest: NDArray[np.int32]


def begin(file: BinaryIO, dtype: str, shape: tuple[int, int]) -> None:
    """Write the head of an array, whose bytes are to follow."""
    npy.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})


def opened(path: Path) -> Table:
    """Map a file of this kind; raises BadFile when it is not exactly that."""
    try:
        with path.open("rb") as file:
            distances = _mapped(file, "<f4")
            nearest = _mapped(file, "<i4")
            rest = file.read(1)
    except FileNotFoundError:
        raise BadFile(path, "there is no such file.") from None
    except (OSError, ValueError) as error:
        raise BadFile(path, f"it is no distance matrix ({error}).") from error
    rows = len(distances)
    if rest or distances.shape != (rows, rows) or len(nearest) != rows or nearest.shape[1] > rows:
        raise BadFile(path, "it is no distance matrix with the nearest rows of each row behind it.")
    return Table(distances, nearest)


def _mapped(file: BinaryIO, dtype: str) -> NDArray[Any]:
    """The array that begins where the file stands, which is then moved behind it."""
    if npy.read_magic(file) != (1, 0):
        raise ValueError("its head is not of version 1.0")
    shape, fortran, found = npy.read_array_header_1_0(file)
    if fortran or found != np.dtype(dtype) or len(shape) != 2 or min(shape) < 0:
        raise ValueError(f"it does not hold a table of {np.dtype(dtype)}")
    size, start = int(shape[0]) * int(shape[1]) * found.itemsize, file.tell()
    if start + size > file.seek(0, 2):
        raise ValueError("it is cut off")
    mapped = np.memmap(file, found, "r", start, shape) if size else np.empty(shape, found)
    file.seek(start + size)
    return np.asarray(mapped)
