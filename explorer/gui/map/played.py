"""A search on the map: the rows that were compared so far, those of the present step, and the way through a graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from explorer.gui.map.marks import Rows
from explorer.gui.map.theme import MapTheme

MOST_DISCS = 800
"""More rows than these are painted as squares into one picture, which costs the same however many they are."""
FEW = 60
"""Fresh rows up to so many are drawn larger."""
MOST_PATH = 600
"""So many last stations of the way are drawn."""


def _none() -> Rows:
    return np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Played:
    """Rows int64: `compared` before the present step and `fresh` in it; `path`, the rows that a graph was walked
    through, ending where the search stands, and `origins`, from which row it came to each, −1 for none; `spokes` are a
    row and those that it is linked to; `lacking` the same row and those that it should be linked to and is not."""

    compared: Rows = field(default_factory=_none)
    fresh: Rows = field(default_factory=_none)
    path: Rows = field(default_factory=_none)
    origins: Rows = field(default_factory=_none)
    spokes: Rows = field(default_factory=_none)
    lacking: Rows = field(default_factory=_none)


def paint_played(
    painter: QPainter,
    played: Played,
    places: Callable[[Rows], NDArray[np.float64]],
    size: tuple[int, int],
    theme: MapTheme,
) -> None:
    """Paint over a view of that size in logical pixels; `places` says where rows lie on the screen."""
    accent, edge = QColor(theme.accent), QColor(theme.halo)
    tint = QColor(accent)
    tint.setAlphaF(0.5)
    _points(painter, _seen(places(played.compared), size), tint, 5.0, size)
    fresh = _seen(places(played.fresh), size)
    across = 7.5 if len(fresh) <= FEW else 5.5
    _points(painter, fresh, edge, across + 2.0, size)
    _points(painter, fresh, accent, across, size)
    _spokes(painter, places(played.spokes), accent)
    _spokes(painter, places(played.lacking), QColor(theme.text), dotted=True)
    _way(painter, places(played.origins[-MOST_PATH:]), places(played.path[-MOST_PATH:]), QColor(theme.text))


def _way(painter: QPainter, came: NDArray[np.float64], went: NDArray[np.float64], colour: QColor) -> None:
    """Lines from where the walk came to where it went, the last one strong, and a ring where it stands."""
    lines = [
        QLineF(*one, *other) if np.isfinite((one, other)).all() else None for one, other in zip(came, went, strict=True)
    ]
    faint = QColor(colour)
    faint.setAlphaF(0.45)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(faint, 1.1))
    painter.drawLines([line for line in lines if line is not None])
    painter.setPen(QPen(colour, 2.0))
    if lines and lines[-1] is not None:
        painter.drawLine(lines[-1])
    if len(went) and np.isfinite(went[-1]).all():
        painter.drawEllipse(QPointF(*went[-1]), 8.5, 8.5)


def _spokes(painter: QPainter, ends: NDArray[np.float64], colour: QColor, *, dotted: bool = False) -> None:
    """Thin lines from the first place to all others."""
    ends = ends[np.isfinite(ends).all(axis=1)]
    thin = QColor(colour)
    thin.setAlphaF(0.7)
    painter.setPen(QPen(thin, 1.4, Qt.PenStyle.DotLine) if dotted else QPen(thin, 1.1))
    painter.drawLines([QLineF(*ends[0], *end) for end in ends[1:]])


def _seen(at: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """The places that lie in view."""
    with np.errstate(invalid="ignore"):
        inside = (at > -8).all(axis=1) & (at < np.array(size) + 8).all(axis=1)
    return at[inside]


def _points(
    painter: QPainter, at: NDArray[np.float64], colour: QColor, across: float, size: tuple[int, int]
) -> None:  # fmt: skip
    if not len(at):
        return
    if len(at) > MOST_DISCS:
        painter.drawImage(QPointF(), _squares(at, colour, size, max(2, round(across) - 2)))
        return
    painter.setPen(QPen(colour, across, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawPoints(_polygon(at))


def _squares(at: NDArray[np.float64], colour: QColor, size: tuple[int, int], across: int) -> QImage:
    """A clear picture of the view with a square at each place."""
    width, height = size
    pitch = (width + 3) // 4 * 4
    x, y = np.floor(at).astype(np.int64).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    dots = np.zeros((height, pitch), np.uint8)
    dots[y[inside], x[inside]] = 1
    # One dot for each row, and then all dots grown at once.
    mask = dots.copy()
    for step in range(1, across):
        mask[step:] |= dots[:-step]
    dots = mask.copy()
    for step in range(1, across):
        mask[:, step:] |= dots[:, :-step]
    image = QImage(mask.data, width, height, pitch, QImage.Format.Format_Indexed8)
    image.setColorTable([0, colour.rgba()])
    return image.copy()


def _polygon(at: NDArray[np.float64]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in at.tolist()])
