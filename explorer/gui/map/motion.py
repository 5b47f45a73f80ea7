"""Moves of the view that the eye can follow: most of the way at once, the rest within a fifth of a second."""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from time import perf_counter

from PySide6.QtCore import QObject, Qt, QTimer

from explorer.gui.map.viewport import Viewport

FRAME_MS = 16
TIME_CONSTANT = 0.055
"""Seconds in which the way that is left falls to a third."""


class Glide(QObject):
    """Brings the view to a goal step by step; `show` is called with each step's view, the last one being the goal."""

    def __init__(self, parent: QObject, show: Callable[[Viewport], None]) -> None:
        super().__init__(parent)
        self.goal: Viewport | None = None
        self._show = show
        self._view = Viewport()
        self._last = 0.0
        self._timer = QTimer(self, interval=FRAME_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._step)

    def to(self, view: Viewport, goal: Viewport) -> None:
        """Go from `view` to `goal`; a goal that was on its way is forgotten."""
        self._view, self.goal = view, goal
        if not self._timer.isActive():
            self._last = perf_counter()
            self._timer.start()

    def stop(self) -> None:
        """Stay where the view is now."""
        self.goal = None
        self._timer.stop()

    def _step(self) -> None:
        now = perf_counter()
        passed, self._last = now - self._last, now
        goal = self.goal
        if goal is None:
            self._timer.stop()
            return
        self._view = self._view.towards(goal, 1.0 - exp(-passed / TIME_CONSTANT))
        if self._view.near(goal):
            self._view = goal
            self.stop()
        self._show(self._view)
