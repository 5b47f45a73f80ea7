"""What is painted over the points: the query, lines to its neighbours, and a shape for how each was found."""

from __future__ import annotations

from collections.abc import Callable, Collection
from math import cos, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from explorer.gui.map.lettering import paint_text, sized
from explorer.gui.map.marks import Marks, Rows
from explorer.gui.map.theme import MapTheme
from explorer.gui.map.viewport import Viewport

HIT, MISS, EXTRA, STAR, RING = 6.1, 7.2, 5.4, 9.5, 16.8
"""Radii in logical pixels; EXTRA is half a side."""
CAPTION = "approximate position"

MOST_LETTERS = 60
"""With more rows than these that one index returned alone, only those that are looked at bear its letter."""

Places = Callable[[Rows], NDArray[np.float64]]
"""Rows (m,) to where they lie on the screen, (m, 2)."""

Colours = Callable[[int], QColor]
"""A row to the colour of its point."""


class Overlay:
    """Paints Marks over one view in one theme: `places` and `colours` answer for the rows."""

    def __init__(
        self, painter: QPainter, viewport: Viewport, theme: MapTheme, font: QFont, places: Places, colours: Colours
    ) -> None:
        self._painter = painter
        self._theme = theme
        self._font = font
        self._places = places
        self._colours = colours
        self._viewport = viewport
        self._frame = QRectF(-40, -40, viewport.width + 80, viewport.height + 80)

    def marks(self, marks: Marks, told: Collection[int] = ()) -> None:
        """All of the marks; those of the rows `told` and the focused one also show their rank."""
        painter, theme = self._painter, self._theme
        found = max(1, len(marks.hits) + len(marks.misses) + len(marks.extras) + len(marks.pending))
        size = min(1.0, max(0.5, sqrt(40 / found)))
        query = self._query(marks)
        if query is not None:
            self._lines(query, marks, min(1.0, sqrt(24 / found)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.grey), 1.7 * size, j=Qt.PenJoinStyle.MiterJoin))
        for _, at in self._seen(marks.extras):
            painter.drawRect(QRectF(at.x() - EXTRA * size, at.y() - EXTRA * size, 2 * EXTRA * size, 2 * EXTRA * size))
        for row, at in self._seen(marks.pending):
            self._disc(at, HIT * size - 0.4, self._colours(row), QPen(QColor(theme.halo), 1.0))
        for row, at in self._seen(marks.hits):
            self._disc(at, HIT * size, self._colours(row), QPen(QColor(theme.text), 1.6 * size))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.miss), 2.0 * size))
        for _, at in self._seen(marks.misses):
            painter.drawEllipse(at, MISS * size, MISS * size)
        if query is not None:
            self._star(query, marks.approximate)
        if marks.focused is not None:
            self._halo(marks.focused, 10.5, QColor(theme.accent), 2.0)
        near = {*told, marks.focused}
        lettered = [row for row in marks.letters if len(marks.letters) <= MOST_LETTERS or row in near]
        for row, at in self._seen(np.array(sorted(lettered), np.int64)):
            self._letter(at, marks.letters[row])
        shown = {row for row in told if row in marks.ranks}
        if marks.focused is not None and marks.focused in marks.ranks:
            shown.add(marks.focused)
        for row, at in self._seen(np.array(sorted(shown), np.int64)):
            if rank := marks.ranks[row]:
                self._rank(at, rank)

    def hover(self, row: int, *, marked: bool) -> None:
        """A thin halo around the point under the cursor; one without a mark shows in its full colour."""
        if not marked:
            for _, at in self._seen(np.array([row], np.int64)):
                self._disc(at, 3.6, self._colours(row), QPen(QColor(self._theme.halo), 1.0))
        self._halo(row, 8.5, QColor(self._theme.text), 1.2)

    def _query(self, marks: Marks) -> QPointF | None:
        if marks.query_row is not None:
            x, y = self._places(np.array([marks.query_row], np.int64))[0]
            return QPointF(x, y) if np.isfinite(x + y) else None
        return None if marks.query_at is None else QPointF(*self._viewport.to_screen(*marks.query_at))

    def _seen(self, rows: Rows) -> list[tuple[int, QPointF]]:
        """The rows that lie in the frame, and where."""
        rows = np.asarray(rows, np.int64)
        if not len(rows):
            return []
        at = self._places(rows)
        frame = self._frame
        shown = (at[:, 0] >= frame.left()) & (at[:, 0] <= frame.right())
        shown &= (at[:, 1] >= frame.top()) & (at[:, 1] <= frame.bottom())
        return [
            (int(row), QPointF(float(x), float(y))) for row, (x, y) in zip(rows[shown], at[shown], strict=True)
        ]  # fmt: skip

    def _lines(self, query: QPointF, marks: Marks, strength: float) -> None:
        """Thin lines to what was found, dashed red ones to what was missed; cut at the frame before they are dashed."""
        painter, theme = self._painter, self._theme
        quiet, miss = QColor(theme.line), QColor(theme.miss)
        quiet.setAlphaF(0.75 * strength)
        miss.setAlphaF(0.9 * strength)
        found = np.concatenate([np.asarray(rows, np.int64) for rows in (marks.hits, marks.pending)])
        painter.setPen(QPen(quiet, 1.0))
        painter.drawLines(self._clipped(query, found))
        pen = QPen(miss, 1.2)
        pen.setDashPattern([4.0, 3.2])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawLines(self._clipped(query, np.asarray(marks.misses, np.int64)))

    def _clipped(self, start: QPointF, rows: Rows) -> list[QLineF]:
        """Lines from `start` to the rows, the parts of them inside the frame (Liang and Barsky, 1984)."""
        if not len(rows):
            return []
        frame = self._frame
        ends = self._places(rows)
        origin = np.array([start.x(), start.y()])
        along = ends - origin
        low, high = np.array([frame.left(), frame.top()]), np.array([frame.right(), frame.bottom()])
        along[along == 0] = 1e-9
        one, other = (low - origin) / along, (high - origin) / along
        enter = np.maximum(np.minimum(one, other).max(axis=1), 0.0)
        leave = np.minimum(np.maximum(one, other).min(axis=1), 1.0)
        return [
            QLineF(*(origin + t * step), *(origin + u * step))
            for t, u, step in zip(enter, leave, along, strict=True)
            if t < u
        ]

    def _disc(self, at: QPointF, radius: float, fill: QColor, pen: QPen) -> None:
        self._painter.setPen(pen)
        self._painter.setBrush(fill)
        self._painter.drawEllipse(at, radius, radius)

    def _halo(self, row: int, radius: float, colour: QColor, width: float) -> None:
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.setPen(QPen(colour, width))
        for _, at in self._seen(np.array([row], np.int64)):
            self._painter.drawEllipse(at, radius, radius)

    def _star(self, at: QPointF, approximate: bool) -> None:
        """The query: a star in a ring; a dashed ring and a caption where its place is a guess."""
        painter, theme = self._painter, self._theme
        if not self._frame.contains(at):
            return
        accent = QColor(theme.accent)
        points = []
        for corner in range(10):
            radius = STAR if corner % 2 == 0 else STAR * 0.42
            angle = -pi / 2 + corner * pi / 5
            points.append(QPointF(at.x() + radius * cos(angle), at.y() + radius * sin(angle)))
        star = QPolygonF(points)
        painter.setBrush(QColor(theme.halo))
        painter.setPen(QPen(QColor(theme.halo), 3.0, j=Qt.PenJoinStyle.RoundJoin))
        painter.drawPolygon(star)
        painter.setBrush(accent)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(star)
        ring = QPen(accent, 1.6)
        if approximate:
            ring.setDashPattern([3.0, 2.4])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(ring)
        painter.drawEllipse(at, RING, RING)
        if approximate:
            font = sized(self._font, 12)
            # Near an edge the caption keeps inside the picture.
            room = QFontMetricsF(font).horizontalAdvance(CAPTION) / 2 + 6
            x = min(max(at.x(), room), max(room, self._viewport.width - room))
            below = QPointF(x, at.y() + (RING + 12 if at.y() + RING + 24 < self._viewport.height else -RING - 12))
            paint_text(painter, font, below, CAPTION, QColor(theme.quiet), QColor(theme.halo))

    def _rank(self, at: QPointF, rank: int) -> None:
        theme = self._theme
        beside = QPointF(at.x() + 13, at.y() - 11)
        paint_text(
            self._painter, sized(self._font, 12, bold=True), beside, str(rank), QColor(theme.text), QColor(theme.halo)
        )  # fmt: skip

    def _letter(self, at: QPointF, letter: str) -> None:
        """Which of two indexes alone returned a row, below its mark on the right; its rank stands above."""
        theme, beside = self._theme, QPointF(at.x() + 12, at.y() + 10)
        paint_text(
            self._painter, sized(self._font, 11, bold=True), beside, letter, QColor(theme.text), QColor(theme.halo)
        )  # fmt: skip
