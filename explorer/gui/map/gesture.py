"""One press of a mouse button on the map, from press to release: a click, a drag of the paper, a box or a lasso."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt

Tool = Literal["pan", "box", "lasso"]
Mode = Literal["replace", "add", "subtract"]

DRAG_FROM = 4.0
"""A press that moves less, in logical pixels, is a click."""

_EXTENDING = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier


@dataclass
class Gesture:
    """What the pressed button does; `path` are the places it went through, on the screen."""

    tool: Tool
    button: Qt.MouseButton
    path: list[QPointF]
    dragging: bool = field(default=False)

    @classmethod
    def began(cls, tool: Tool, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier, at: QPointF) -> Gesture | None:
        """The gesture that a press begins: the tool's; a box with the right button, or with Shift where it pans."""
        if button == Qt.MouseButton.MiddleButton:
            return cls("pan", button, [at])
        if button == Qt.MouseButton.RightButton:
            return cls("lasso" if tool == "lasso" else "box", button, [at])
        if button != Qt.MouseButton.LeftButton:
            return None
        if tool == "pan" and modifiers & Qt.KeyboardModifier.ShiftModifier:
            return cls("box", button, [at])
        return cls(tool, button, [at])

    def moved(self, at: QPointF) -> QPointF:
        """Follow the pointer and return how far the paper moves with it (nowhere while selecting)."""
        if not self.dragging:
            if (at - self.path[0]).manhattanLength() < DRAG_FROM:
                return QPointF()
            self.dragging = True
        last = self.path[-1]
        if self.tool == "pan":
            self.path = [at]
            return at - last
        if self.tool == "box":
            self.path = [self.path[0], at]
        elif (at - last).manhattanLength() >= 2:
            self.path.append(at)
        return QPointF()

    def outline(self) -> NDArray[np.float64]:
        """The path as (m, 2)."""
        return np.array([(point.x(), point.y()) for point in self.path], np.float64).reshape(-1, 2)


def mode_of(modifiers: Qt.KeyboardModifier) -> Mode:
    """What a selection does to the one there is: Shift adds, Alt takes away."""
    if modifiers & Qt.KeyboardModifier.AltModifier:
        return "subtract"
    return "add" if modifiers & _EXTENDING else "replace"


def extends(modifiers: Qt.KeyboardModifier) -> bool:
    """Whether a click adds to what is selected."""
    return bool(modifiers & _EXTENDING)
