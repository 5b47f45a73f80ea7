"""Many strings in one block of UTF-8: a million names cost their bytes, and can be mapped from a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Strings:
    """A read-only sequence of n strings.

    `data` is uint8, the UTF-8 bytes of all strings one after another; `ends` is int64 (n,), where each one ends.
    """

    data: NDArray[np.uint8]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, strings: Iterable[str]) -> Strings:
        """Pack strings. Lone surrogates, which UTF-8 cannot hold, become question marks."""
        encoded = [string.encode("utf-8", "replace") for string in strings]
        ends = np.cumsum([len(piece) for piece in encoded], dtype=np.int64)
        return cls(np.frombuffer(b"".join(encoded), np.uint8), ends.reshape(-1))

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...
    def __getitem__(self, row: int | slice) -> str | list[str]:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        n = len(self.ends)
        if not -n <= row < n:
            raise IndexError(f"row {row} of {n} strings")
        row %= n
        start = int(self.ends[row - 1]) if row else 0
        return self.data[start : int(self.ends[row])].tobytes().decode("utf-8", "replace")

    def __iter__(self) -> Iterator[str]:
        start = 0
        for end in self.ends.tolist():
            yield self.data[start:end].tobytes().decode("utf-8", "replace")
            start = end

    def take(self, rows: NDArray[np.intp]) -> Strings:
        """The strings of some rows, in that order."""
        return Strings.of(self[int(row)] for row in rows)
