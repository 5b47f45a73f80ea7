"""A search seen from its query: how far each row truly is, in the direction of where it was met."""

from __future__ import annotations

from math import pi

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy

from explorer.core.metric import Metric, order
from explorer.gui import wording
from explorer.gui.inspect.drawing import Drawing
from explorer.gui.inspect.steps import Story
from explorer.session.lines import Line

KEY = (
    "Middle: the query · outwards: true distance · around: where a row was met · dashed: the true neighbours’ reach · "
    "blue: compared so far · disc: found · red ring: missed · square: extra"
)
GAP = 0.12
"""Of a turn, at the bottom: there stand the rows that the search did not compare."""


class Polar(Drawing):
    """Draws a Story up to a step, and the lines of the table over it."""

    def __init__(self) -> None:
        super().__init__("The search seen from its query", 200, KEY)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self._story: Story | None = None
        self._step = 0
        self._lines: tuple[Line, ...] = ()
        self._metric: Metric = "cosine"
        self._far: NDArray[np.float64] = np.empty(0)
        self._turn: NDArray[np.float64] = np.empty(0)
        self._place: dict[int, int] = {}

    def show_story(
        self, story: Story | None, distances: NDArray[np.float64] | None, lines: tuple[Line, ...], metric: Metric
    ) -> None:
        """Draw a story whose trace's rows lie at these true distances (v,); None empties it."""
        self._story = story if distances is not None else None
        self._lines, self._metric = lines, metric
        if story is not None and distances is not None:
            self._far, self._turn = distances, directions(story)
            self._place = {int(row): i for i, row in enumerate(story.trace.rows.tolist())}
        self.update()

    def show_step(self, step: int) -> None:
        """Draw as far as this step."""
        self._step = step
        self.update()

    def drawn_height(self) -> int:
        """As high as it is now, as far as that makes a picture."""
        return max(200, min(self.height(), 600))

    def sizeHint(self) -> QSize:
        """All the room there is."""
        return QSize(240, 200)

    def numbers(self) -> list[list[str]]:
        """One line a row that was compared."""
        head = ["row", "distance", "direction", "mark"]
        if self._story is None:
            return [head]
        mark = {line.row: line.mark for line in self._lines}
        rows = self._story.trace.rows.tolist()
        compared = zip(rows, self._far.tolist(), self._turn.tolist(), strict=True)
        missed = ([str(one.row), str(one.distance), "", one.mark] for one in self._lines if one.row not in self._place)
        return [head, *([str(r), str(d), f"{t:.4f}", mark.get(r, "")] for r, d, t in compared), *missed]

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Rows, then the marks of the table, then the query."""
        if self._story is None or not len(self._far):
            return
        theme, middle = self.theme, area.center()
        reach = min(area.width(), area.height()) / 2 - 10
        true = [line.distance for line in self._lines if line.mark in ("hit", "miss")]
        radius = _Radius(self._metric, np.concatenate([self._far, [line.distance for line in self._lines]]), reach)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if true:
            farthest = np.array(true)[int(np.argmax(order(self._metric, np.array(true))))]
            edge = float(radius.of(np.array([farthest]))[0])
            painter.setPen(QPen(QColor(theme.quiet), 1, Qt.PenStyle.DashLine))
            painter.drawEllipse(middle, edge, edge)
            painter.drawText(
                area.adjusted(16, 0, 0, 0), Qt.AlignmentFlag.AlignTop, f"– –  {wording.distance(farthest)}"
            )
        painter.setPen(QPen(QColor(theme.line), 1))
        painter.drawEllipse(middle, reach, reach)
        at = _around(middle, radius.of(self._far), self._turn)
        known = int(self._story.trace.known[self._step]) if len(self._story.trace) else len(at)
        quiet, accent = QColor(theme.quiet), QColor(theme.accent)
        quiet.setAlphaF(0.35)
        accent.setAlphaF(0.75)
        for colour, points in ((quiet, at[known:]), (accent, at[:known])):
            painter.setPen(QPen(colour, 3.4, c=Qt.PenCapStyle.RoundCap))
            painter.drawPoints(QPolygonF([QPointF(x, y) for x, y in points.tolist()]))
        self._paint_marks(painter, middle, radius)

    def _paint_marks(self, painter: QPainter, middle: QPointF, radius: _Radius) -> None:
        theme = self.theme
        unmet = [line for line in self._lines if line.row not in self._place]
        for line in self._lines:
            far = float(radius.of(np.array([line.distance]))[0])
            if line.row in self._place:
                turn = float(self._turn[self._place[line.row]])
            else:
                turn = 1 - GAP * (unmet.index(line) + 1) / (len(unmet) + 1)
            at = QPointF(*_around(middle, np.array([far]), np.array([turn]))[0])
            if line.mark == "miss":
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(theme.miss), 1.8))
                painter.drawEllipse(at, 5, 5)
            elif line.mark == "extra":
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(theme.quiet), 1.5))
                painter.drawRect(QRectF(at.x() - 4, at.y() - 4, 8, 8))
            else:
                painter.setBrush(QColor(theme.accent))
                painter.setPen(QPen(QColor(theme.text), 1.5))
                painter.drawEllipse(at, 4.5, 4.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.text))
        painter.drawEllipse(middle, 3, 3)


class _Radius:
    """Distances to pixels: the nearest a little off the middle, the farthest at the rim."""

    def __init__(self, metric: Metric, distances: NDArray[np.float64], rim: float) -> None:
        self._metric, self._rim = metric, rim
        ordered = order(metric, distances)
        self._low, self._high = float(ordered.min()), float(ordered.max())
        if metric != "dot":
            # Distances begin at 0, where the query is; a product has no such place.
            self._low = 0.0

    def of(self, distances: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels from the middle."""
        span = (self._high - self._low) or 1.0
        share = (order(self._metric, distances) - self._low) / span
        return np.asarray(8 + np.clip(share, 0, 1) * (self._rim - 8))


def directions(story: Story) -> NDArray[np.float64]:
    """In which direction each row of a trace stands, in turns: those that were met in one tree, cell or visit share a
    sector, and the sectors follow each other as they were opened."""
    trace = story.trace
    count = len(trace.rows)
    met = np.minimum(np.searchsorted(trace.known, np.arange(count), side="right"), max(0, len(trace) - 1))
    group = met if trace.kind != "forest" or not len(trace) else trace.levels[met].astype(np.int64)
    _, first, sector = np.unique(group, return_index=True, return_inverse=True)
    turn_of = np.argsort(np.argsort(first))[sector.reshape(-1)]
    by_sector = np.argsort(turn_of, kind="stable")
    sizes = np.bincount(turn_of, minlength=1)
    inside = np.empty(count)
    inside[by_sector] = np.arange(count) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    share = (inside + 0.5) / sizes[turn_of] if count else inside
    return np.asarray((turn_of + 0.08 + 0.84 * share) / len(sizes) * (1 - GAP))


def _around(middle: QPointF, radius: NDArray[np.float64], turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Clockwise from just left of the bottom, so that the last part of the turn lies at the bottom."""
    start = pi / 2 + GAP * pi
    angle = start + turn * 2 * pi
    return np.stack([middle.x() + radius * np.cos(angle), middle.y() + radius * np.sin(angle)], axis=1)
