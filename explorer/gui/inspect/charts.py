"""Small charts: bars and a line, with a figure at each end of each axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF

from explorer.gui.inspect.drawing import Drawing

BELOW, ABOVE = 20, 8


@dataclass(frozen=True, eq=False)
class Bars:
    """Heights (m,); `ends` stand below the first and the last bar. Bars at the places `lit` are in the accent, at `red`
    in the colour of a miss; `notes` are written over some, the first of them if they collide. `head` names the columns
    of the table, whose first column is `names`, or places from 0."""

    heights: NDArray[Any]
    ends: tuple[str, str]
    head: tuple[str, str]
    names: Sequence[str] = ()
    lit: frozenset[int] = frozenset()
    red: frozenset[int] = frozenset()
    notes: Mapping[int, str] = field(default_factory=dict)


class BarChart(Drawing):
    """Draws Bars; where there are more of them than pixels, each pixel shows the highest of its bars.

    A bar tells its figure under the pointer, or where the keys have gone: ← → Home End. `chosen` tells which was
    clicked, or Return was pressed on, where that means something (`choosable`, which says what).
    """

    chosen = Signal(int)

    def __init__(self, title: str, height: int = 108, key: str = "", choosable: str = "") -> None:
        super().__init__(title, height, key)
        self.bars = Bars(np.empty(0), ("", ""), ("", ""))
        self.current = -1
        self._choosable = choosable
        self._inner = QRectF()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_bars(self, bars: Bars) -> None:
        """Draw other bars; one that is looked at stays so where there are as many as before."""
        if len(bars.heights) != len(self.bars.heights):
            self.current = -1
        self.bars = bars
        high = f"{float(bars.heights.max()):,.4g}" if len(bars.heights) else "none"
        self.setAccessibleDescription(f"{len(bars.heights):,} bars, the highest {high}")
        self.update()

    def legend(self) -> str:
        """The axes, and what the colours mean."""
        across, upwards = (name.replace("_", " ") for name in self.bars.head)
        return f"Across: {across} · upwards: {upwards}" + (f" · {self.key}" if self.key else "")

    def told(self, place: int) -> str:
        """A bar in words: cell 12: 131 rows"""
        if not 0 <= place < len(self.bars.heights):
            return ""
        name = self.bars.names[place] if self.bars.names else str(place)
        return f"{self.bars.head[0]} {name}: {self.bars.heights[place]:,.6g} {self.bars.head[1]}".replace("_", " ")

    def place_at(self, x: float) -> int:
        """The bar at a place across, −1 where there is none: of several on one pixel the one that is drawn."""
        count, inner = len(self.bars.heights), self._inner
        if not count or not inner.left() <= x < inner.right():
            return -1
        share = (x - inner.left()) / inner.width()
        if count <= inner.width():
            return min(count - 1, int(share * count))
        pixels = int(inner.width())
        first, last = (int((int(share * pixels) + i) / pixels * count) for i in range(2))
        marked = [place for place in (self.bars.lit | self.bars.red) if first - 1 <= place <= last + 1]
        if marked:
            return min(marked)
        return min(count - 1, first + int(np.argmax(self.bars.heights[first : max(first + 1, last)])))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell of the bar under the pointer."""
        place = self.place_at(event.position().x())
        self.setToolTip(self.told(place) + (f"\n{self._choosable}" if place >= 0 and self._choosable else ""))
        hand = Qt.CursorShape.PointingHandCursor if place >= 0 and self._choosable else Qt.CursorShape.ArrowCursor
        self.setCursor(hand)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the bar under the pointer."""
        if event.button() == Qt.MouseButton.LeftButton and (place := self.place_at(event.position().x())) >= 0:
            self._go_to(place)
            self.chosen.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk the bars, and choose one."""
        last = len(self.bars.heights) - 1
        key = Qt.Key(event.key())
        goals = {Qt.Key.Key_Left: self.current - 1, Qt.Key.Key_Right: self.current + 1, Qt.Key.Key_Home: 0}
        goals[Qt.Key.Key_End] = last
        if key in goals and last >= 0:
            self._go_to(min(last, max(0, goals[key])))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current >= 0:
            self.chosen.emit(self.current)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No bar is looked at any more."""
        super().focusOutEvent(event)
        self._go_to(-1)

    def _go_to(self, place: int) -> None:
        self.current = place
        if place >= 0:
            self.setAccessibleDescription(self.told(place))
        self.update()

    def numbers(self) -> list[list[str]]:
        """One line a bar."""
        names = self.bars.names or [str(i) for i in range(len(self.bars.heights))]
        lines = zip(names, self.bars.heights.tolist(), strict=True)
        return [list(self.bars.head), *([name, str(height)] for name, height in lines)]

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Bars over a thin line."""
        bars, count = self.bars, len(self.bars.heights)
        if not count:
            return
        high = float(bars.heights.max()) or 1.0
        above = ABOVE + (12 if bars.notes else 0)
        walked = painter.device() is self and self.current >= 0 and self.hasFocus()
        inner = framed(painter, area, (f"{high:,.4g}", "0"), ("", "") if walked else bars.ends, self, above=above)
        across = inner.width() / count
        marked = bars.lit | bars.red
        groups = _per_pixel(bars.heights, int(inner.width()))
        painter.setPen(Qt.PenStyle.NoPen)
        for place in groups:
            tall = float(bars.heights[place]) / high * inner.height()
            if place in marked:
                continue
            wide = max(1.0, across - (1.0 if across > 3 else 0.0))
            bar = QRectF(inner.left() + place * across, inner.bottom() - tall, wide, max(tall, 0.8))
            painter.fillRect(bar, self._colour(place))
        for place in sorted(marked):
            # A bar that matters is seen even where there are more bars than pixels.
            tall = float(bars.heights[place]) / high * inner.height()
            wide = max(3.0, across - (1.0 if across > 3 else 0.0))
            left = min(inner.left() + place * across, inner.right() - wide)
            painter.fillRect(QRectF(left, inner.bottom() - tall, wide, max(tall, 3.0)), self._colour(place))
        self._write_notes(painter, inner, across, high)
        if painter.device() is self:
            self._inner = inner
            self._paint_current(painter, inner, across)

    def _paint_current(self, painter: QPainter, inner: QRectF, across: float) -> None:
        """The bar that the keys have come to: a mark at its foot, and its words above."""
        if self.current < 0 or not self.hasFocus():
            return
        middle = min(inner.left() + (self.current + 0.5) * across, inner.right())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.accent))
        foot = inner.bottom() + 1
        painter.drawPolygon(
            QPolygonF([QPointF(middle, foot), QPointF(middle - 4, foot + 6), QPointF(middle + 4, foot + 6)])
        )
        words = self.told(self.current)
        wide = QFontMetricsF(painter.font()).horizontalAdvance(words)
        left = min(max(middle - wide / 2, inner.left()), inner.right() - wide)
        painter.setPen(QColor(self.theme.text))
        painter.drawText(QRectF(left, inner.bottom() + 3, wide + 1, BELOW - 3), Qt.AlignmentFlag.AlignCenter, words)

    def _colour(self, place: int) -> QColor:
        theme = self.theme
        if place in self.bars.red:
            return QColor(theme.miss)
        if place in self.bars.lit:
            return QColor(theme.accent)
        colour = QColor(theme.quiet)
        colour.setAlphaF(0.55)
        return colour

    def _write_notes(self, painter: QPainter, inner: QRectF, across: float, high: float) -> None:
        metrics = QFontMetricsF(painter.font())
        taken: list[QRectF] = []
        for place, note in self.bars.notes.items():
            wide = metrics.horizontalAdvance(note)
            top = inner.bottom() - float(self.bars.heights[place]) / high * inner.height() - metrics.height()
            left = inner.left() + (place + 0.5) * across - wide / 2
            box = QRectF(min(max(left, inner.left()), inner.right() - wide), top, wide, metrics.height())
            if not any(box.intersects(other.adjusted(-2, 0, 2, 0)) for other in taken):
                taken.append(box)
                painter.setPen(QColor(self.theme.miss if place in self.bars.red else self.theme.text))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, note)


class LineChart(Drawing):
    """One value by another, both ends of each axis named; the point `now` is marked."""

    def __init__(self, title: str, head: tuple[str, str], height: int = 108) -> None:
        super().__init__(title, height)
        self._head = head
        self.across: NDArray[Any] = np.empty(0)
        self.upwards: NDArray[Any] = np.empty(0)
        self._now = -1

    def show_line(self, x: NDArray[Any], y: NDArray[Any], now: int = -1) -> None:
        """Draw values y (m,), from 0 to 1, at increasing x (m,)."""
        self.across, self.upwards, self._now = x, y, now
        pairs = "; ".join(f"{a:,}: {b:.2f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
        self.setAccessibleDescription(f"{self._head[1]} by {self._head[0]}: {pairs[:400]}")
        self.update()

    def legend(self) -> str:
        """The axes."""
        return f"Across: {self._head[0]} · upwards: {self._head[1]}"

    def numbers(self) -> list[list[str]]:
        """One line a point."""
        return [
            list(self._head),
            *([str(a), str(b)] for a, b in zip(self.across.tolist(), self.upwards.tolist(), strict=True)),
        ]

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """The line, a dot at each value."""
        if not len(self.across):
            return
        ends = (f"{self._head[0]} {self.across[0]:,}", f"{self.across[-1]:,}")
        inner = framed(painter, area, ("1", "0"), ends, self).adjusted(4, 0, -4, 0)
        span = float(self.across[-1] - self.across[0]) or 1.0
        at = [
            QPointF(
                inner.left() + (a - float(self.across[0])) / span * inner.width(), inner.bottom() - b * inner.height()
            )
            for a, b in zip(self.across.tolist(), self.upwards.tolist(), strict=True)
        ]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(self.theme.accent), 1.6))
        painter.drawPolyline(QPolygonF(at))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self.theme.accent))
        for i, point in enumerate(at):
            if len(at) <= 40 or i == self._now:
                painter.drawEllipse(point, *((4.0, 4.0) if i == self._now else (2.2, 2.2)))


def framed(
    painter: QPainter,
    area: QRectF,
    figures: tuple[str, str],
    ends: tuple[str, str],
    drawing: Drawing,
    above: float = ABOVE,
) -> QRectF:
    """Draw the two lines of a chart with the figures of both axes, and return what is left for it."""
    theme = drawing.theme
    metrics = QFontMetricsF(painter.font())
    left = max(metrics.horizontalAdvance(figure) for figure in figures) + 8
    inner = QRectF(area.left() + left, area.top() + above, area.width() - left - 2, area.height() - above - BELOW)
    for y, figure in zip((inner.top(), inner.bottom()), figures, strict=True):
        painter.setPen(QColor(theme.line))
        painter.drawLine(QPointF(inner.left(), round(y) + 0.5), QPointF(inner.right(), round(y) + 0.5))
        painter.setPen(QColor(theme.quiet))
        beside = QRectF(area.left(), y - 9, left - 8, 18)
        painter.drawText(beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)
    below = QRectF(inner.left(), inner.bottom() + 3, inner.width(), BELOW - 3)
    painter.drawText(below, Qt.AlignmentFlag.AlignLeft, ends[0])
    painter.drawText(below, Qt.AlignmentFlag.AlignRight, ends[1])
    return inner


def _per_pixel(heights: NDArray[Any], pixels: int) -> list[int]:
    """All places, or of each pixel that of its highest bar."""
    if len(heights) <= max(1, pixels):
        return list(range(len(heights)))
    edges = np.linspace(0, len(heights), pixels + 1).astype(int)
    return [int(a + np.argmax(heights[a:b])) for a, b in pairwise(edges) if b > a]
