"""Look at all vectors once, in blocks: which rows are not finite, which are zeros; and write the good ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress
from explorer.formats.blocks import Blocks
from explorer.formats.halves import from_float16

UNIT_TOLERANCE = 2e-3
"""How far from 1 a length may be: float16 rounds a unit vector by less."""
NORMS_PER_BLOCK = 4
BLOCK_BYTES = 1 << 19
"""How many bytes of float32 are looked at, converted and written at a time: they stay in the processor's cache, which
makes a pass over mapped vectors three times as fast as in blocks of megabytes."""
BLOCKS_PER_NOTE = 16
"""Progress is told after so many."""
EXACT_FLOAT32 = 1 << 24
"""Whole numbers beyond this are rounded by float32."""


@dataclass(frozen=True, eq=False)
class Health:
    """What was found in n vectors.

    `bad` are the rows (int64) with NaN, infinity, or a number beyond float32. Of the good rows: `zero_rows` are all
    zeros, `same` says that all are equal, `unit` that those looked at (some of each block) have length 1. `rounded`:
    among the vectors as they came were whole numbers that float32 cannot hold.
    """

    rows: int
    bad: NDArray[np.int64]
    zero_rows: int
    same: bool
    unit: bool
    rounded: bool = False

    @property
    def good_rows(self) -> int:
        """How many rows are left."""
        return self.rows - len(self.bad)

    @property
    def good(self) -> NDArray[np.int64]:
        """The good rows, in order."""
        return np.delete(np.arange(self.rows, dtype=np.int64), self.bad)


class Inspector:
    """Takes float32 blocks in order, and says at the end what was in them."""

    def __init__(self, dimensions: int) -> None:
        self._ones = np.ones(dimensions, np.float32)
        self._first: NDArray[np.float32] | None = None
        self._same = self._unit = True
        self._rounded = False
        self._rows = self._zero_rows = 0
        self._bad: list[NDArray[np.int64]] = []

    def add(self, block: NDArray[np.float32]) -> NDArray[np.bool_] | None:
        """Look at the next rows (m, d); returns which are good, or None when all are.

        One matrix-vector product finds the suspects: a row that is not finite has no finite sum, a row of zeros has
        the sum zero. Only suspects are looked at number by number.
        """
        with np.errstate(all="ignore"):
            sums = block @ self._ones
        suspects = np.flatnonzero(~np.isfinite(sums))
        bad = suspects[~np.isfinite(block[suspects]).all(axis=1)]
        balanced = np.flatnonzero(sums == 0)
        self._zero_rows += int((~block[balanced].any(axis=1)).sum()) if len(balanced) else 0
        good: NDArray[np.bool_] | None = None
        if len(bad):
            self._bad.append(bad + self._rows)
            good = np.ones(len(block), bool)
            good[bad] = False
        self._rows += len(block)
        self._compare(block if good is None else block[good])
        return good

    def note_rounding(self, block: NDArray[Any]) -> None:
        """Look for whole numbers in a block (m, d), as it was before conversion, that are too large for float32."""
        if block.dtype.kind in "iu" and block.dtype.itemsize >= 4 and block.size and not self._rounded:
            self._rounded = int(block.max()) > EXACT_FLOAT32 or int(block.min()) < -EXACT_FLOAT32

    def _compare(self, block: NDArray[np.float32]) -> None:
        if not len(block):
            return
        if self._first is None:
            self._first = block[0].copy()
        if self._same:
            self._same = bool((block[-1] == self._first).all()) and bool((block == self._first).all())
        if self._unit:
            some = block[:: max(1, len(block) // NORMS_PER_BLOCK)].astype(np.float64)
            norms = np.sqrt(np.einsum("ij,ij->i", some, some))
            self._unit = bool((np.abs(norms[norms > 0] - 1) < UNIT_TOLERANCE).all())

    def health(self) -> Health:
        """What all blocks so far held."""
        bad = np.concatenate(self._bad) if self._bad else np.zeros(0, np.int64)
        good = self._rows - len(bad)
        unit = self._unit and good > self._zero_rows
        return Health(self._rows, bad, self._zero_rows, self._same and good > 1, unit, self._rounded)


def inspected(vectors: NDArray[Any] | Blocks, progress: Progress) -> Health:
    """Look at all vectors (n, d) without keeping any."""
    inspector = Inspector(vectors.shape[1])
    for block in _blocks(vectors, progress, "checking"):
        inspector.add(as_float32(block))
    return inspector.health()


def converted(vectors: NDArray[Any] | Blocks, path: Path, progress: Progress) -> Health:
    """Write the good rows of vectors (n, d) of any real dtype as a float32 C-order `.npy`, in one pass."""
    rows, dimensions = vectors.shape
    inspector = Inspector(dimensions)
    with path.open("wb") as file:
        write_header(file, rows, dimensions)
        start = file.tell()
        for given in _blocks(vectors, progress, "converting"):
            inspector.note_rounding(given)
            block = as_float32(given)
            good = inspector.add(block)
            file.write((block if good is None else block[good]).data)
        health = inspector.health()
        if len(health.bad):
            # numpy leaves room in the header for a longer first axis, so that a shorter one takes the same bytes.
            file.seek(0)
            write_header(file, health.good_rows, dimensions)
            assert file.tell() == start
    return health


def write_header(file: Any, rows: int, dimensions: int) -> None:
    """Begin a float32 C-order `.npy` (rows, dimensions); the header of fewer rows takes the same bytes."""
    header = {"descr": "<f4", "fortran_order": False, "shape": (rows, dimensions)}
    np.lib.format.write_array_header_1_0(file, header)


def as_float32(block: NDArray[Any]) -> NDArray[np.float32]:
    """Vectors as float32 in C order: as they are where they are that already; infinity where float32 ends."""
    if block.dtype == np.dtype("=f2"):
        return from_float16(block)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.ascontiguousarray(block, "<f4")


def _blocks(vectors: NDArray[Any] | Blocks, progress: Progress, note: str) -> Iterator[NDArray[Any]]:
    """The vectors in blocks, as they came."""
    step = max(1, BLOCK_BYTES // (4 * max(1, vectors.shape[1])))
    for i, start in enumerate(range(0, len(vectors), step)):
        if i % BLOCKS_PER_NOTE == 0:
            progress(start / len(vectors), note)
        yield vectors[start : start + step]
