"""Random samples of rows: drawn the same from a file of known length and from one that is read to its end."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from explorer import room
from explorer.core.params import Param
from explorer.formats import keeping

OPTIONS = (
    Param("sample", "int", None, "Read so many rows, drawn at random, instead of all.", minimum=1),
    Param("seed", "int", None, "Which rows are drawn; the same seed draws the same.", minimum=0, maximum=2**32 - 1),
    Param("rows", "int", None, "Read the first so many rows only.", minimum=1),
)


class Draw:
    """A sample of rows that come in blocks, nobody knows how many.

    Every row gets a random number, and the smallest win: which ones they are depends on the seed alone, not on the
    blocks. Of n rows no more than about wanted · (1 + ln(n / wanted)), and a block, are kept on the way.
    """

    def __init__(self, wanted: int | None, seed: int = 0) -> None:
        self.seen = 0
        self._wanted = wanted
        self._random = np.random.default_rng(seed)
        self._keys = np.zeros(0)
        self._places = np.zeros(0, np.int64)
        self._least_to_lose = np.inf

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Draw:
        """The sample that options ask for; without one all rows win."""
        return cls(int(options["sample"]) if "sample" in options else None, int(options.get("seed", 0)))

    def taken(self, rows: int) -> NDArray[np.int64] | None:
        """Which of the next rows, counted from the first of them, may be in the sample; None for all of them."""
        first, self.seen = self.seen, self.seen + rows
        if self._wanted is None:
            return None
        keys = self._random.random(rows)
        chosen = np.flatnonzero(keys < self._least_to_lose)
        self._keys = np.concatenate((self._keys, keys[chosen]))
        self._places = np.concatenate((self._places, first + chosen))
        if len(self._keys) >= self._wanted:
            self._least_to_lose = np.partition(self._keys, self._wanted - 1)[self._wanted - 1]
        return chosen

    def kept(self) -> NDArray[np.int64] | None:
        """Which of all that were taken are in the sample, in order; None where all rows are."""
        if self._wanted is None or self.seen <= self._wanted:
            return None
        winners = np.argpartition(self._keys, self._wanted - 1)[: self._wanted]
        return np.sort(winners).astype(np.int64)

    def places(self) -> NDArray[np.int64] | None:
        """Where the sample's rows stand among all that were seen; None where all rows are in it."""
        kept = self.kept()
        return None if kept is None else self._places[kept]


def drawn(total: int, options: Mapping[str, str]) -> NDArray[np.int64] | None:
    """The sample that options ask for of so many rows, in order; None where that is all of them."""
    draw = Draw.of(options)
    draw.taken(total)
    return draw.places()


def sentence(rows: int, total: int, what: str = "rows") -> str:
    """What is said of a sample."""
    return f"A random sample of {rows:,} of {total:,} {what}."


def fitting(rows: int, row_bytes: int, free: int) -> int:
    """A round number of rows that fit into `free` bytes; 0 when none does."""
    fits = min(max(0, free) // max(1, row_bytes), rows)
    unit = int(10 ** max(0, len(str(fits)) - 1))
    return fits // unit * unit


def check_room(rows: int, row_bytes: int, what: str) -> None:
    """Raise TooLarge, with a sample that fits, when so many rows of vectors do not fit on the disk."""
    free = room.free_on_disk(keeping.home()) - keeping.MARGIN_BYTES
    fits, advice = fitting(rows, row_bytes, free), keeping.ROOM
    if fits > 0 and rows * row_bytes > free:
        advice = f"read a random sample, such as --read sample={min(fits, max(1, rows // 2))}, or {advice}"
    keeping.check_room(rows * row_bytes, what, advice)


def check_memory(rows: int, row_bytes: int, what: str) -> None:
    """Raise TooLarge, with a sample that fits, when so many rows do not fit into the memory that is free."""
    fits = fitting(rows, 2 * row_bytes, room.free_in_memory())
    room.check_memory(rows * row_bytes, what, f"read a random sample, such as --read sample={max(1, fits)}")
