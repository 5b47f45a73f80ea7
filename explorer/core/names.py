"""Rows by their names: exact look-up and completion by binary search, instant on a million names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.strings import Strings

FOLD_ROWS = 100_000
FIRST_LOOKED_AT = 64
"""Of the rows that bear a name, so many are compared first when only the lowest is wanted."""


@dataclass(frozen=True, eq=False)
class Names:
    """The names of n rows, which may repeat.

    `sorted_rows` is int32 (n,): the rows in the order of their casefolded names, equal names by row.
    """

    strings: Strings
    sorted_rows: NDArray[np.int32]

    @classmethod
    def of(cls, strings: Strings) -> Names:
        """Sort once (about a second for a million names); everything after is a binary search."""
        return cls(strings, _order(casefolded(strings)))

    def __len__(self) -> int:
        return len(self.strings)

    def __getitem__(self, row: int) -> str:
        return self.strings[row]

    def rows_called(self, name: str) -> NDArray[np.int64]:
        """The rows of exactly that name, lowest first; when there is none, those that differ only in case."""
        rows = self._run(name)
        exact = self.strings.equal_to(name, rows)
        return exact if len(exact) else rows.astype(np.int64)

    def row_called(self, name: str) -> int | None:
        """The lowest of `rows_called`, at once however many there are; None when there is none."""
        rows = self._run(name)
        first, step = 0, FIRST_LOOKED_AT
        while first < len(rows):
            exact = self.strings.equal_to(name, rows[first : first + step])
            if len(exact):
                return int(exact[0])
            first, step = first + step, 4 * step
        return int(rows[0]) if len(rows) else None

    def starting_with(self, prefix: str, most: int = 12) -> list[int]:
        """At most `most` rows whose names begin with `prefix`, whatever the case, in the order of their names."""
        folded = prefix.casefold()
        rows = []
        for row in self.sorted_rows[(first := self._first(folded, after=False)) : first + most]:
            if not self.strings[int(row)].casefold().startswith(folded):
                break
            rows.append(int(row))
        return rows

    def _run(self, name: str) -> NDArray[np.int32]:
        """The rows of that name whatever the case, lowest first."""
        folded = name.casefold()
        return self.sorted_rows[self._first(folded, after=False) : self._first(folded, after=True)]

    def _first(self, folded: str, *, after: bool) -> int:
        """The first place in sorted order whose name is not below `folded`, or with `after` is above it."""
        low, high = 0, len(self.sorted_rows)
        while low < high:
            middle = (low + high) // 2
            name = self.strings[int(self.sorted_rows[middle])].casefold()
            if name < folded or (after and name == folded):
                low = middle + 1
            else:
                high = middle
        return low


def casefolded(strings: Strings) -> Strings:
    """The strings as `str.casefold` gives them."""
    data = strings.data
    if data.size and data.max() >= 128:
        return _casefolded_letters(strings)
    capital = (data >= ord("A")) & (data <= ord("Z"))
    return Strings(data + (capital * np.uint8(32)), strings.ends)


def _casefolded_letters(strings: Strings) -> Strings:
    """Casefold beyond ASCII, where strings may change their length: many at once, with NUL bytes between."""
    pieces, lengths = [], []
    ends = strings.ends
    for first in range(0, len(strings), FOLD_ROWS):
        last = min(first + FOLD_ROWS, len(strings))
        begin = int(ends[first - 1]) if first else 0
        bounds = ends[first:last] - begin
        held = strings.data[begin : int(ends[last - 1])]
        apart = np.zeros(len(held) + len(bounds), np.uint8)
        sizes = np.diff(bounds, prepend=np.int64(0))
        apart[np.arange(len(held)) + np.repeat(np.arange(len(bounds)), sizes)] = held
        folded = np.frombuffer(apart.tobytes().decode("utf-8", "replace").casefold().encode(), np.uint8)
        nuls = np.flatnonzero(folded == 0)
        if len(nuls) != len(bounds):  # a string holds NUL itself
            return Strings.of(string.casefold() for string in strings)
        pieces.append(folded[folded != 0])
        lengths.append(np.diff(nuls, prepend=-1) - 1)
    return Strings(np.concatenate(pieces), np.cumsum(np.concatenate(lengths), dtype=np.int64))


def _order(strings: Strings) -> NDArray[np.int32]:
    """The rows sorted by the bytes of their strings, equal ones by row.

    UTF-8 sorts as its code points do. Eight bytes at a time as one big-endian number: all rows by their first eight,
    then only the runs that are still equal by their next eight, and so on.
    """
    starts, lengths = strings.starts, strings.lengths
    padded = np.concatenate([strings.data, np.zeros(8, np.uint8)])
    order = np.arange(len(strings), dtype=np.int64)
    pending = np.arange(len(strings), dtype=np.int64)  # places in `order` that are not settled
    group = np.zeros(len(strings), np.int64)  # of each pending place: rows compare only within their group
    offset = 0
    while len(pending):
        rows = order[pending]
        left = lengths[rows] - offset
        key = _eight_bytes(padded, starts[rows] + offset, left)
        # A string that ends here stands before one that goes on with NUL bytes: compare what is left of each, too.
        within = np.lexsort((np.minimum(left, 9), key, group)) if offset else np.lexsort((np.minimum(left, 9), key))
        order[pending], key, left = rows[within], key[within], left[within]
        same = (key[1:] == key[:-1]) & (group[1:] == group[:-1]) & (left[1:] > 8) & (left[:-1] > 8)
        tied = np.zeros(len(pending), bool)
        tied[1:] |= same
        tied[:-1] |= same
        new_group = np.cumsum(np.concatenate([[True], ~same]))
        pending, group = pending[tied], new_group[tied]
        offset += 8
    return order.astype(np.int32)


def _eight_bytes(padded: NDArray[np.uint8], at: NDArray[np.int64], left: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Eight bytes from each place as a big-endian number, those beyond `left` as zero."""
    windows = np.lib.stride_tricks.sliding_window_view(padded, 8)
    key = np.ascontiguousarray(windows[np.minimum(at, len(padded) - 8)]).view(">u8").reshape(-1).astype(np.uint64)
    beyond = (8 - np.clip(left, 0, 8)).astype(np.uint64) * np.uint64(8)
    # A shift by all 64 bits is undefined, so it is made in two halves.
    half = beyond // np.uint64(2)
    return (((key >> half) >> (beyond - half) << half) << (beyond - half)).astype(np.uint64, copy=False)
