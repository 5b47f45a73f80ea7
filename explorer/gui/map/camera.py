"""Where the map looks: fits, zooms and pans, gliding there, and follows a running layout until somebody takes over."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, QSize, Signal

from explorer.gui.map.motion import Glide
from explorer.gui.map.viewport import Bounds, Viewport

MOST_ZOOM = 1e6
"""How many times larger than the whole map a view can be, …"""
LEAST_ZOOM = 0.1
"""… and how much smaller."""


class Camera(QObject):
    """Holds the Viewport; `moved` says that it changed. Without `smooth` every move is done at once."""

    moved = Signal()

    def __init__(self, parent: QObject, *, smooth: bool) -> None:
        super().__init__(parent)
        self.viewport = Viewport()
        self.smooth = smooth
        self._bounds: Bounds | None = None
        self._touched = False
        self._glide = Glide(self, self._show)

    @property
    def whole(self) -> Viewport:
        """The view that shows everything."""
        width, height = self.viewport.width, self.viewport.height
        if self._bounds is None:
            return Viewport(width=width, height=height)
        return Viewport.around(self._bounds, width, height)

    @property
    def _start(self) -> Viewport:
        """Where the view is, or is on its way to: further moves start there."""
        return self._glide.goal or self.viewport

    def resize(self, size: QSize) -> None:
        """The window has another size: a view that nobody moved is fitted again."""
        self._glide.stop()
        self.viewport = self.viewport.resized(max(1, size.width()), max(1, size.height()))
        self._go(self.viewport if self._touched else self.whole, at_once=True)
        self.moved.emit()

    def frame(self, bounds: Bounds | None, *, follow: bool) -> None:
        """Show a map of these bounds. With `follow` it is the next frame of one: a view that was moved stays."""
        first = self._bounds is None
        follow = follow or _alike(self._bounds, bounds)
        self._bounds = bounds
        if first or not follow:
            self._touched = False
            self._go(self.whole, at_once=True)
        elif not self._touched:
            goal = self.whole
            # Layouts of different makes differ in scale by orders: a glide would only show an empty map meanwhile.
            self._go(goal, at_once=not 0.5 < goal.scale / self.viewport.scale < 2.0)

    def fit(self) -> None:
        """Show everything, and follow it again while a layout runs."""
        self._touched = False
        self._go(self.whole)

    def zoom(self, factor: float, px: float, py: float) -> None:
        """Zoom around a place on the screen."""
        whole, start = self.whole.scale, self._start
        scale = float(np.clip(start.scale * factor, whole * LEAST_ZOOM, whole * MOST_ZOOM))
        self._touched = True
        self._go(start.zoomed(scale / start.scale, px, py))

    def pan(self, dx: float, dy: float, *, at_once: bool = False) -> None:
        """Move the paper by so many logical pixels."""
        self._touched = True
        self._go((self.viewport if at_once else self._start).panned(dx, dy), at_once=at_once)

    def centre(self, x: float, y: float) -> None:
        """Move a point of the plane into the middle."""
        self._touched = True
        self._go(self._start.centred(x, y))

    def _go(self, goal: Viewport, *, at_once: bool = False) -> None:
        if at_once or not self.smooth:
            self._glide.stop()
            self._show(goal)
        else:
            self._glide.to(self.viewport, goal)

    def _show(self, viewport: Viewport) -> None:
        if viewport != self.viewport:
            self.viewport = viewport
            self.moved.emit()


def _alike(one: Bounds | None, other: Bounds | None) -> bool:
    """Whether two maps lie in nearly the same place, as the last frames of a layout do."""
    if one is None or other is None:
        return False
    size = max(one.x1 - one.x0, one.y1 - one.y0, 1e-30)
    apart = np.abs(np.subtract((one.x0, one.y0, one.x1, one.y1), (other.x0, other.y0, other.x1, other.y1)))
    return bool(apart.max() < 0.1 * size)
