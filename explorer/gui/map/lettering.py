"""Text on the map: letters with an edge of the paper's colour around them, so that they read over any points."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from explorer.gui.map.placing import MOST_LABELS, MOST_TRIED, Label, Rect, place
from explorer.gui.map.theme import MapTheme
from explorer.gui.map.viewport import Viewport

LONGEST = 28
"""A label of more letters is cut."""

_EDGE = 3.0


def sized(font: QFont, pixels: float, *, bold: bool = False) -> QFont:
    """The font at another size in logical pixels."""
    out = QFont(font)
    out.setPixelSize(round(pixels))
    out.setWeight(QFont.Weight.Bold if bold else QFont.Weight.Normal)
    return out


def paint_path(painter: QPainter, path: QPainterPath, colour: QColor, halo: QColor, edge: float = 2.0) -> None:
    """The outline of letters filled with `colour`, over an edge of `halo`."""
    pen = QPen(halo, 2 * edge, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(path, pen)
    painter.fillPath(path, colour)


def paint_text(painter: QPainter, font: QFont, middle: QPointF, text: str, colour: QColor, halo: QColor) -> None:
    """A short text with its edge, its middle at a point."""
    metrics = QFontMetricsF(font)
    path = QPainterPath()
    path.addText(
        middle.x() - metrics.horizontalAdvance(text) / 2, middle.y() + metrics.capHeight() / 2, font, text
    )  # fmt: skip
    paint_path(painter, path, colour, halo, 1.6)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A label's letters around the origin, and its size."""

    path: QPainterPath
    width: float
    height: float


class ClusterLabels:
    """The labels of the clusters; where they stand depends on the scale alone, so they are calm while panning."""

    def __init__(self, labels: list[Label], font: QFont) -> None:
        self.labels = labels[:MOST_TRIED]
        self._drawn = [_letters(text, font) for text, _, _ in self.labels]
        self._pictures: dict[tuple[int, str, str, float], QImage] = {}
        self._scale = 0.0
        self._placed: list[tuple[int, Rect]] = []

    def placed(self, viewport: Viewport) -> list[tuple[int, Rect]]:
        """Number and rectangle on the screen of each label shown: those in view, at most 30, none over another."""
        if viewport.scale != self._scale:
            anchors = np.array([(x, -y) for _, x, y in self.labels]).reshape(-1, 2) * viewport.scale
            sizes = np.array([(drawn.width, drawn.height) for drawn in self._drawn]).reshape(-1, 2)
            self._placed = place(anchors, sizes)
            self._scale = viewport.scale
        right = viewport.width / 2 - viewport.cx * viewport.scale
        down = viewport.height / 2 + viewport.cy * viewport.scale
        shown: list[tuple[int, Rect]] = []
        for number, (left, top, width, height) in self._placed:
            x, y = left + right, top + down
            if x + width > 0 and y + height > 0 and x < viewport.width and y < viewport.height:
                shown.append((number, (x, y, width, height)))
                if len(shown) == MOST_LABELS:
                    break
        return shown

    def paint(self, painter: QPainter, viewport: Viewport, theme: MapTheme) -> None:
        """Write them over the points, each from a picture of it: edges around letters are slow to draw."""
        ratio = painter.device().devicePixelRatioF()
        for number, (left, top, _, _) in self.placed(viewport):
            key = number, theme.text, theme.halo, ratio
            if key not in self._pictures:
                self._pictures[key] = _picture(self._drawn[number], theme, ratio)
            x, y = (round((side - _EDGE) * ratio) / ratio for side in (left, top))
            painter.drawImage(QPointF(x, y), self._pictures[key])


def _picture(label: _Drawn, theme: MapTheme, ratio: float) -> QImage:
    """The label with its edge on a clear ground, for a screen of that pixel ratio."""
    width, height = label.width + 2 * _EDGE, label.height + 2 * _EDGE
    image = QImage(ceil(width * ratio), ceil(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = QPointF(width / 2, height / 2)
    paint_path(painter, label.path.translated(middle), QColor(theme.text), QColor(theme.halo))
    painter.end()
    return image


def _letters(text: str, font: QFont) -> _Drawn:
    """Large for a digit or two, smaller for words."""
    shown = text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
    font = sized(font, 16 if len(shown) <= 3 else 12, bold=True)
    metrics = QFontMetricsF(font)
    width = metrics.horizontalAdvance(shown)
    path = QPainterPath()
    path.addText(-width / 2, metrics.capHeight() / 2, font, shown)
    return _Drawn(path, width + 4, metrics.capHeight() + 8)
