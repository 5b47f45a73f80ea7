"""Vectors one after another, the number of dimensions before each: .fvecs, .bvecs and .ivecs of the TEXMEX sets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress
from explorer.errors import BadFile
from explorer.formats.base import Contents, Format

MOST_DIMENSIONS = 1 << 20
LARGEST_WHOLE = 1 << 28
"""Whole numbers up to this are denormal or tiny as float32: nobody's vectors are made of them."""
CHECKED_ROWS = 1 << 16
"""How many records are looked at between two words on progress."""


class Vecs(Format):
    """Records of an int32 d and d numbers of one type, all little-endian; nothing says how many (corpus-texmex)."""

    rank = 60

    def __init__(self, name: str, title: str, dtype: str) -> None:
        self.name, self.title, self.suffixes = name, title, (f".{name}",)
        self.dtype = np.dtype(dtype)

    def recognises(self, path: Path, head: bytes) -> bool:
        """Records of one size throughout the beginning; under another suffix to the end of the file, and likely ones.

        Two of them at the least, for the first number of a file of anything might be small.
        """
        dimensions = _dimensions(head)
        if not 0 < dimensions <= MOST_DIMENSIONS:
            return False
        if path.suffix.casefold() in self.suffixes:
            return True
        record = self._record(dimensions)
        size = path.stat().st_size
        if size % record.itemsize or size < 2 * record.itemsize:
            return False
        with path.open("rb") as file:
            file.seek(record.itemsize)
            if _dimensions(file.read(4)) != dimensions:
                return False
        seen = np.frombuffer(head, record, len(head) // record.itemsize)
        return bool((seen["count"] == dimensions).all()) and self._likely(seen["vector"])

    def read(self, path: Path, options: Mapping[str, str], progress: Progress) -> Contents:
        """Map the records. Raises BadFile with the first record that has other dimensions, or is cut short."""
        size = path.stat().st_size
        with path.open("rb") as file:
            dimensions = _dimensions(file.read(4))
        if not 0 < dimensions <= MOST_DIMENSIONS:
            raise BadFile(path, f"its first record says {dimensions:,} dimensions, so it is no .{self.name} file.")
        record = self._record(dimensions)
        rows, rest = divmod(size, record.itemsize)
        if rows:
            records: NDArray[Any] = np.asarray(np.memmap(path, record, "r", 0, (rows,)))
            self._check(path, records["count"], dimensions, progress)
        if rest:
            raise BadFile(
                path,
                f"it is cut short: record {rows:,} (from 0) begins at byte {size - rest:,} and takes "
                f"{record.itemsize:,} bytes, and {rest:,} are there; copy it again.",
            )
        return Contents(records["vector"])

    def _record(self, dimensions: int) -> np.dtype[Any]:
        return np.dtype([("count", "<i4"), ("vector", self.dtype, (dimensions,))])

    def _check(self, path: Path, counts: NDArray[np.int32], dimensions: int, progress: Progress) -> None:
        for start in range(0, len(counts), CHECKED_ROWS):
            progress(start / len(counts), "reading")
            wrong = np.flatnonzero(counts[start : start + CHECKED_ROWS] != dimensions)
            if len(wrong):
                row = start + int(wrong[0])
                raise BadFile(
                    path,
                    f"record {row:,} (from 0), at byte {row * counts.strides[0]:,}, says {int(counts[row]):,} "
                    f"dimensions, and those before it have {dimensions:,}; write it again with one length for all.",
                )

    def _likely(self, vectors: NDArray[Any]) -> bool:
        """Whether the numbers are of this type rather than of the other one of its size."""
        if self.dtype.itemsize == 1:
            return True
        whole = np.ascontiguousarray(vectors).view("<i4")
        small = bool(((whole >= 0) & (whole < LARGEST_WHOLE)).all() and whole.any())
        return small == (self.dtype.kind == "i")


def _dimensions(head: bytes) -> int:
    """The first number; 0 where there is none."""
    return int.from_bytes(head[:4], "little", signed=True) if len(head) >= 4 else 0


TYPES = [
    Vecs("fvecs", "Vectors of float32 (.fvecs)", "<f4"),
    Vecs("ivecs", "Vectors of int32 (.ivecs)", "<i4"),
    Vecs("bvecs", "Vectors of uint8 (.bvecs)", "u1"),
]
