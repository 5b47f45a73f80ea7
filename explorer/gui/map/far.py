"""True neighbours that landed far away on the map: lines to them from the query, each told when it is pointed at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from explorer.gui.map.lettering import paint_text, sized
from explorer.gui.map.marks import Rows
from explorer.gui.map.theme import MapTheme
from explorer.measure.honesty import Far

NEAR = 5.0
"""A line answers to the pointer from so many logical pixels away."""


def nearest_line(far: Far, places: Callable[[Rows], NDArray[np.float64]], px: float, py: float) -> int:
    """The row at the end of the line that lies under a place on the screen, −1 where none does."""
    if not len(far.rows):
        return -1
    start, ends = places(np.array([far.origin]))[0], places(far.rows)
    along, at = ends - start, np.array([px, py]) - start
    length = np.maximum((along**2).sum(axis=1), 1e-9)
    share = np.clip((along @ at) / length, 0, 1)
    apart = np.hypot(*(at - share[:, None] * along).T)
    apart[~np.isfinite(apart)] = np.inf
    best = int(np.argmin(apart))
    return int(far.rows[best]) if apart[best] <= NEAR else -1


def paint_far(
    painter: QPainter,
    far: Far,
    places: Callable[[Rows], NDArray[np.float64]],
    pointed: int,
    caption: str,
    font: QFont,
    theme: MapTheme,
) -> None:
    """Paint the lines; that to the row `pointed` at is strong, and bears what is said of it at its middle."""
    start = places(np.array([far.origin]))[0]
    if not np.isfinite(start).all():
        return
    ends = places(far.rows)
    accent = QColor(theme.accent)
    for row, place, end in zip(far.rows.tolist(), far.places.tolist(), ends, strict=True):
        if not np.isfinite(end).all():
            continue
        colour = QColor(accent)
        colour.setAlphaF(1.0 if row == pointed else 0.85 if place > far.wide else 0.4)
        painter.setPen(QPen(colour, 2.6 if row == pointed else 1.6))
        painter.drawLine(QLineF(*start, *end))
        painter.drawEllipse(QPointF(*end), 4.0, 4.0)
    if pointed >= 0 and caption:
        end = ends[int(np.flatnonzero(far.rows == pointed)[0])]
        middle = QPointF(*((start + end) / 2)) - QPointF(0, 10)
        paint_text(painter, sized(font, 12, bold=True), middle, caption, QColor(theme.text), QColor(theme.halo))
