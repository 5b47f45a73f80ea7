"""The layers of a graph as maps one above the other, the lowest below, and the way of a search down through them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from explorer.core.structure import Layers
from explorer.core.trace import DESCEND, VISIT, Trace
from explorer.gui.inspect.drawing import Drawing
from explorer.gui.map.viewport import Bounds
from explorer.gui.theme import Theme

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
        self._positions: NDArray[np.float32] | None = None
        self._bounds: Bounds | None = None
        self._shown: list[tuple[int, NDArray[np.int64]]] = []
        self._trace: Trace | None = None
        self._kept: QPixmap | None = None

    @property
    def drawn(self) -> int:
        """How many layers are drawn."""
        highest = int(self._layers.levels.max(initial=0)) if self._layers is not None else 0
        return min(MOST, highest + 1)

    def show_layers(self, layers: Layers, positions: NDArray[np.float32] | None, trace: Trace | None) -> None:
        """Draw these layers, and a search through them."""
        if layers is self._layers and positions is self._positions and trace is self._trace:
            return
        known = self._layers
        if positions is not self._positions:
            self._bounds = None if positions is None else Bounds.of(positions[:, 0], positions[:, 1])
        if layers is not self._layers:
            self._layers = layers
            self._shown = [_some(layers, level) for level in range(self.drawn)]
            self.set_height(self.drawn * HIGH)
            counts = ", ".join(f"layer {level}: {count:,} rows" for level, (count, _) in enumerate(self._shown))
            self.setAccessibleDescription(counts)
        if positions is not self._positions or known is not layers:
            self._kept = None
        self._positions, self._trace = positions, trace
        self.update()

    def numbers(self) -> list[list[str]]:
        """One line a layer: its rows, the links on it, and how many of the search's steps were there."""
        layers, trace = self._layers, self._trace
        head = ["layer", "rows", "links", "links_of_a_row", "steps_of_the_search"]
        if layers is None:
            return [head]
        steps = np.zeros(0, int) if trace is None or trace.kind != "graph" else np.asarray(trace.levels)
        lines = []
        for level, links in enumerate(layers.links):
            rows = int((layers.levels >= level).sum())
            each = f"{len(links) / max(1, rows):.6g}"
            lines.append([str(level), str(rows), str(len(links)), each, str(int((steps == level).sum()))])
        return [head, *lines]

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Storey by storey, then the way through them."""
        if self._layers is None:
            return
        count = self.drawn
        high = area.height() / count
        if painter.device() is self:
            # Each step of a search paints anew, over the same grounds.
            ratio = self.devicePixelRatioF()
            if self._kept is None or self._kept.size() != self.size() * ratio:
                self._kept = QPixmap(self.size() * ratio)
                self._kept.setDevicePixelRatio(ratio)
                self._kept.fill(Qt.GlobalColor.transparent)
                inside = QPainter(self._kept)
                inside.setRenderHint(QPainter.RenderHint.Antialiasing)
                inside.setFont(self.font())
                self._paint_grounds(inside, area, high)
                inside.end()
            painter.drawPixmap(QPointF(), self._kept)
        else:
            self._paint_grounds(painter, area, high)
        self._paint_way(painter, area, high)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._kept = None
        super().set_theme(theme)

    def _paint_grounds(self, painter: QPainter, area: QRectF, high: float) -> None:
        for level in range(self.drawn):
            top = area.bottom() - (level + 1) * high
            self._paint_storey(painter, level, QRectF(area.left(), top, area.width(), high - 8))

    def _paint_storey(self, painter: QPainter, level: int, room: QRectF) -> None:
        theme = self.theme
        corners = [self._placed(np.array([corner], np.float64), room)[0] for corner in ((0, 0), (1, 0), (1, 1), (0, 1))]
        ground = QColor(theme.quiet)
        ground.setAlphaF(0.10)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawPolygon(QPolygonF(corners))
        count, some = self._shown[level]
        if self._bounds is not None and len(some):
            colour = QColor(theme.quiet)
            colour.setAlphaF(0.5 if len(some) > 500 else 0.9)
            painter.setPen(QPen(colour, 1.4 if len(some) > 500 else 2.2, c=Qt.PenCapStyle.RoundCap))
            painter.drawPoints(QPolygonF(self._placed(self._within(some), room)))
        painter.setPen(QColor(theme.quiet))
        words = f"{level} · {count:,}"
        painter.drawText(room.adjusted(2, 0, 0, 0), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, words)

    def _paint_way(self, painter: QPainter, area: QRectF, high: float) -> None:
        trace, theme = self._trace, self.theme
        if trace is None or trace.kind != "graph" or self._bounds is None:
            return
        moved = np.isin(trace.actions, (DESCEND, VISIT))
        rows, origins = trace.places[moved].tolist(), trace.origins[moved].tolist()
        levels = np.clip(trace.levels[moved], 0, self.drawn - 1).tolist()
        way: list[QPointF] = []
        lines: list[QLineF] = []
        below: dict[int, QPointF] = {}
        for row, origin, level in zip(rows, origins, levels, strict=True):
            top = area.bottom() - (level + 1) * high
            (point,) = self._placed(self._within(np.array([row])), QRectF(area.left(), top, area.width(), high - 8))
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

    def _within(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Where rows (m,) lie on the map, from 0 to 1 both ways: (m, 2)."""
        assert self._positions is not None and self._bounds is not None
        low = np.array([self._bounds.x0, self._bounds.y0])
        span = np.array([self._bounds.x1, self._bounds.y1]) - low
        return np.asarray((self._positions[rows] - low) / np.where(span > 0, span, 1.0))

    def _placed(self, at: NDArray[np.float64], room: QRectF) -> list[QPointF]:
        """Places in the unit square on the slanted ground of a storey."""
        x = room.left() + 56 + at[:, 0] * (room.width() - 60 - SLANT) + at[:, 1] * SLANT
        y = room.bottom() - at[:, 1] * room.height()
        return [QPointF(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]


def _some(layers: Layers, level: int) -> tuple[int, NDArray[np.int64]]:
    """How many rows a layer has, and as many of them as are drawn."""
    rows = np.flatnonzero(layers.levels >= level)
    return len(rows), rows[:: max(1, -(-len(rows) // MOST_POINTS))]
