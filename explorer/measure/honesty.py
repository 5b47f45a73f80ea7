"""Where a map can be trusted: whether true neighbours are near each other in two dimensions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.core.progress import Progress, silent
from explorer.measure.truth import TrueNeighbours

WIDTH = 10
"""A neighbour counts as near on the map when it is among so many times k nearest points."""
TOGETHER = 4096
MOST_COUNTED = 1_000_000


@dataclass(frozen=True, eq=False)
class Honesty:
    """`shares` float32 (n,): which share of a row's k true neighbours are among its k · `width` nearest on the map, NaN
    where it was not looked at. `asked` rows were; by chance the share would be `chance`."""

    shares: NDArray[np.float32]
    asked: int
    k: int
    width: int

    @property
    def mean(self) -> float:
        """The mean of those that were looked at."""
        return float(np.nanmean(self.shares))

    @property
    def chance(self) -> float:
        """The mean that points strewn at random would have."""
        return min(1.0, self.k * self.width / max(1, len(self.shares) - 1))


def honest(
    positions: NDArray[np.float32], truth: TrueNeighbours, width: int = WIDTH, progress: Progress = silent
) -> Honesty:
    """Compare positions (n, 2), all finite, with the true neighbours of a sample of rows."""
    from scipy.spatial import cKDTree

    shares = np.full(len(positions), np.nan, np.float32)
    k = truth.neighbours.shape[1]
    progress(None, "sorting the map")
    tree = cKDTree(np.asarray(positions, np.float64))
    for start in range(0, len(truth.rows), TOGETHER):
        progress(start / len(truth.rows), "neighbours on the map")
        rows = truth.rows[start : start + TOGETHER]
        neighbours = truth.neighbours[start : start + TOGETHER]
        shares[rows] = near_on_map(positions, tree, rows, neighbours, width).mean(axis=1) if k else 1.0
    return Honesty(shares, len(truth.rows), k, width)


def landed_far(
    positions: NDArray[np.float32], row: int, neighbours: NDArray[np.int64], width: int = WIDTH
) -> NDArray[np.bool_]:
    """Which of the k true neighbours of one row are not among the k · width points nearest to it on the map."""
    apart = np.linalg.norm(positions.astype(np.float64) - positions[row], axis=1)
    nearest = min(len(neighbours) * width, len(positions) - 1)
    found: NDArray[np.bool_] = apart[neighbours] > np.partition(apart, nearest)[nearest] * (1 + 1e-9)
    return found


def map_places(
    positions: NDArray[np.float32], row: int, neighbours: NDArray[np.int64], most: int = MOST_COUNTED
) -> NDArray[np.int64]:
    """Which nearest point of the map each of some neighbours (m,) of a row is, 1 for the nearest: int64 (m,).

    Of more than `most` points some are counted, so that it takes a few milliseconds: the places are then about so. 0
    for a neighbour that has no place on the map.
    """
    apart = _squares(positions, positions[row])
    step = max(1, -(-len(positions) // most))
    counted, own = apart[::step], apart[neighbours]
    places = np.array([np.count_nonzero(counted < far) for far in own.tolist()], np.int64) * step
    # The row itself lies at 0 from itself, and is among those that were counted.
    places = np.where(own > 0, np.maximum(places, 1), 1)
    return np.where(np.isfinite(own), places, 0)


def _squares(positions: NDArray[np.float32], middle: NDArray[np.float32]) -> NDArray[np.float32]:
    x, y = positions[:, 0] - middle[0], positions[:, 1] - middle[1]
    return np.asarray(x * x + y * y)


@dataclass(frozen=True, eq=False)
class Far:
    """The true neighbours `rows` int64 (m,) of row `origin`, of `true` in all, that are not among as many nearest
    points of the map: `places` int64 (m,) which nearest they are there, `ranks` int64 (m,) in the truth. Places beyond
    `wide` are lost where the map's honesty is measured."""

    origin: int
    rows: NDArray[np.int64]
    places: NDArray[np.int64]
    ranks: NDArray[np.int64]
    true: int
    wide: int

    def told(self, row: int) -> str:
        """What there is to say of a row; empty for one that did not land far away."""
        at = np.flatnonzero(self.rows == row)
        return f"true neighbour {self.ranks[at[0]]} · place {self.places[at[0]]:,} on the map" if len(at) else ""


def far_away(positions: NDArray[np.float32], row: int, neighbours: NDArray[np.int64], width: int = WIDTH) -> Far:
    """The true neighbours (k,) of a row, nearest first, that are not among its k nearest points (n, 2) on the map."""
    places = map_places(positions, row, neighbours)
    far = places > len(neighbours)
    ranks = np.flatnonzero(far) + 1
    return Far(row, neighbours[far], places[far], ranks, len(neighbours), width * len(neighbours))


def near_on_map(
    positions: NDArray[np.float32],
    tree: object,
    rows: NDArray[np.int64],
    neighbours: NDArray[np.int64],
    width: int = WIDTH,
) -> NDArray[np.bool_]:
    """Which of the neighbours (s, k) of rows (s,) are among the k · width points nearest to it, ties included.

    `tree` is a cKDTree of the positions.
    """
    points = np.asarray(positions, np.float64)
    nearest = min(neighbours.shape[1] * width + 1, len(points))
    reach = tree.query(points[rows], k=[nearest])[0]  # type: ignore[attr-defined]
    apart = np.linalg.norm(points[neighbours] - points[rows][:, None], axis=2)
    found: NDArray[np.bool_] = apart <= reach * (1 + 1e-9)
    return found
