"""What is marked on the map: the query, its neighbours and how each was found; and the card beside a hovered point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

Rows = NDArray[np.int64]


def _none() -> Rows:
    return np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Marks:
    """The query and what was found; rows are int64 (m,), each in one of the four lists at most.

    `query_row` or `query_at` (x, y in the units of the positions) is where the star stands; a place that is no row's
    own is `approximate`, and the map says so. `pending` rows were found while the truth is not there yet. `focused` is
    the row that the table points at. `ranks` are shown beside a marked row when it is hovered, focused or selected;
    None for a row that has none. `letters` stand beside rows that one of two indexes returned alone: A or B.
    """

    query_row: int | None = None
    query_at: tuple[float, float] | None = None
    approximate: bool = False
    hits: Rows = field(default_factory=_none)
    misses: Rows = field(default_factory=_none)
    extras: Rows = field(default_factory=_none)
    pending: Rows = field(default_factory=_none)
    focused: int | None = None
    ranks: Mapping[int, int | None] = field(default_factory=dict)
    letters: Mapping[int, str] = field(default_factory=dict)

    def rows(self) -> Rows:
        """All marked rows, those drawn last at the end."""
        own = [] if self.query_row is None else [self.query_row]
        parts = (self.extras, self.pending, self.hits, self.misses, np.array(own, np.int64))
        return np.concatenate([np.asarray(part, np.int64) for part in parts])


@dataclass(frozen=True, eq=False)
class HoverCard:
    """What stands on the card beside a hovered point: a title, quiet lines below it, and perhaps its picture."""

    title: str
    lines: tuple[str, ...] = ()
    image: QImage | None = None
