"""Rows as they arrive: vectors into a file, so that they are never all in memory; names as the bytes they are."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from explorer.formats.cleaning import write_header


class VectorFile:
    """A float32 C-order `.npy` that is written from its beginning to its end; a context manager."""

    def __init__(self, path: Path, most: int, dimensions: int) -> None:
        self.path = path
        self.rows = 0
        self._dimensions = dimensions
        self._file = path.open("wb")
        write_header(self._file, most, dimensions)
        self._start = self._file.tell()

    def __enter__(self) -> VectorFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def add(self, vectors: NDArray[np.float32]) -> None:
        """The next vectors (m, dimensions)."""
        self._file.write(np.ascontiguousarray(vectors, "<f4").data)
        self.rows += len(vectors)

    def finished(self) -> NDArray[np.float32]:
        """All of them, mapped read-only; at least one. Nothing may be added after."""
        self._file.seek(0)
        write_header(self._file, self.rows, self._dimensions)
        assert self._file.tell() == self._start, "numpy leaves room in the header for a longer first axis"
        self._file.close()
        return np.asarray(np.load(self.path, mmap_mode="r", allow_pickle=False))
