"""The points in the order in which they are drawn: mixed, and in groups that are drawn differently."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.gui.map.viewport import Bounds

SAMPLE = 2048
"""So many points stand for all of them where only the crowd is asked for."""

SPARSE_FROM = 50_000
"""From this many points on they are drawn so small that those which lie alone get a larger disc."""

MOST_LONELY = 4000


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Rows in drawing order, int32 (n,): first the filtered ones, then those not selected, then the others.

    `faint` and `dim` are where the second and the third group begin. Within a group the order is mixed, always in the
    same way, so that colours which lie over each other show in fair shares and the first m are a fair sample.
    """

    order: NDArray[np.int32]
    faint: int
    dim: int


def mixed(n: int) -> NDArray[np.int32]:
    """The rows 0 … n−1 in strides of the golden section: as even as a shuffle, and many times quicker."""
    stride = max(1, round(n * 0.6180339887498949))
    while gcd(stride, n) > 1:
        stride += 1
    return (np.arange(n, dtype=np.int64) * stride % max(n, 1)).astype(np.int32)


def plain(n: int) -> Arrangement:
    """The drawing order while nothing is filtered or selected."""
    return Arrangement(mixed(n), 0, 0)


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points in drawing order: `x`, `y` float32 (n,), `code` uint16 (n,), the colour of each.

    `bounds` are those of all points; `lonely` are places in this order, int64, of the shown points with hardly any
    other near them.
    """

    arrangement: Arrangement
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    code: NDArray[np.uint16]
    bounds: Bounds | None
    lonely: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.x)

    def crowd(self, across: float, upwards: float) -> float:
        """About how many points share a window of this size (in data units) where points are dense."""
        start = self.arrangement.faint
        shown = len(self) - start
        x, y = self.x[start : start + SAMPLE], self.y[start : start + SAMPLE]
        if not len(x):
            return 1.0
        anchors = slice(0, 32)
        near = np.abs(x[None, :] - x[anchors, None]) < across / 2
        near &= np.abs(y[None, :] - y[anchors, None]) < upwards / 2
        return max(1.0, float(np.quantile(near.mean(axis=1), 0.75)) * shown)


def placed(
    arrangement: Arrangement,
    positions: NDArray[np.float32],
    codes: NDArray[Any],
    before: Cloud | None = None,
    bounds: Bounds | None = None,
) -> Cloud:
    """The cloud of positions (n, 2) and codes (n,) in that order. A position that is not finite is never drawn.

    A cloud `before` of the same arrangement and codes lends its colours, and the lonely points, which are not looked
    for here. `bounds` are those of the positions, where they are known.
    """
    order = arrangement.order
    pairs = np.ascontiguousarray(positions, np.float32).view(np.complex64).reshape(-1)[order]
    x, y = pairs.real.copy(), pairs.imag.copy()
    bounds = bounds or Bounds.of(x, y)
    if before is not None and before.arrangement is arrangement:
        return Cloud(arrangement, x, y, before.code, bounds, before.lonely)
    return Cloud(arrangement, x, y, recoded(arrangement, codes), bounds, np.empty(0, np.int64))


def parted(whole: Cloud, visible: NDArray[np.bool_] | None, selection: NDArray[np.int64] | None) -> Cloud:
    """The same points in the order in which they are drawn when some rows are filtered and some are selected.

    From the cloud of all in their plain order, since picking out of what lies in a row is several times quicker than
    gathering it anew.
    """
    base = whole.arrangement.order
    groups: list[NDArray[np.bool_]] = []
    seen = np.ones(len(base), np.bool_) if visible is None else visible[base]
    if visible is not None:
        groups.append(~seen)
    faint = len(base) - int(np.count_nonzero(seen))
    dim = faint
    if selection is not None and len(selection):
        chosen = np.zeros(len(base), np.bool_)
        chosen[selection] = True
        bright = chosen[base] & seen
        groups += [seen & ~bright, bright]
        dim = len(base) - int(np.count_nonzero(bright))
    elif visible is not None:
        groups.append(seen)
    if not groups:
        return whole
    order, x, y, code = (
        np.concatenate([numbers[group] for group in groups]) for numbers in (base, whole.x, whole.y, whole.code)
    )
    return Cloud(Arrangement(order, faint, dim), x, y, code, whole.bounds, np.empty(0, np.int64))


def recoded(arrangement: Arrangement, codes: NDArray[Any]) -> NDArray[np.uint16]:
    """The colour codes of all rows in drawing order."""
    return codes.astype(np.uint16, copy=False)[arrangement.order]


def lonely(cloud: Cloud) -> NDArray[np.int64]:
    """Places of shown points in cells of a coarse grid that hold, with the eight around them, hardly any others.

    None of a small cloud: its points are large enough to be seen alone.
    """
    x, y, bounds, start = cloud.x, cloud.y, cloud.bounds, cloud.arrangement.faint
    if bounds is None or len(x) - start < SPARSE_FROM:
        return np.empty(0, np.int64)
    cells = 128
    side = max(bounds.x1 - bounds.x0, bounds.y1 - bounds.y0, 1e-30) * 1.0001 / cells
    column = ((x[start:] - np.float32(bounds.x0)) * np.float32(1 / side)).astype(np.int32)
    row = ((y[start:] - np.float32(bounds.y0)) * np.float32(1 / side)).astype(np.int32)
    pitch = cells + 2
    cell = np.clip(row, 0, cells - 1)
    cell += 1
    cell *= pitch
    cell += np.clip(column, 0, cells - 1)
    cell += 1
    grid = np.bincount(cell, minlength=pitch * pitch).reshape(pitch, pitch)
    around = sum(np.roll(grid, (v, u), (0, 1)) for v in (-1, 0, 1) for u in (-1, 0, 1))
    alone = (np.asarray(around) <= 4).reshape(-1)
    return (np.flatnonzero(alone[cell])[:MOST_LONELY] + start).astype(np.int64)
