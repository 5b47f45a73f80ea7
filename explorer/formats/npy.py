"""NumPy's .npy files: mapped as they are when they hold float32 in C order, converted otherwise; never unpickled."""

from __future__ import annotations

import ast
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from explorer.core.progress import Progress
from explorer.errors import BadFile, Refused
from explorer.formats.base import Contents, Format

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 10_000
"""NumPy's own limit on what it hands to the parser of literals."""


class Npy(Format):
    """One array of numbers, rows by dimensions (NumPy enhancement proposal 1 describes the format)."""

    name = "npy"
    title = "NumPy array"
    suffixes = (".npy",)
    rank = 10

    def recognises(self, path: Path, head: bytes) -> bool:
        """By the magic bytes."""
        return head.startswith(MAGIC)

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """Map the array, whatever its dtype and order. Raises BadFile for what is no table of numbers."""
        dtype, fortran, shape, offset = _header(path)
        _check_dtype(path, dtype)
        _check_shape(path, shape)
        rows, dimensions = shape
        expected, there = offset + rows * dimensions * dtype.itemsize, path.stat().st_size
        if there < expected:
            raise BadFile(
                path,
                f"the file is cut short: its header promises {rows:,} × {dimensions:,} of {dtype.name}, which takes "
                f"{expected:,} bytes, and there are {there:,}; copy or save it again.",
            )
        vectors = np.memmap(path, dtype, "r", offset, (rows, dimensions), "F" if fortran else "C")
        # BLAS copies what is not aligned, so such a file is better converted once.
        mappable = dtype == np.dtype("<f4") and vectors.flags.c_contiguous and offset % 4 == 0 and _is_numpys(path)
        return Contents(np.asarray(vectors), mappable=mappable)


def _is_numpys(path: Path) -> bool:
    """Whether NumPy, which reads headers more strictly, maps the file too: that is how it is mapped from then on."""
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False).ndim == 2
    except (ValueError, OSError, EOFError):
        return False


def _header(path: Path) -> tuple[np.dtype[Any], bool, tuple[int, ...], int]:
    """dtype, Fortran order, shape, and where the data begins; nothing in it is executed."""
    with path.open("rb") as file:
        start = file.read(12)
        wide = start[6:7] > b"\x01"
        try:
            (length,) = struct.unpack("<I", start[8:12]) if wide else struct.unpack("<H", start[8:10])
            if length > LONGEST_HEADER:
                raise ValueError
            offset = (12 if wide else 10) + length
            file.seek(offset - length)
            said = ast.literal_eval(file.read(length).decode("utf-8" if start[6:7] > b"\x02" else "latin-1").strip())
            dtype = np.lib.format.descr_to_dtype(said["descr"])
            shape = tuple(int(size) for size in said["shape"])
            if min(shape, default=0) < 0:
                raise ValueError
            return dtype, bool(said["fortran_order"]), shape, offset
        except (struct.error, ValueError, TypeError, KeyError, SyntaxError, IndexError, RecursionError, MemoryError):
            raise BadFile(path, "its .npy header cannot be read; save the array again with numpy.save.") from None


def _check_dtype(path: Path, dtype: np.dtype[Any]) -> None:
    if dtype.hasobject:
        rows = f"numpy.load({str(path)!r}, allow_pickle=True)"
        raise Refused(
            path,
            "it holds Python objects (dtype object), which would have to be unpickled and could run code; if you trust "
            "it, save it as numbers",
            ("import numpy", f"numpy.save({str(path)!r}, numpy.array(list({rows}), dtype='float32'))"),
        )
    if dtype.names is not None:
        raise BadFile(
            path,
            f"it holds records with the fields {', '.join(dtype.names)}, not one table of numbers; save the field "
            f"that is the vector: numpy.save(file, array['{dtype.names[0]}']).",
        )
    if dtype.kind not in "fiub":
        kind = {"c": "complex numbers", "U": "text", "S": "text", "M": "dates", "m": "durations"}.get(dtype.kind)
        raise BadFile(path, f"it holds {kind or 'raw bytes'} ({dtype}), not real numbers.")


def _check_shape(path: Path, shape: tuple[int, ...]) -> None:
    if len(shape) > 2:
        raise BadFile(
            path,
            f"the array has {len(shape)} axes, shape {shape}, and a row must be one vector; "
            "if all but the first belong to the vector, save array.reshape(len(array), -1).",
        )
    if len(shape) < 2:
        raise BadFile(path, f"the array has shape {shape}; it takes two axes, rows by dimensions.")
    if 0 in shape:
        raise BadFile(path, f"the array is empty, shape {shape}.")


TYPES = [Npy()]
