"""Where the rows of each cell lie on a map: an outline around most of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress, silent

SHARE = 0.9
"""An outline holds so many of a cell's rows, those nearest to its middle: a map tears some rows away from the others,
and an outline around all of them would cover half of it."""
SPOKEN = 64
"""After so many cells progress is told."""


@dataclass(frozen=True, eq=False)
class Outlines:
    """Convex outlines of c cells on a map, in its units.

    Corners of cell j are `corners[starts[j]:starts[j + 1]]`, float32 (m, 2), in order around it; a cell whose rows
    lie on a line has two of them, one on a single point one, and an empty cell none. `starts` int64 (c + 1,);
    `middles` float32 (c, 2) are the medians of its rows, NaN for an empty one. `share` of the rows lie inside.
    """

    starts: NDArray[np.int64]
    corners: NDArray[np.float32]
    middles: NDArray[np.float32]
    share: float

    def of(self, cell: int) -> NDArray[np.float32]:
        """The corners of one cell."""
        return self.corners[self.starts[cell] : self.starts[cell + 1]]


def outlined(
    positions: NDArray[np.float32],
    cell_of: NDArray[np.integer],
    cells: int,
    share: float = SHARE,
    progress: Progress = silent,
) -> Outlines:
    """Draw an outline around a `share` of the rows of each cell: those nearest to the median of its rows.

    `cell_of` (n,) is −1 for a row in no cell; rows without a place (NaN) are left out.
    """
    known = np.flatnonzero((cell_of >= 0) & np.isfinite(positions).all(axis=1))
    rows = known[np.argsort(cell_of[known], kind="stable")]
    ends = np.searchsorted(cell_of[rows], np.arange(cells + 1))
    middles = np.full((cells, 2), np.nan, np.float32)
    corners = []
    for cell in range(cells):
        if cell % SPOKEN == 0:
            progress(cell / cells, "outlines of cells")
        points = positions[rows[ends[cell] : ends[cell + 1]]].astype(np.float64)
        if len(points):
            middle = np.median(points, axis=0)
            middles[cell] = middle
            points = _nearest(points, middle, share)
        corners.append(hull(points).astype(np.float32))
    starts = np.concatenate([[0], np.cumsum([len(some) for some in corners])]).astype(np.int64)
    joined = np.concatenate(corners) if corners else np.empty((0, 2), np.float32)
    return Outlines(starts, joined, middles, share)


def _nearest(points: NDArray[np.float64], middle: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """The share of the points that lie nearest to the middle, one of them at least."""
    kept = max(1, round(share * len(points)))
    apart = np.square(points - middle).sum(axis=1)
    return points[np.argpartition(apart, kept - 1)[:kept]]


def hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The corners (m, 2) of the smallest convex shape around points (n, 2), in order around it.

    Andrew's monotone chain (1979), after all points inside the shape of the eight outermost have been left out.
    """
    points = np.unique(_outer(points), axis=0)
    if len(points) < 3:
        return points
    halves = [_chain(points.tolist()), _chain(points[::-1].tolist())]
    return np.array([corner for half in halves for corner in half[:-1]])


def _outer(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The points that can be corners: those not inside the octagon of the outermost in eight directions."""
    if len(points) < 32:
        return points
    turns = np.arange(8) * np.pi / 4
    ways = np.stack([np.cos(turns), np.sin(turns)])
    eight = points[np.argmax(points @ ways, axis=0)]
    edges = np.roll(eight, -1, axis=0) - eight
    inside = np.full(len(points), bool(edges.any()))
    for corner, edge in zip(eight, edges, strict=True):
        if edge.any():
            inside &= edge[0] * (points[:, 1] - corner[1]) - edge[1] * (points[:, 0] - corner[0]) > 0
    outer: NDArray[np.float64] = points[~inside]
    return outer


def _chain(points: list[list[float]]) -> list[list[float]]:
    """One half of the outline, over points in order."""
    found: list[list[float]] = []
    for x, y in points:
        while len(found) > 1:
            (ax, ay), (bx, by) = found[-2:]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            found.pop()
        found.append([x, y])
    return found
