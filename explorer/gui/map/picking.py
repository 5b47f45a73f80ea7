"""Which rows lie under the cursor, in a box, or in a lasso: plain numpy over the cloud, filtered rows left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.gui.map.cloud import Cloud
from explorer.gui.map.viewport import Viewport

REACH = 8.0
"""A point answers to the cursor from so many logical pixels away."""


def nearest(cloud: Cloud, viewport: Viewport, px: float, py: float, reach: float = REACH) -> int:
    """The row nearest to a place on the screen, the topmost of equals; −1 when none lies within `reach` pixels."""
    start = cloud.arrangement.faint
    x, y = viewport.to_data(px, py)
    # float32 positions are coarser than the cursor when the map is far zoomed in; the exact test follows.
    slack = np.float32(1.01 * reach / viewport.scale + 1e-6 * max(abs(x), abs(y)))
    near = np.flatnonzero(np.abs(cloud.x[start:] - np.float32(x)) <= slack) + start
    near = near[np.abs(cloud.y[near] - np.float32(y)) <= slack]
    if not near.size:
        return -1
    apart = np.hypot(cloud.x[near].astype(np.float64) - x, cloud.y[near].astype(np.float64) - y) * viewport.scale
    best = len(near) - 1 - int(np.argmin(apart[::-1]))
    return int(cloud.arrangement.order[near[best]]) if apart[best] <= reach else -1


def in_box(cloud: Cloud, viewport: Viewport, x0: float, y0: float, x1: float, y1: float) -> NDArray[np.int64]:
    """The rows inside a rectangle on the screen, whose corners may come in any order; int64, ascending."""
    return _rows(cloud, _within(cloud, viewport, min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))


def in_lasso(cloud: Cloud, viewport: Viewport, outline: NDArray[np.float64]) -> NDArray[np.int64]:
    """The rows inside a polygon on the screen, (m, 2), closed by itself, by the even-odd rule; int64, ascending.

    Pixels that the outline does not cross are decided once for all points on them; only the points on the others are
    tested against its edges.
    """
    outline = np.asarray(outline, np.float64)
    if len(outline) < 3:
        return np.empty(0, np.int64)
    (x0, y0), (x1, y1) = np.floor(outline.min(axis=0)), np.ceil(outline.max(axis=0))
    found = _within(cloud, viewport, x0, y0, x1, y1)
    if not found.size:
        return np.empty(0, np.int64)
    at = viewport.screen_of(np.stack([cloud.x[found], cloud.y[found]], axis=1)) - (x0, y0)
    outline = outline - (x0, y0)
    shape = int(y1 - y0) + 1, int(x1 - x0) + 1
    if shape[0] * shape[1] > 64_000_000:
        return _rows(cloud, found[inside(at, outline)])
    cell = at.astype(np.int32)
    column, row = np.clip(cell[:, 0], 0, shape[1] - 1), np.clip(cell[:, 1], 0, shape[0] - 1)
    filled, crossed = _filled(outline, shape), _crossed(outline, shape)
    taken = filled[row, column]
    unsure = np.flatnonzero(crossed[row, column])
    taken[unsure] = inside(at[unsure], outline)
    return _rows(cloud, found[taken])


def inside(points: NDArray[np.float64], outline: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points (n, 2) lie inside the polygon (m, 2), by the even-odd rule; bool (n,)."""
    order = np.argsort(points[:, 1], kind="stable")
    x, y = points[order, 0], points[order, 1]
    odd = np.zeros(len(points), np.bool_)
    for (ax, ay), (bx, by) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        first, last = np.searchsorted(y, (min(ay, by), max(ay, by)), side="left")
        if first < last:
            crossing = ax + (y[first:last] - ay) * ((bx - ax) / (by - ay))
            odd[first:last] ^= x[first:last] < crossing
    out = np.empty_like(odd)
    out[order] = odd
    return out


def _within(cloud: Cloud, viewport: Viewport, x0: float, y0: float, x1: float, y1: float) -> NDArray[np.int64]:
    """Places in the cloud of the shown points inside a rectangle on the screen, its edges included."""
    start = cloud.arrangement.faint
    left, top = viewport.to_data(x0, y0)
    right, bottom = viewport.to_data(x1, y1)
    x, y = cloud.x[start:], cloud.y[start:]
    found: NDArray[np.int64] = np.flatnonzero(
        (x >= np.float32(left)) & (x <= np.float32(right)) & (y >= np.float32(bottom)) & (y <= np.float32(top))
    )
    return found + start


def _rows(cloud: Cloud, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows at these places of the drawing order, ascending: a table of flags is quicker than sorting many."""
    if len(places) < len(cloud) // 16:
        return np.sort(cloud.arrangement.order[places].astype(np.int64))
    flags = np.zeros(len(cloud), np.bool_)
    flags[cloud.arrangement.order[places]] = True
    return np.flatnonzero(flags)


def _filled(outline: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pixels have their middle inside the polygon: every edge flips all pixels to its right."""
    flips = np.zeros((shape[0], shape[1] + 1), np.uint8)
    for (ax, ay), (bx, by) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        low, high = min(ay, by), max(ay, by)
        rows = np.arange(int(np.ceil(low - 0.5)), int(np.ceil(high - 0.5)))
        if not rows.size:
            continue
        crossing = ax + (rows + 0.5 - ay) * ((bx - ax) / (by - ay))
        flips[rows, np.clip(np.ceil(crossing - 0.5).astype(np.int64), 0, shape[1])] ^= 1
    return np.bitwise_xor.accumulate(flips, axis=1)[:, :-1].astype(np.bool_)


def _crossed(outline: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels that the outline goes through, and those beside them."""
    ends = np.roll(outline, -1, axis=0)
    crossed = np.zeros((shape[0] + 2, shape[1] + 2), np.bool_)
    for a, b in zip(outline, ends, strict=True):
        steps = int(np.ceil(2 * np.hypot(*(b - a)))) + 1
        along = a + np.linspace(0.0, 1.0, steps)[:, None] * (b - a)
        crossed[along[:, 1].astype(np.int64) + 1, along[:, 0].astype(np.int64) + 1] = True
    wide = crossed.copy()
    for axis in (0, 1):
        wide |= np.roll(wide, 1, axis) | np.roll(wide, -1, axis)
    return wide[1:-1, 1:-1]
