"""Which part of the plane the map shows, and the way from data to screen and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Bounds:
    """A rectangle in data units; `x0 <= x1` and `y0 <= y1`."""

    x0: float
    y0: float
    x1: float
    y1: float

    @classmethod
    def of(cls, x: Floats, y: Floats) -> Bounds | None:
        """The rectangle around all finite points; None when there are none."""
        if not x.size:
            return None
        edges = (float(x.min()), float(y.min()), float(x.max()), float(y.max()))
        if not np.isfinite(edges).all():
            known = np.isfinite(x) & np.isfinite(y)
            return cls.of(x[known], y[known])
        return cls(*edges)


@dataclass(frozen=True)
class Viewport:
    """The view: `scale` logical pixels a data unit (the same both ways), `cx, cy` at the middle, y upwards.

    `width` and `height` are in logical pixels. Screen positions count from the top left corner.
    """

    cx: float = 0.0
    cy: float = 0.0
    scale: float = 1.0
    width: int = 1
    height: int = 1

    @classmethod
    def around(cls, bounds: Bounds, width: int, height: int, margin: float = 40.0) -> Viewport:
        """The view that shows all of `bounds`, `margin` pixels from the nearest edge (less in a tiny window)."""
        margin = min(margin, 0.15 * min(width, height))
        across = max(bounds.x1 - bounds.x0, 1e-12)
        upwards = max(bounds.y1 - bounds.y0, 1e-12)
        room = max(width - 2 * margin, 1.0), max(height - 2 * margin, 1.0)
        if bounds.x1 - bounds.x0 <= 0 and bounds.y1 - bounds.y0 <= 0:
            scale = 100.0
        else:
            scale = min(room[0] / across, room[1] / upwards)
        return cls((bounds.x0 + bounds.x1) / 2, (bounds.y0 + bounds.y1) / 2, scale, width, height)

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the plane lies on the screen."""
        return (x - self.cx) * self.scale + self.width / 2, self.height / 2 - (y - self.cy) * self.scale

    def to_data(self, px: float, py: float) -> tuple[float, float]:
        """Which point of the plane lies under a place on the screen."""
        return (px - self.width / 2) / self.scale + self.cx, self.cy - (py - self.height / 2) / self.scale

    def screen_of(self, positions: Floats) -> NDArray[np.float64]:
        """`to_screen` of (n, 2) positions at once: float64 (n, 2)."""
        out = np.empty((len(positions), 2), np.float64)
        out[:, 0] = (positions[:, 0] - self.cx) * self.scale + self.width / 2
        out[:, 1] = self.height / 2 - (positions[:, 1] - self.cy) * self.scale
        return out

    def panned(self, dx: float, dy: float) -> Viewport:
        """The view after the paper was moved by (dx, dy) pixels."""
        return replace(self, cx=self.cx - dx / self.scale, cy=self.cy + dy / self.scale)

    def zoomed(self, factor: float, px: float, py: float) -> Viewport:
        """The view `factor` times larger, with what lies under (px, py) staying there."""
        x, y = self.to_data(px, py)
        scale = self.scale * factor
        return replace(self, scale=scale, cx=x - (px - self.width / 2) / scale, cy=y + (py - self.height / 2) / scale)

    def centred(self, x: float, y: float) -> Viewport:
        """The view moved so that (x, y) lies in its middle."""
        return replace(self, cx=x, cy=y)

    def resized(self, width: int, height: int) -> Viewport:
        """The same middle and scale in a window of another size."""
        return replace(self, width=width, height=height)

    def towards(self, goal: Viewport, part: float) -> Viewport:
        """A step of `part` (0 … 1) of the way to `goal`; while the scale changes, what both views share stays calm."""
        scale = exp(log(self.scale) + part * (log(goal.scale) - log(self.scale)))
        if abs(goal.scale - self.scale) <= 1e-9 * self.scale:
            share = part
        else:
            # Steps in 1/scale make the fixed point of a zoom stand still all the way.
            share = (1 / scale - 1 / self.scale) / (1 / goal.scale - 1 / self.scale)
        cx, cy = self.cx + share * (goal.cx - self.cx), self.cy + share * (goal.cy - self.cy)
        return replace(self, cx=cx, cy=cy, scale=scale, width=goal.width, height=goal.height)

    def near(self, goal: Viewport) -> bool:
        """Whether the step to `goal` could not be seen: under a tenth of a pixel and a thousandth of the scale."""
        apart = max(abs(self.cx - goal.cx), abs(self.cy - goal.cy)) * goal.scale
        return apart < 0.1 and abs(self.scale / goal.scale - 1) < 1e-3
