"""The names nearest to one that no row bears."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from explorer.core.dataset import Dataset
from explorer.core.names import Names, casefolded
from explorer.core.strings import Strings

MOST = 3
LONGEST = 200
"""A longer text is no mistyped name."""
BLOCK_ROWS = 200_000
MOST_COMPARED = 100_000
"""Where more names than this are possible, fewer edits are allowed."""
_LETTERS = np.arange(256)
# One bit for each byte, the two cases of a letter on the same one; bytes that share a bit only let more names pass.
_BITS = np.left_shift(np.uint32(1), ((_LETTERS | (32 * ((_LETTERS >= 65) & (_LETTERS <= 90)))) % 32).astype(np.uint32))


def nearest(dataset: Dataset, most: int = MOST) -> Callable[[str], list[str]]:
    """A function from a mistyped name to at most `most` names of the Dataset, the nearest first."""
    names = dataset.names

    def nearest_of(name: str) -> list[str]:
        return [] if names is None else nearest_names(name, names, most)

    return nearest_of


def nearest_names(name: str, names: Names, most: int = MOST) -> list[str]:
    """Names a few edits away (a quarter of its letters, at most 3; swapped neighbours count one), the nearest first;
    then those that begin so. Case does not count. About 0.2 s on a million names."""
    folded = " ".join(name.split()).casefold()
    if not folded or len(folded) > LONGEST:
        return []
    reach = min(3, max(1, len(folded) // 4))
    rows = _possible(folded, names.strings, reach)
    while len(rows) > MOST_COMPARED and reach > 1:
        reach -= 1
        rows = _possible(folded, names.strings, reach)
    found = _closest(folded, casefolded(names.strings.take(rows)), reach, 4 * most)
    near = list(dict.fromkeys(names[int(rows[i])] for i in found))[:most]
    if len(near) < most:
        begin = names.starting_with(folded, 4 * most)
        near += [other for other in dict.fromkeys(names[row] for row in begin) if other not in near][: most - len(near)]
    return near


def _possible(folded: str, strings: Strings, reach: int) -> NDArray[np.int64]:
    """The rows whose length and letters allow so few edits: one edit changes the length by one letter, and the set
    of letters by one taken away and one added."""
    wanted = np.bitwise_or.reduce(_BITS[np.frombuffer(folded.encode("utf-8", "replace"), np.uint8)])
    size, ends = len(folded.encode("utf-8", "replace")), strings.ends
    found = []
    for first in range(0, len(strings), BLOCK_ROWS):
        last = min(first + BLOCK_ROWS, len(strings))
        begin = int(ends[first - 1]) if first else 0
        held = strings.data[begin : int(ends[last - 1])]
        # A letter is one byte in ASCII, and up to four elsewhere.
        wide = 1 if folded.isascii() and held.max(initial=0) < 128 else 4
        lengths = np.diff(ends[first:last], prepend=np.int64(begin))
        rows = np.flatnonzero((lengths > 0) & (np.abs(lengths - size) <= reach * wide))
        if not len(rows):
            continue
        starts = ends[first:last][rows] - lengths[rows] - begin
        bits = _BITS[held]
        bounds = np.stack([starts, starts + lengths[rows]], axis=1).reshape(-1)
        letters = np.bitwise_or.reduceat(np.append(bits, np.uint32(0)), bounds)[::2]
        missing, added = np.bitwise_count(wanted & ~letters), np.bitwise_count(letters & ~wanted)
        found.append(rows[(missing <= reach * wide) & (added <= reach * wide)] + first)
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _closest(folded: str, candidates: Strings, reach: int, most: int) -> list[int]:
    """The places of the candidates within `reach` edits, the nearest first."""
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import extract

    found = extract(folded, _as_list(candidates), scorer=OSA.distance, score_cutoff=reach, limit=most)
    return [place for _, _, place in found]


def _as_list(strings: Strings) -> list[str]:
    """All strings; at once where every byte is a letter of its own."""
    text = strings.data.tobytes()
    if not text.isascii():
        return list(strings)
    whole, ends = text.decode("ascii"), strings.ends.tolist()
    return [whole[start:end] for start, end in zip([0, *ends], ends, strict=False)]
