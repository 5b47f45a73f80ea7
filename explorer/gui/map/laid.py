"""What is laid over the points and below the marks: outlines, a search under way, labels, lines to far neighbours."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont, QPainter

from explorer.gui.map.areas import Areas, paint_areas, paint_words
from explorer.gui.map.far import nearest_line, paint_far
from explorer.gui.map.lettering import ClusterLabels
from explorer.gui.map.marks import Rows
from explorer.gui.map.placing import Label
from explorer.gui.map.played import Played, paint_played
from explorer.gui.map.theme import MapTheme
from explorer.gui.map.viewport import Viewport
from explorer.measure.honesty import Far

Places = Callable[[Rows], NDArray[np.float64]]
"""Rows (m,) to where they lie on the screen, (m, 2)."""


class Laid:
    """Holds what the map was given to lay over its points, and paints it."""

    def __init__(self, font: QFont) -> None:
        self.areas: Areas = ()
        self.played: Played | None = None
        self.far: Far | None = None
        self.pointed = -1
        """The far neighbour whose line, or which itself, is under the pointer."""
        self._labels = ClusterLabels([], font)

    def label(self, labels: Sequence[Label], font: QFont) -> None:
        """Write these labels."""
        self._labels = ClusterLabels(list(labels), font)

    def label_rectangles(self, viewport: Viewport) -> list[QRectF]:
        """Where the labels stand that are in view."""
        return [QRectF(*rect) for _, rect in self._labels.placed(viewport)]

    def show_far(self, far: Far | None) -> None:
        """Draw these lines."""
        self.far, self.pointed = far, -1

    def point(self, at: QPointF | None, hovered: int, places: Places) -> bool:
        """See what lies under the pointer, which is on a row or on none (−1); whether that is another than before."""
        pointed = -1
        if self.far is not None and at is not None:
            # Where points lie close there is one at every place of a line.
            own = hovered in self.far.rows
            pointed = hovered if own else nearest_line(self.far, places, at.x(), at.y())
        differs = pointed != self.pointed
        self.pointed = pointed
        return differs

    def paint(
        self,
        painter: QPainter,
        viewport: Viewport,
        places: Places,
        font: QFont,
        theme: MapTheme,
        named: Callable[[int], str],
    ) -> None:
        """Paint it; `named` says what stands at the line of a far neighbour that is pointed at."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_areas(painter, self.areas, viewport, theme)
        if self.played is not None:
            paint_played(painter, self.played, places, (viewport.width, viewport.height), theme)
        self._labels.paint(painter, viewport, theme)
        paint_words(painter, self.areas, viewport, font, theme)
        if self.far is not None:
            words = named(self.pointed) if self.pointed >= 0 else ""
            paint_far(painter, self.far, places, self.pointed, words, font, theme)
