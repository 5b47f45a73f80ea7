"""True distances against those by code: what the index takes for near, and what is."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF

from explorer.core.metric import Metric
from explorer.gui import wording
from explorer.gui.inspect.charts import framed
from explorer.gui.inspect.drawing import Drawing
from explorer.measure.coding import CodedDistances
from explorer.session.lines import Line

KEY = (
    "Across: true distance · upwards: by code · line: where both agree · disc: found · red ring: missed · square: extra"
)
SAMPLED = "grey: pairs of a sample · blue: rows compared by this search"
NEAR = 8.0
"""A row answers to the pointer from so many pixels away."""


class Scatter(Drawing):
    """Draws CodedDistances; `row_chosen` tells which row was clicked, or Return was pressed on: ← → go through the rows
    of the table."""

    row_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__("True distance against distance by code", 220, f"{KEY} · {SAMPLED}")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._found: CodedDistances | None = None
        self._lines: tuple[Line, ...] = ()
        self._metric: Metric = "cosine"
        self._at: NDArray[np.float64] = np.empty((0, 2))
        self._current = -1

    def show_distances(self, found: CodedDistances, told: tuple[Line, ...], metric: Metric) -> None:
        """Draw these, with the marks of the table."""
        if found is self._found and told == self._lines:
            return
        self._found, self._lines, self._metric, self._current = found, told, metric, -1
        self.setAccessibleDescription(
            f"{len(found.rows):,} rows and {len(found.sample_true):,} pairs of a sample; "
            f"a correlation of {found.correlation:.3f}"
        )
        self.update()

    def numbers(self) -> list[list[str]]:
        """One line a pair; those of the sample bear no row."""
        head = ["of", "row", "true_distance", "distance_by_code", "mark"]
        if self._found is None:
            return [head]
        marks, found = {line.row: line.mark for line in self._lines}, self._found
        own = zip(found.rows.tolist(), found.true.tolist(), found.coded.tolist(), strict=True)
        pairs = zip(found.sample_true.tolist(), found.sample_coded.tolist(), strict=True)
        return [
            head,
            *(["query", str(row), str(true), str(coded), marks.get(row, "")] for row, true, coded in own),
            *(["sample", "", str(true), str(coded), ""] for true, coded in pairs),
        ]

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """The sample, the rows of the search, and the marks of the table over both."""
        found = self._found
        if found is None or not len(found.rows):
            return
        theme = self.theme
        low, high = self._range(found)
        ends = (f"true distance {wording.distance(low)}", wording.distance(high))
        figures = (wording.distance(high), wording.distance(low))
        inner = framed(painter, area, figures, ends, self)
        span = (high - low) or 1.0

        def placed(true: NDArray[np.float64], coded: NDArray[np.float64]) -> NDArray[np.float64]:
            x = inner.left() + (true - low) / span * inner.width()
            y = inner.bottom() - (coded - low) / span * inner.height()
            return np.stack([x, y], axis=1)

        painter.setPen(QPen(QColor(theme.quiet), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QLineF(inner.bottomLeft(), inner.topRight()))
        quiet, accent = QColor(theme.quiet), QColor(theme.accent)
        quiet.setAlphaF(0.35)
        accent.setAlphaF(0.6)
        at = placed(found.true, found.coded)
        for colour, points in ((quiet, placed(found.sample_true, found.sample_coded)), (accent, at)):
            painter.setPen(QPen(colour, 2.6, c=Qt.PenCapStyle.RoundCap))
            painter.drawPoints(QPolygonF([QPointF(x, y) for x, y in points.tolist()]))
        places = {row: at[i] for i, row in enumerate(found.rows.tolist())}
        for line in self._lines:
            if line.row in places:
                self._mark(painter, QPointF(*places[line.row]), line.mark)
        if painter.device() is self:
            self._at = at
            if self._current >= 0 and self.hasFocus():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(theme.accent), 1.6))
                painter.drawEllipse(QPointF(*at[self._current]), 9, 9)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell of the row under the pointer."""
        place = self._place_at(event.position().x(), event.position().y())
        self.setToolTip(self._told(place) if place >= 0 else "")
        self.setCursor(Qt.CursorShape.PointingHandCursor if place >= 0 else Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Look at the row under the pointer."""
        place = self._place_at(event.position().x(), event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and place >= 0 and self._found is not None:
            self._current = place
            self.row_chosen.emit(int(self._found.rows[place]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go through the rows of the table, and look at one."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and self._found is not None:
            own = [int(i) for i in np.flatnonzero(np.isin(self._found.rows, [line.row for line in self._lines]))]
            rank = {line.row: turn for turn, line in enumerate(self._lines)}
            own.sort(key=lambda place: rank[int(self._found.rows[place])])  # type: ignore[union-attr]
            if own:
                at = own.index(self._current) + step if self._current in own else 0
                self._current = own[min(len(own) - 1, max(0, at))]
                self.setAccessibleDescription(self._told(self._current))
                self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current >= 0 and self._found is not None:
            self.row_chosen.emit(int(self._found.rows[self._current]))
        else:
            super().keyPressEvent(event)

    def _range(self, found: CodedDistances) -> tuple[float, float]:
        """The same on both axes: of all there are but the outermost of the sample."""
        own = np.concatenate([found.true, found.coded])
        own = own[np.isfinite(own)]
        sample = np.concatenate([found.sample_true, found.sample_coded])
        ends = np.percentile(sample, (0.5, 99.5)) if len(sample) else own
        low, high = min(own.min(), ends.min()), max(own.max(), ends.max())
        digits = 10.0 ** (np.floor(np.log10(max(high - low, 1e-12))) - 1)
        return float(np.floor(low / digits) * digits), float(ceil(high / digits) * digits)

    def _told(self, place: int) -> str:
        assert self._found is not None
        row, found = int(self._found.rows[place]), self._found
        mark = next((f" · {line.mark}" for line in self._lines if line.row == row), "")
        true, coded = float(found.true[place]), float(found.coded[place])
        return f"#{row}{mark} · true {wording.distance(true)} · by code {wording.distance(coded)}"

    def _place_at(self, x: float, y: float) -> int:
        if not len(self._at) or self._found is None:
            return -1
        apart = np.hypot(*(self._at - (x, y)).T)
        marked = np.isin(self._found.rows, [line.row for line in self._lines])
        # A mark lies over the points about it.
        apart = np.where(np.isfinite(apart), apart, np.inf) - np.where(marked, 3.0, 0.0)
        best = int(np.argmin(apart))
        return best if apart[best] <= NEAR else -1

    def _mark(self, painter: QPainter, at: QPointF, mark: str) -> None:
        theme = self.theme
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if mark == "miss":
            painter.setPen(QPen(QColor(theme.miss), 1.8))
            painter.drawEllipse(at, 5, 5)
        elif mark == "extra":
            painter.setPen(QPen(QColor(theme.quiet), 1.5))
            painter.drawRect(QRectF(at.x() - 4, at.y() - 4, 8, 8))
        else:
            painter.setBrush(QColor(theme.accent))
            painter.setPen(QPen(QColor(theme.text), 1.5))
            painter.drawEllipse(at, 4.5, 4.5)
