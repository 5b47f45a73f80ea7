"""The names nearest to one that no row bears."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from explorer.core.dataset import Dataset
from explorer.core.names import Names, casefolded
from explorer.core.strings import Strings

MOST = 3
LONGEST = 200
"""A longer text is no mistyped name."""


def nearest(dataset: Dataset, most: int = MOST) -> Callable[[str], list[str]]:
    """A function from a mistyped name to at most `most` names of the Dataset, the nearest first."""
    names = dataset.names

    def nearest_of(name: str) -> list[str]:
        return [] if names is None else nearest_names(name, names, most)

    return nearest_of


def nearest_names(name: str, names: Names, most: int = MOST) -> list[str]:
    """Names within a third of its letters by edits (swapped neighbours count one), otherwise those that begin so.

    Case does not count. Below 0.3 s on a million names: only names of about its length are looked at.
    """
    folded = " ".join(name.split()).casefold()
    if not folded or len(folded) > LONGEST:
        return []
    reach = max(1, len(folded) // 3)
    size = len(folded.encode("utf-8", "replace"))
    # A letter is one to four bytes; where all are ASCII, lengths differ by at most `reach`.
    wide = 1 if folded.isascii() else 3
    rows = np.flatnonzero(np.abs(names.strings.lengths - size) <= reach * wide)
    found = _closest(folded, casefolded(names.strings.take(rows)), reach, 4 * most)
    near = list(dict.fromkeys(names[int(rows[i])] for i in found))[:most]
    if len(near) < most:
        begin = names.starting_with(folded, 4 * most)
        near += [other for other in dict.fromkeys(names[row] for row in begin) if other not in near][: most - len(near)]
    return near


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
