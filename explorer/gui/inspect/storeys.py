"""The layers of a graph as maps one above the other, the lowest below, and the way of a search down through them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from explorer.core.structure import Layers
from explorer.core.trace import DESCEND, VISIT, Trace
from explorer.gui.inspect.drawing import Drawing

HIGH = 62
MOST = 5
"""So many layers are drawn, the lowest ones; those above hold a handful of rows."""
MOST_POINTS = 2500
SLANT = 26.0
KEY = "The same map on every layer · blue: the way of the search, from its entry down"


class Storeys(Drawing):
    """Draws Layers over positions (n, 2)."""

    def __init__(self) -> None:
        super().__init__("Layers of the graph", 2 * HIGH, KEY)
        self._layers: Layers | None = None
        self._at: NDArray[np.float64] | None = None
        self._positions: object = None
        self._trace: Trace | None = None

    @property
    def drawn(self) -> int:
        """How many layers are drawn."""
        highest = int(self._layers.levels.max(initial=0)) if self._layers is not None else 0
        return min(MOST, highest + 1)

    def show_layers(self, layers: Layers, positions: NDArray[np.float32] | None, trace: Trace | None) -> None:
        """Draw these layers, and a search through them."""
        if layers is self._layers and positions is self._positions and trace is self._trace:
            return
        self._layers, self._positions, self._trace = layers, positions, trace
        self._at = None if positions is None else _in_unit_square(positions)
        self.set_height(self.drawn * HIGH)
        counts = ", ".join(
            f"layer {level}: {int((layers.levels >= level).sum()):,} rows" for level in range(self.drawn)
        )
        self.setAccessibleDescription(counts)
        self.update()

    def numbers(self) -> list[list[str]]:
        """One line a row: its highest layer and how many links it has on each."""
        layers = self._layers
        if layers is None:
            return [["row", "layer"]]
        head = ["row", "layer", *(f"links_on_{level}" for level in range(len(layers.starts)))]
        counts = [np.diff(starts) for starts in layers.starts]
        return [
            head,
            *([str(row), str(int(top)), *(str(int(c[row])) for c in counts)] for row, top in enumerate(layers.levels)),
        ]

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Storey by storey, then the way through them."""
        if self._layers is None:
            return
        count = self.drawn
        high = area.height() / count
        for level in range(count):
            top = area.bottom() - (level + 1) * high
            self._paint_storey(painter, level, QRectF(area.left(), top, area.width(), high - 8))
        self._paint_way(painter, area, high)

    def _paint_storey(self, painter: QPainter, level: int, room: QRectF) -> None:
        layers, theme = self._layers, self.theme
        assert layers is not None
        corners = [self._placed(np.array([corner], np.float64), room)[0] for corner in ((0, 0), (1, 0), (1, 1), (0, 1))]
        ground = QColor(theme.quiet)
        ground.setAlphaF(0.10)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawPolygon(QPolygonF(corners))
        rows = np.flatnonzero(layers.levels >= level)
        if self._at is not None and len(rows):
            some = rows[:: max(1, -(-len(rows) // MOST_POINTS))]
            colour = QColor(theme.quiet)
            colour.setAlphaF(0.5 if len(some) > 500 else 0.9)
            painter.setPen(QPen(colour, 1.4 if len(some) > 500 else 2.2, c=Qt.PenCapStyle.RoundCap))
            painter.drawPoints(QPolygonF(self._placed(self._at[some], room)))
        painter.setPen(QColor(theme.quiet))
        words = f"{level} · {len(rows):,}"
        painter.drawText(room.adjusted(2, 0, 0, 0), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, words)

    def _paint_way(self, painter: QPainter, area: QRectF, high: float) -> None:
        trace, theme = self._trace, self.theme
        if trace is None or trace.kind != "graph" or self._at is None:
            return
        moved = np.isin(trace.actions, (DESCEND, VISIT))
        rows, origins = trace.places[moved].tolist(), trace.origins[moved].tolist()
        levels = np.clip(trace.levels[moved], 0, self.drawn - 1).tolist()
        way: list[QPointF] = []
        lines: list[QLineF] = []
        below: dict[int, QPointF] = {}
        for row, origin, level in zip(rows, origins, levels, strict=True):
            top = area.bottom() - (level + 1) * high
            (point,) = self._placed(self._at[row : row + 1], QRectF(area.left(), top, area.width(), high - 8))
            if not np.isfinite(point.x() + point.y()):
                continue
            # Down here the search goes on from any row it has seen; above, from where it stands.
            before = below.get(origin, way[-1] if way and not below else None)
            if before is not None:
                lines.append(QLineF(before, point))
            way.append(point)
            if level == 0:
                below[row] = point
        accent = QColor(theme.accent)
        accent.setAlphaF(0.75)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(accent, 1.3))
        painter.drawLines(lines)
        painter.setPen(QPen(QColor(theme.accent), 3.0, c=Qt.PenCapStyle.RoundCap))
        painter.drawPoints(QPolygonF(way))

    def _placed(self, at: NDArray[np.float64], room: QRectF) -> list[QPointF]:
        """Places in the unit square on the slanted ground of a storey."""
        x = room.left() + 56 + at[:, 0] * (room.width() - 60 - SLANT) + at[:, 1] * SLANT
        y = room.bottom() - at[:, 1] * room.height()
        return [QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]


def _in_unit_square(positions: NDArray[np.float32]) -> NDArray[np.float64]:
    at = np.asarray(positions, np.float64)
    known = np.isfinite(at).all(axis=1)
    if not known.any():
        return at
    low, high = at[known].min(axis=0), at[known].max(axis=0)
    return np.asarray((at - low) / np.where(high > low, high - low, 1.0))
