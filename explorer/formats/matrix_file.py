"""A matrix written to a file block by block, so that what is read need not fit in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.formats import keeping
from explorer.formats.cleaning import write_header


class MatrixFile:
    """float32 (rows so far, dimensions) in a `.npy`; the same verbs as those of a GrowingMatrix.

    Close it when nothing more comes, whatever happened. Raises TooLarge when as many rows as `guess` would not fit.
    """

    def __init__(self, path: Path, dimensions: int, guess: int) -> None:
        keeping.check_room(guess * dimensions * 4)
        self.path = path
        self.rows = 0
        self._dimensions = dimensions
        self._guess = max(guess, 1)
        self._block = np.empty((0, dimensions), np.float32)
        self._file = path.open("wb")
        # numpy leaves room in the header, so that another number of rows takes the same bytes.
        write_header(self._file, self._guess, dimensions)
        self._start = self._file.tell()
        self._pending = self._block

    def more(self, rows: int) -> NDArray[np.float32]:
        """A view (rows, dimensions) of that many new rows at the end, to be written before the next call."""
        self._flush()
        if rows > len(self._block):
            self._block = np.empty((rows, self._dimensions), np.float32)
        self._pending = self._block[:rows]
        self.rows += rows
        return self._pending

    def finished(self) -> NDArray[np.float32]:
        """The whole matrix, mapped; nothing may be added after."""
        self._flush()
        self._file.seek(0)
        write_header(self._file, self.rows, self._dimensions)
        if self._file.tell() != self._start:
            raise OSError("the header of the vectors does not fit")
        self.close()
        return np.asarray(np.load(self.path, mmap_mode="r", allow_pickle=False))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _flush(self) -> None:
        if len(self._pending):
            self._file.write(self._pending.data)
        self._pending = self._block[:0]
