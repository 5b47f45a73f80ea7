"""NumPy's .npy files: mapped as they are when they hold float32 in C order, converted otherwise; never unpickled."""

from __future__ import annotations

import ast
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

from explorer.core.progress import Progress
from explorer.errors import BadFile, Refused
from explorer.formats.base import Contents, Format
from explorer.formats.mapping import in_place

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
        with path.open("rb") as file:
            header = read_header(file, path)
        check_dtype(path, header.dtype)
        shape = checked_shape(path, header.shape)
        expected, there = header.length + header.bytes, path.stat().st_size
        if there < expected:
            rows, dimensions = shape
            raise BadFile(
                path,
                f"the file is cut short: its header promises {rows:,} × {dimensions:,} of {header.dtype.name}, which "
                f"takes {expected:,} bytes, and there are {there:,}; copy or save it again.",
            )
        return in_place(path, header.dtype, shape, header.length, fortran=header.fortran)


@dataclass(frozen=True)
class Header:
    """What a .npy says of itself; its data begins at the byte `length`."""

    dtype: np.dtype[Any]
    fortran: bool
    shape: tuple[int, ...]
    length: int

    @property
    def bytes(self) -> int:
        """The size of the data."""
        return prod(self.shape) * self.dtype.itemsize


def read_header(file: IO[bytes], path: Path) -> Header:
    """Read the header from the beginning of a .npy, and no more; nothing in it is executed. Raises BadFile."""
    start = file.read(10)
    wide = start[6:7] > b"\x01"
    start += file.read(2) if wide else b""
    try:
        (length,) = struct.unpack("<I", start[8:12]) if wide else struct.unpack("<H", start[8:10])
        if not start.startswith(MAGIC) or length > LONGEST_HEADER:
            raise ValueError
        said = ast.literal_eval(file.read(length).decode("utf-8" if start[6:7] > b"\x02" else "latin-1").strip())
        dtype = np.lib.format.descr_to_dtype(said["descr"])
        shape = tuple(int(size) for size in said["shape"])
        if min(shape, default=0) < 0:
            raise ValueError
        return Header(dtype, bool(said["fortran_order"]), shape, len(start) + length)
    except (struct.error, ValueError, TypeError, KeyError, SyntaxError, IndexError, RecursionError, MemoryError):
        raise BadFile(path, "its .npy header cannot be read; save the array again with numpy.save.") from None


def check_dtype(path: Path, dtype: np.dtype[Any]) -> None:
    """Raise BadFile for what is no table of real numbers."""
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


def checked_shape(path: Path, shape: tuple[int, ...]) -> tuple[int, int]:
    """The shape as rows and dimensions; raises BadFile when it is another, or empty."""
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
    return shape[0], shape[1]


TYPES = [Npy()]
