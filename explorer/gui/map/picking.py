"""Which rows lie under the cursor, in a box, or in a lasso: straight over the cloud, filtered rows left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from explorer.gui.map.cloud import Cloud
from explorer.gui.map.kernel import Kernels
from explorer.gui.map.viewport import Viewport

REACH = 8.0
"""A point answers to the cursor from so many logical pixels away."""

_INSIDE, _UNSURE = 1, 255


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


def in_lasso(cloud: Cloud, viewport: Viewport, outline: NDArray[np.float64], kernels: Kernels) -> NDArray[np.int64]:
    """The rows inside a polygon on the screen, (m, 2), closed by itself, by the even-odd rule; int64, ascending.

    Pixels that the outline keeps away from are decided once for all points on them; only the points on the others are
    tested against its edges.
    """
    outline = np.asarray(outline, np.float64)
    if len(outline) < 3:
        return np.empty(0, np.int64)
    corner = np.floor(outline.min(axis=0)) - 2
    stencil = _stencil(outline - corner)
    left, top = viewport.to_data(*corner)
    start = cloud.arrangement.faint
    x, y = cloud.x[start:], cloud.y[start:]
    found = np.empty(len(x), np.uint8)
    kernels.stencil(x, y, left, top, viewport.scale, stencil, found)
    unsure = np.flatnonzero(found == _UNSURE)
    at = viewport.screen_of(np.stack([x[unsure], y[unsure]], axis=1))
    found[unsure] = np.where(inside(at, outline), _INSIDE, 0)
    flags = np.zeros(len(cloud), np.bool_)
    flags[cloud.arrangement.order[start:]] = found == _INSIDE
    return np.flatnonzero(flags)


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


def _stencil(outline: NDArray[np.float64]) -> NDArray[np.uint8]:
    """What each pixel knows of a polygon: that it is inside, outside (0), or so near to an edge that it is unsure."""
    width, height = (int(side) for side in np.ceil(outline.max(axis=0)) + 3)
    image = QImage(width, height, QImage.Format.Format_Grayscale8)
    image.fill(0)
    polygon = QPolygonF([QPointF(x, y) for x, y in outline.tolist()])
    polygon.append(polygon.first())
    painter = QPainter(image)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(_INSIDE, _INSIDE, _INSIDE))
    painter.drawPolygon(polygon, Qt.FillRule.OddEvenFill)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(_UNSURE, _UNSURE, _UNSURE), 3.0, c=Qt.PenCapStyle.SquareCap))
    painter.drawPolyline(polygon)
    painter.end()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
    return rows[:, :width].copy()
