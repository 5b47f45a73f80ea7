"""Many strings in one block of UTF-8: a million names cost their bytes, and can be mapped from a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

TAKE_BYTES = 8 << 20
"""About how many bytes of text `take` copies at a time; its index costs eight times as much."""


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
        return cls.packed([string.encode("utf-8", "replace") for string in strings])

    @classmethod
    def packed(cls, pieces: Sequence[bytes]) -> Strings:
        """The same of bytes as they are: what is no UTF-8 in them is kept, and shown as question marks."""
        ends = np.cumsum([len(piece) for piece in pieces], dtype=np.int64)
        return cls(np.frombuffer(b"".join(pieces), np.uint8), ends.reshape(-1))

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

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each string begins, int64 (n,)."""
        starts = np.empty_like(self.ends)
        starts[:1] = 0
        starts[1:] = self.ends[:-1]
        return starts

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many bytes each string has, int64 (n,)."""
        return np.diff(self.ends, prepend=np.int64(0))

    def take(self, rows: NDArray[Any]) -> Strings:
        """The strings of some rows, in that order."""
        rows = np.asarray(rows, np.int64)
        lengths, starts = self.lengths[rows], self.starts[rows]
        ends = np.cumsum(lengths, dtype=np.int64)
        data = np.empty(int(ends[-1]) if len(ends) else 0, np.uint8)
        first = 0
        while first < len(rows):
            written = int(ends[first - 1]) if first else 0
            last = max(first + 1, int(np.searchsorted(ends, written + TAKE_BYTES, "right")))
            piece = slice(written, int(ends[last - 1]))
            # Byte j of a string comes from its start + j: one index over the whole block instead of a loop over rows.
            shift = np.repeat(starts[first:last] - (ends[first:last] - lengths[first:last]), lengths[first:last])
            data[piece] = self.data[np.arange(piece.start, piece.stop) + shift]
            first = last
        return Strings(data, ends)

    def equal_to(self, string: str, rows: NDArray[Any]) -> NDArray[np.int64]:
        """Those of `rows` whose string is exactly `string`, in the order given."""
        wanted = string.encode("utf-8", "replace")
        rows = np.array(rows, np.int64)
        starts = np.where(rows > 0, self.ends[rows - 1], 0)
        same = self.ends[rows] - starts == len(wanted)
        rows, starts = rows[same], starts[same]
        for j, byte in enumerate(wanted):
            same = self.data[starts + j] == byte
            if not same.all():
                rows, starts = rows[same], starts[same]
        return rows
