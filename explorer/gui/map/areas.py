"""Outlines on the map: the cells of an index, those that matter to the search before the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from explorer.gui.map.lettering import paint_text, sized
from explorer.gui.map.theme import MapTheme
from explorer.gui.map.viewport import Viewport

Manner = Literal["quiet", "numbered", "looked into", "missed", "chosen"]
"""A numbered one shows its text alone, at its middle."""
LEAST = 5.0
"""Logical pixels from the middle of a cell to its outline, at least: one of few rows would not be seen."""


LARGE = 2e4
"""An area of so many square pixels has half the ground of a small one."""
WIDTHS: dict[Manner, float] = {"quiet": 1.0, "numbered": 0.0, "looked into": 1.8, "missed": 1.2, "chosen": 1.8}
GROUNDS: dict[Manner, float] = {"quiet": 0.06, "numbered": 0.0, "looked into": 0.18, "missed": 0.12, "chosen": 0.22}


@dataclass(frozen=True, eq=False)
class Area:
    """Corners float32 (m, 2) in the map's units, the middle at which `text` stands, and what the area is; `colour`
    (red, green, blue) is that of its points where they bear one each."""

    corners: NDArray[np.float32]
    middle: tuple[float, float]
    manner: Manner
    text: str = ""
    colour: tuple[int, int, int] | None = None


Areas = tuple[Area, ...]


def paint_areas(painter: QPainter, areas: Areas, viewport: Viewport, theme: MapTheme) -> None:
    """Paint outlines over a view, the last areas over the first."""
    for area in (one for one in areas if one.manner != "numbered"):
        _paint_outline(painter, area, viewport, theme)


def paint_words(painter: QPainter, areas: Areas, viewport: Viewport, font: QFont, theme: MapTheme) -> None:
    """Paint the words of areas, as far as there is room, those of the last ones first."""
    letters = sized(font, 12, bold=True)
    metrics, taken = QFontMetricsF(letters), list[QRectF]()
    seen = QRectF(-20, -20, viewport.width + 40, viewport.height + 40)
    for area in reversed(areas):
        if not area.text:
            continue
        at = QPointF(*viewport.to_screen(*area.middle))
        if area.manner != "numbered":
            # At its top: the middle is where marks stand.
            top = viewport.screen_of(area.corners[[int(np.argmax(area.corners[:, 1]))]])[0]
            at = QPointF(top[0], min(top[1], at.y() - LEAST) - 9)
        if not seen.contains(at):
            continue
        wide = metrics.horizontalAdvance(area.text) + 4
        box = QRectF(at.x() - wide / 2, at.y() - 8, wide, 16)
        if not any(box.intersects(other) for other in taken):
            taken.append(box)
            paint_text(painter, letters, at, area.text, _colour(area, theme), QColor(theme.halo))


def _paint_outline(painter: QPainter, area: Area, viewport: Viewport, theme: MapTheme) -> None:
    colour, width = _colour(area, theme), WIDTHS[area.manner]
    pen = QPen(colour, width, j=Qt.PenJoinStyle.RoundJoin)
    if area.manner == "missed":
        pen.setDashPattern([4.0, 3.0])
    at = viewport.screen_of(area.corners)
    ground, covers = QColor(colour), float(np.prod(np.ptp(at, axis=0))) / LARGE
    # What covers half the map says little of where its rows are: its ground fades away.
    ground.setAlphaF(GROUNDS[area.manner] / (1 + covers))
    painter.setPen(pen)
    painter.setBrush(ground)
    if len(at) < 3 or np.ptp(at, axis=0).max() < 2 * LEAST:
        painter.drawEllipse(QPointF(*viewport.to_screen(*area.middle)), LEAST, LEAST)
    else:
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in at.tolist()]))


def _colour(area: Area, theme: MapTheme) -> QColor:
    if area.manner == "missed":
        return QColor(theme.miss)
    if area.manner == "chosen":
        return QColor(theme.text)
    if area.colour is not None:
        return QColor(*area.colour)
    colour = QColor(theme.accent if area.manner in ("looked into", "numbered") else theme.quiet)
    if area.manner == "quiet":
        colour.setAlphaF(0.7)
    return colour
