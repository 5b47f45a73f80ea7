"""Vectors that are read a block at a time, as they are asked for: all of them need never be in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 8 << 20


class Blocks:
    """Vectors (n, d) that look like an array to whoever takes rows of them.

    `read(start, stop)` gives the rows (stop − start, d) of one dtype; it is called for blocks of `step` rows, which
    begin at multiples of it, and a pass over all calls it in order. The last block is kept.
    """

    ndim = 2

    def __init__(
        self, shape: tuple[int, int], dtype: Any, read: Callable[[int, int], NDArray[Any]], step: int | None = None
    ) -> None:
        self.shape = shape
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.step = step or max(1, BLOCK_BYTES // max(1, shape[1] * self.dtype.itemsize))
        self._read = read
        self._last: tuple[int, NDArray[Any]] | None = None

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | NDArray[Any]) -> NDArray[Any]:
        """Some rows, in the order given."""
        if not isinstance(rows, slice):
            return self._some(np.asarray(rows))
        start, stop, stride = rows.indices(len(self))
        if stride != 1:
            return self._some(np.arange(start, stop, stride))
        first, last = start // self.step, -(-stop // self.step)
        pieces = [
            self._block(i)[max(0, start - i * self.step) : max(0, stop - i * self.step)] for i in range(first, last)
        ]
        if len(pieces) == 1:
            return pieces[0]
        return np.concatenate(pieces) if pieces else np.empty((0, self.shape[1]), self.dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        whole = self[:]
        return whole if dtype is None else whole.astype(dtype)

    @property
    def itemsize(self) -> int:
        """The bytes of one number."""
        return self.dtype.itemsize

    @property
    def T(self) -> NDArray[Any]:
        """The columns as rows (d, n): all of it in memory."""
        return self[:].T

    def _some(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Rows by number, each block read once."""
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        found = np.empty((len(rows), self.shape[1]), self.dtype)
        order = np.argsort(rows, kind="stable")
        blocks = rows[order] // self.step
        starts = np.flatnonzero(np.diff(blocks, prepend=-1))
        for start, stop in zip(starts, (*starts[1:], len(rows)), strict=True):
            some, number = order[start:stop], int(blocks[start])
            found[some] = self._block(number)[rows[some] - number * self.step]
        return found

    def _block(self, number: int) -> NDArray[Any]:
        if self._last is None or self._last[0] != number:
            self._last = None  # before the next one is read, not after
            start = number * self.step
            self._last = number, self._read(start, min(start + self.step, len(self)))
        return self._last[1]
