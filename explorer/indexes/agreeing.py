"""Whether a replay found what the library found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-5
"""Rows whose scores agree so far may stand for each other: a library adds numbers in an order of its own."""


def difference(
    found: NDArray[np.int64],
    theirs: NDArray[np.int64],
    scores_of: Callable[[NDArray[np.int64]], NDArray[np.floating]],
) -> str:
    """How the rows that a replay found differ from the library's, in a sentence; empty where they do not.

    `scores_of` gives the library's scores of rows, NaN for what the replay did not compare.
    """
    if np.array_equal(found, theirs):
        return ""
    if len(found) != len(theirs):
        rows = "one row" if len(theirs) == 1 else f"{len(theirs):,} rows"
        return f"The library found {rows}, this replay {len(found):,}."
    ours, own = (np.sort(np.asarray(scores_of(rows), np.float64)) for rows in (found, theirs))
    if (np.abs(ours - own) <= TOLERANCE * np.abs(own).max(initial=0)).all():
        return ""
    others = len(np.setdiff1d(theirs, found))
    rows = "another row" if others == 1 else f"{others:,} other rows"
    return f"The library found {rows} than this replay."
