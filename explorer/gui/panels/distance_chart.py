"""How distance grows with rank: truth as a line, a dot for each hit, a ring for each miss, extras after it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QVBoxLayout, QWidget

from explorer.gui import wording
from explorer.gui.theme import DARK, Theme
from explorer.gui.widgets.pieces import heading
from explorer.session.controller import Controller
from explorer.session.state import State

HEIGHT = 156
MOST_DOTS = 60
"""With more neighbours than this, hits are the line alone; misses keep their rings."""


class DistanceChart(QWidget):
    """Hidden until there is a truth of two rows or more."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._plot = _Plot()
        self.setFixedHeight(HEIGHT)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 12, 10)
        column.setSpacing(4)
        column.addWidget(heading("Distance by rank"))
        column.addWidget(self._plot, 1)
        self.hide()
        controller.session.listen(self._follow)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._plot.theme = theme
        self._plot.update()

    def _follow(self, new: State, old: State) -> None:
        if new.asked is None:
            self.hide()
        elif new.verdict is not None and new.verdict is not old.verdict and new.truth is not None and new.answer:
            missed = np.isin(new.truth.rows, new.verdict.misses)
            found = new.answer.neighbours
            self._plot.show_answer(new.truth.distances, missed, found.distances[~new.verdict.hit])
            self.setVisible(len(new.truth) > 1)


class _Plot(QWidget):
    """Two figures on the left, the first and the last rank below."""

    def __init__(self) -> None:
        super().__init__()
        self.theme = DARK
        self._truth: NDArray[np.float64] = np.empty(0)
        self._missed: NDArray[np.bool_] = np.empty(0, bool)
        self._extras: NDArray[np.float64] = np.empty(0)

    def show_answer(self, truth: NDArray[np.float64], missed: NDArray[np.bool_], extras: NDArray[np.float64]) -> None:
        """Distances by rank, which of them were missed, and the distances of extras."""
        self._truth, self._missed, self._extras = truth, missed, extras
        ends = f"from {wording.distance(float(truth[0]))} to {wording.distance(float(truth[-1]))}" if len(truth) else ""
        self.setAccessibleName(f"Distance by rank, {ends}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what `show_answer` was given."""
        if len(self._truth) < 2:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        everything = np.concatenate([self._truth, self._extras])
        low, high = float(everything.min()), float(everything.max())
        figures = wording.distance(high), wording.distance(low)
        left = max(painter.fontMetrics().horizontalAdvance(figure) for figure in figures) + 10
        area = QRectF(left, 6, self.width() - left - 8, self.height() - 28)
        self._frame(painter, area, figures, len(everything))
        at = _placed(everything, low, high, area)
        n = len(self._truth)
        painter.setPen(QPen(QColor(self.theme.quiet), 1.5))
        painter.drawPolyline(QPolygonF(at[:n]))
        for i, point in enumerate(at):
            self._dot(painter, point, i, n)

    def _frame(self, painter: QPainter, area: QRectF, figures: tuple[str, str], last: int) -> None:
        painter.setPen(QColor(self.theme.line))
        for y in (area.top(), area.bottom()):
            painter.drawLine(QPointF(area.left(), round(y) + 0.5), QPointF(area.right(), round(y) + 0.5))
        painter.setPen(QColor(self.theme.quiet))
        for y, figure in zip((area.top(), area.bottom()), figures, strict=True):
            beside = QRectF(0, y - 9, area.left() - 8, 18)
            painter.drawText(beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)
        below = QRectF(area.left() - 8, area.bottom() + 4, area.width() + 16, 18)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "1")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, str(last))

    def _dot(self, painter: QPainter, at: QPointF, i: int, n: int) -> None:
        if i >= n:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self.theme.quiet), 1.3))
            painter.drawRect(QRectF(at.x() - 3, at.y() - 3, 6, 6))
        elif self._missed[i]:
            painter.setBrush(QColor(self.theme.panel))
            painter.setPen(QPen(QColor(self.theme.miss), 1.5))
            painter.drawEllipse(at, 3.5, 3.5)
        elif n <= MOST_DOTS:
            painter.setBrush(QColor(self.theme.text))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(at, 3, 3)


def _placed(values: NDArray[np.float64], low: float, high: float, area: QRectF) -> list[QPointF]:
    """Where each value stands in the area; all equal ones stand in the middle."""
    step = area.width() / max(1, len(values) - 1)
    share = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    return [QPointF(area.left() + i * step, area.bottom() - s * area.height()) for i, s in enumerate(share.tolist())]
