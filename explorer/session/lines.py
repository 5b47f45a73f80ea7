"""The table of neighbours: what was found beside what is true, in one list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from explorer.core.neighbours import Neighbours
from explorer.core.recall import Verdict

Mark = Literal["hit", "miss", "extra", "pending"]


@dataclass(frozen=True)
class Line:
    """One row of the table. `rank` is its place in the truth; while that is not there, its place in the answer.
    An extra has rank 0: it is not among the true neighbours."""

    rank: int
    row: int
    distance: float
    mark: Mark


def lines(found: Neighbours | None, truth: Neighbours | None, verdict: Verdict | None) -> tuple[Line, ...]:
    """True neighbours in their order, hits and misses; tied rows that were found instead; extras after them.

    Before the truth is there, the answer in its own order, all pending.
    """
    if found is None:
        return ()
    if truth is None or verdict is None:
        return tuple(
            Line(i + 1, int(row), float(distance), "pending")
            for i, (row, distance) in enumerate(zip(found.rows, found.distances, strict=True))
        )
    rank_of = {int(row): i + 1 for i, row in enumerate(truth.rows)}
    missed = set(verdict.misses.tolist())
    listed = [
        Line(rank_of.get(int(row), len(truth)), int(row), float(distance), "hit")
        for row, distance, hit in zip(found.rows, found.distances, verdict.hit, strict=True)
        if hit
    ]
    listed += [
        Line(rank_of[int(row)], int(row), float(distance), "miss")
        for row, distance in zip(truth.rows, truth.distances, strict=True)
        if int(row) in missed
    ]
    listed.sort(key=lambda line: (line.rank, line.row))
    extras = np.flatnonzero(~verdict.hit)
    return (*listed, *(Line(0, int(found.rows[i]), float(found.distances[i]), "extra") for i in extras))
