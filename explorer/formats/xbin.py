"""Vectors after their count: the .fbin, .u8bin, .i8bin, .f16bin and .ibin of the big-ann-benchmarks."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from explorer.core.progress import Progress
from explorer.errors import BadFile
from explorer.formats.base import Contents, Format
from explorer.formats.mapping import in_place

HEAD = struct.Struct("<II")
MOST_DIMENSIONS = 1 << 20
TRUTH_BYTES = 8
"""Ground truth has a whole number and a distance for each neighbour, after the same head."""


class Xbin(Format):
    """uint32 rows, uint32 dimensions, and the numbers, little-endian and row by row.

    Nothing in it says what kind of numbers: the suffix does, and where it does not, their size.
    """

    rank = 61

    def __init__(self, name: str, title: str, dtype: str, *, usual: bool = False) -> None:
        self.name, self.title, self.suffixes = name, title, (f".{name}",)
        self.dtype, self._usual = np.dtype(dtype), usual

    def recognises(self, path: Path, head: bytes) -> bool:
        """By its suffix, or because the head's count fits the size of the file to the byte."""
        if len(head) < HEAD.size:
            return False
        rows, dimensions = HEAD.unpack_from(head)
        if not 0 < dimensions <= MOST_DIMENSIONS:
            return False
        if path.suffix.casefold() in self.suffixes:
            return True
        fits = rows > 0 and path.stat().st_size == HEAD.size + rows * dimensions * self.dtype.itemsize
        return self._usual and fits

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """Map the numbers. Where the head says another count than the size, as in files that were cut, the size is
        believed, and it is said. Raises BadFile where the size is no whole number of rows."""
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEAD.size)
        if len(head) < HEAD.size:
            raise BadFile(path, f"it is {size:,} bytes long, too short for the head of a .{self.name} file.")
        said, dimensions = HEAD.unpack(head)
        if not 0 < dimensions <= MOST_DIMENSIONS:
            raise BadFile(path, f"its head says {dimensions:,} dimensions, so it is no .{self.name} file.")
        row = dimensions * self.dtype.itemsize
        rows, rest = divmod(size - HEAD.size, row)
        if self.dtype.itemsize == 4 and said and size == HEAD.size + said * dimensions * TRUTH_BYTES:
            raise BadFile(
                path,
                f"it holds ground truth, {dimensions:,} neighbours of {said:,} queries, and no vectors; open the "
                "vectors, and give it as their truth.",
            )
        if rest or not rows:
            raise BadFile(
                path,
                f"its head says {said:,} × {dimensions:,}, a row of which takes {row:,} bytes, and the "
                f"{size - HEAD.size:,} bytes after it are no whole rows; copy it again.",
            )
        contents = in_place(path, self.dtype, (rows, dimensions), HEAD.size)
        if rows == said:
            return contents
        warning = f"Its head says {said:,} rows; there are {rows:,}."
        return Contents(contents.vectors, mappable=contents.mappable, offset=contents.offset, warnings=(warning,))


TYPES = [
    Xbin("fbin", "Vectors of float32 (.fbin)", "<f4", usual=True),
    Xbin("u8bin", "Vectors of uint8 (.u8bin)", "u1", usual=True),
    Xbin("f16bin", "Vectors of float16 (.f16bin)", "<f2", usual=True),
    Xbin("i8bin", "Vectors of int8 (.i8bin)", "i1"),
    Xbin("ibin", "Vectors of int32 (.ibin)", "<i4"),
]
