"""Random partitions of the rows into small cells of near rows, many of which together find most neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CELL_ROWS = 256
"""The most rows in a cell."""

FAN = 32
"""The most parts that a cell is divided into at once."""


@dataclass(frozen=True, eq=False)
class Partition:
    """A partition of n rows: `order` int32 (n,) lists them cell by cell; cell c is order[starts[c]:starts[c + 1]]."""

    order: NDArray[np.int32]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1


def partitioned(rows: NDArray[np.float32], rng: np.random.Generator, largest: int = CELL_ROWS) -> Partition:
    """A partition of (n, d) rows into cells of at most `largest`.

    A cell that is too large is divided among randomly chosen rows of its own, each row to the nearest of them
    (squared euclidean), until all are small: a hierarchy of random Voronoi cells, which follows the density of the
    data at a cost of n · d · FAN for each level. A cell that this does not divide well (equal rows) is cut anyhow.
    """
    order = np.arange(len(rows), dtype=np.int32)
    ends: list[int] = []
    waiting = [(0, len(rows))]
    while waiting:
        start, end = waiting.pop()
        size = end - start
        if size <= largest:
            ends.append(end)
            continue
        fan = min(FAN, 2 * -(-size // largest))
        members = order[start:end]
        label = _nearest_of(rows, members, rng.choice(members, fan, replace=False))
        sizes = np.bincount(label, minlength=fan)
        if sizes.max() > 0.9 * size:
            sizes = np.full(fan, size // fan)
            sizes[: size % fan] += 1
        else:
            order[start:end] = members[np.argsort(label, kind="stable")]
        edges = start + np.concatenate([[0], np.cumsum(sizes[sizes > 0])])
        waiting.extend(zip(edges[-2::-1].tolist(), edges[:0:-1].tolist(), strict=True))
    return Partition(order, np.concatenate([[0], np.array(ends, np.int64)]))


def _nearest_of(rows: NDArray[np.float32], members: NDArray[np.int32], centres: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Which of the centres each member is nearest to, uint8 (members,), in blocks of bounded memory."""
    points = rows[centres]
    half_norms = np.einsum("ij,ij->i", points, points) / 2
    label = np.empty(len(members), np.uint8)
    for start in range(0, len(members), 1 << 14):
        scores = rows[members[start : start + (1 << 14)]] @ points.T
        scores -= half_norms
        label[start : start + (1 << 14)] = scores.argmax(axis=1)
    return label
