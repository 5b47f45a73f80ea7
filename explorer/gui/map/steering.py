"""Turns mouse, wheel, touchpad and keys into moves of the view and into what the map tells."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPen,
    QPolygonF,
    QSinglePointEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from explorer.gui.map.camera import Camera
from explorer.gui.map.gesture import Gesture, Tool, extends, mode_of
from explorer.gui.map.motion import FRAME_MS

KEY_STEP = 60.0
"""Logical pixels that an arrow key moves the paper; with Shift four times as many."""
KEY_ZOOM = 1.4
WHEEL_ZOOM = 1.0015
"""Zoom for one eighth of a degree of the wheel; a usual notch is 120 of them."""

_PRESSES = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)


class Picker(Protocol):
    """Says which rows lie where on the screen."""

    def pick(self, px: float, py: float) -> int:
        """The row at a place, −1 when there is none."""
        ...

    def pick_all(self, tool: Tool, outline: NDArray[np.float64]) -> NDArray[np.int64]:
        """The rows inside a box (two corners) or a lasso."""
        ...


class Steering(QObject):
    """Listens to a widget's events, moves its Camera, and tells what was done by signals of the map's names."""

    row_clicked = Signal(int, bool)
    empty_clicked = Signal()
    row_activated = Signal(int)
    row_hovered = Signal(int)
    selection_made = Signal(object, str)
    tool_changed = Signal(str)
    place_clicked = Signal(QPointF)
    """Where a click was, on a point or on none, before the signal that says which."""
    looked = Signal(object)
    """Where the pointer is, once a frame; None when it is not here, or drags."""
    changed = Signal()
    """What is painted over the map differs: the box or lasso, or the hovered row."""

    def __init__(self, widget: QWidget, camera: Camera, picker: Picker) -> None:
        super().__init__(widget)
        self.tool: Tool = "pan"
        self.hovered = -1
        self._widget = widget
        self._camera = camera
        self._picker = picker
        self._gesture: Gesture | None = None
        self._pointer: QPointF | None = None
        self._timer = QTimer(self, interval=FRAME_MS, singleShot=True)
        self._timer.timeout.connect(self._look)
        camera.moved.connect(self.look_soon)
        widget.installEventFilter(self)
        self._set_cursor()

    def set_tool(self, tool: Tool) -> None:
        """What dragging with the left button does from now on."""
        self._gesture = None
        if tool != self.tool:
            self.tool = tool
            self.tool_changed.emit(tool)
        self._set_cursor()
        self.changed.emit()

    def look_soon(self) -> None:
        """See what lies under the pointer, at most once a frame."""
        if not self._timer.isActive() and (self._pointer is not None or self.hovered >= 0):
            self._timer.start()

    def paint(self, painter: QPainter, colour: QColor) -> None:
        """The box or lasso that is being drawn."""
        gesture = self._gesture
        if gesture is None or not gesture.dragging or gesture.tool == "pan":
            return
        painter.setPen(QPen(colour, 1.2))
        inner = QColor(colour)
        inner.setAlphaF(0.12)
        painter.setBrush(inner)
        if gesture.tool == "box":
            painter.drawRect(QRectF(gesture.path[0], gesture.path[-1]).normalized())
        else:
            painter.drawPolygon(QPolygonF(gesture.path))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """True for the events that were of use here."""
        kind = event.type()
        if kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        if kind == QEvent.Type.Wheel and isinstance(event, QWheelEvent):
            at = event.position()
            self._camera.zoom(WHEEL_ZOOM ** float(event.angleDelta().y()), at.x(), at.y())
            return True
        if kind == QEvent.Type.NativeGesture and isinstance(event, QNativeGestureEvent):
            return self._pinch(event)
        if kind in _PRESSES and isinstance(event, QMouseEvent):
            return self._press(event, double=kind == QEvent.Type.MouseButtonDblClick)
        if kind == QEvent.Type.MouseMove and isinstance(event, QSinglePointEvent):
            self._move(event.position())
            return True
        if kind == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            return self._release(event)
        if kind == QEvent.Type.Leave:
            self._pointer = None
            self.look_soon()
        return False

    def _key(self, event: QKeyEvent) -> bool:
        step = KEY_STEP * (4 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        moves = {
            Qt.Key.Key_Left: (step, 0.0),
            Qt.Key.Key_Right: (-step, 0.0),
            Qt.Key.Key_Up: (0.0, step),
            Qt.Key.Key_Down: (0.0, -step),
        }
        key = Qt.Key(event.key())
        others = (
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
        )
        if event.modifiers() & others:
            return False
        middle = self._widget.width() / 2, self._widget.height() / 2
        if key in moves:
            self._camera.pan(*moves[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._camera.zoom(KEY_ZOOM, *middle)
        elif key in (Qt.Key.Key_Minus, Qt.Key.Key_Underscore):
            self._camera.zoom(1 / KEY_ZOOM, *middle)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_F):
            self._camera.fit()
        elif key == Qt.Key.Key_Escape and (self._gesture is not None or self.tool != "pan"):
            self.set_tool("pan")
        else:
            return False
        return True

    def _pinch(self, event: QNativeGestureEvent) -> bool:
        if event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
            return False
        self._camera.zoom(max(0.2, 1.0 + event.value()), event.position().x(), event.position().y())
        return True

    def _press(self, event: QMouseEvent, *, double: bool) -> bool:
        if double and event.button() == Qt.MouseButton.LeftButton and self.tool == "pan":
            row = self._picker.pick(event.position().x(), event.position().y())
            self._gesture = None
            if row >= 0:
                self.row_activated.emit(row)
            return True
        if self._gesture is None:
            self._gesture = Gesture.began(self.tool, event.button(), event.modifiers(), event.position())
        return self._gesture is not None

    def _move(self, at: QPointF) -> None:
        self._pointer = at
        gesture = self._gesture
        if gesture is None:
            self.look_soon()
            return
        was_dragging = gesture.dragging
        step = gesture.moved(at)
        if not gesture.dragging:
            return
        if not was_dragging:
            self._hover(-1)
            self._set_cursor()
        if gesture.tool == "pan":
            self._camera.pan(step.x(), step.y(), at_once=True)
        self.changed.emit()

    def _release(self, event: QMouseEvent) -> bool:
        gesture = self._gesture
        if gesture is None or event.button() != gesture.button:
            return False
        self._gesture = None
        if gesture.dragging:
            if gesture.tool != "pan":
                rows = self._picker.pick_all(gesture.tool, gesture.outline())
                self.selection_made.emit(rows, mode_of(event.modifiers()))
            self._set_cursor()
            self.changed.emit()
        elif gesture.button == Qt.MouseButton.LeftButton:
            self.place_clicked.emit(event.position())
            row = self._picker.pick(event.position().x(), event.position().y())
            if row >= 0:
                self.row_clicked.emit(row, extends(event.modifiers()))
            else:
                self.empty_clicked.emit()
        self.look_soon()
        return True

    def _look(self) -> None:
        dragging = self._gesture is not None and self._gesture.dragging
        at = self._pointer
        self._hover(-1 if at is None or dragging else self._picker.pick(at.x(), at.y()))
        self.looked.emit(None if dragging else at)

    def _hover(self, row: int) -> None:
        if row != self.hovered:
            self.hovered = row
            self._set_cursor()
            self.row_hovered.emit(row)
            self.changed.emit()

    def _set_cursor(self) -> None:
        gesture = self._gesture
        if gesture is not None and gesture.dragging and gesture.tool == "pan":
            shape = Qt.CursorShape.ClosedHandCursor
        elif self.tool != "pan" or (gesture is not None and gesture.dragging):
            shape = Qt.CursorShape.CrossCursor
        else:
            shape = Qt.CursorShape.PointingHandCursor if self.hovered >= 0 else Qt.CursorShape.ArrowCursor
        if self._widget.cursor().shape() != shape:
            self._widget.setCursor(shape)
