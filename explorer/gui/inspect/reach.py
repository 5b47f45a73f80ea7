"""A slider over the search parameter: which true neighbours of the query a search finds that looks so far."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QVBoxLayout, QWidget

from explorer.core.explanation import Reach
from explorer.gui import wording
from explorer.gui.captions import caption
from explorer.gui.theme import DARK, Theme
from explorer.gui.widgets.columns import tabular
from explorer.gui.widgets.pieces import Line, heading
from explorer.indexes import asking
from explorer.session.controller import Controller
from explorer.session.state import State

PAUSE_MS = 500
"""A value that was chosen by keys or by the wheel is set once nothing changed for so long; Return sets it at once."""
MOST_NAMED = 3


class ReachSlider(QWidget):
    """Follows the Reach of the present query. Moving the slider shows what would be found, letting it go sets it."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self.slider = _Slider(self.settle)
        self.slider.valueChanged.connect(self._moved)
        self.slider.sliderReleased.connect(self.settle)
        self.marks = Marks()
        self.counted = Line(Qt.AlignmentFlag.AlignRight)
        tabular(self.counted)
        self.gained = Line()
        self._waiting = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._waiting.timeout.connect(self.settle)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(heading("Looking farther"))
        top.addWidget(self.counted, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self.slider)
        column.addWidget(self.marks)
        column.addWidget(self.gained)
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.marks.theme = theme
        self.marks.update()

    def settle(self) -> None:
        """Set the parameter to where the slider stands."""
        self._waiting.stop()
        state = self._controller.session.state
        if state.reach is not None and self._value(state.reach) != self._present(state):
            self._controller.inspecting.look_as_far_as(self._value(state.reach))

    def _follow(self, new: State, old: State) -> None:
        if any(getattr(new, name) is not getattr(old, name) for name in ("reach", "indexes", "current")):
            self._show(new)

    def _show(self, state: State) -> None:
        reach = state.reach
        self.setVisible(reach is not None and len(reach.stops) > 1)
        if reach is None:
            self._waiting.stop()
            return
        if not self.slider.isSliderDown() and not self._waiting.isActive():
            self.slider.blockSignals(True)
            self.slider.setRange(0, len(reach.stops) - 1)
            self.slider.setValue(reach.place(self._present(state)))
            self.slider.blockSignals(False)
        self._say(state, reach)

    def _moved(self) -> None:
        state = self._controller.session.state
        if state.reach is not None:
            self._say(state, state.reach)
            if not self.slider.isSliderDown():
                self._waiting.start()

    def _say(self, state: State, reach: Reach) -> None:
        at = min(self.slider.value(), len(reach.stops) - 1)
        found, now = reach.found[at], reach.found[reach.place(self._present(state))]
        total, hits = len(found), int(found.sum())
        setting = f"{reach.param} {wording.count(int(reach.stops[at]))}"
        auto = " (from k)" if int(reach.stops[at]) == reach.default else ""
        counts = f"{hits} of {total}"
        said = f"{setting}{auto} · {counts} found · recall {hits / total:.2f}"
        self.counted.say(said, f"{setting} · {counts} · {hits / total:.2f}", f"{setting} · {counts}", counts)
        self.slider.setAccessibleName(f"{reach.param}, how far the search looks")
        self.slider.setAccessibleDescription(said)
        self.marks.show_found(found, now)
        self.gained.say(*_gained(state, reach, found, now))

    def _value(self, reach: Reach) -> int:
        return int(reach.stops[min(self.slider.value(), len(reach.stops) - 1)])

    def _present(self, state: State) -> int:
        """The value of the parameter now; the default where another index has just come to answer."""
        entry, reach = state.approximate, state.reach
        if entry is None or reach is None:
            return 0
        return int(asking.resolved(entry.handle, entry.given, state.k).get(reach.param, reach.default))


class Marks(QWidget):
    """The true neighbours in their order, nearest first: a disc for what is found, a hollow red ring for what is not;
    what is found now and would not be otherwise, or the other way round, bears a dot below it."""

    def __init__(self) -> None:
        super().__init__()
        self.theme: Theme = DARK
        self.found: NDArray[np.bool_] = np.empty(0, bool)
        self._now = self.found
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_found(self, found: NDArray[np.bool_], now: NDArray[np.bool_]) -> None:
        """Show bool (t,): what would be found, and what is found with the present value."""
        self.found, self._now = found, now
        words = f"{int(found.sum())} of {len(found)} true neighbours found"
        missing = [str(place + 1) for place in np.flatnonzero(~found)[:20]]
        self.setAccessibleName(words + (f"; missing are those of rank {', '.join(missing)}" if missing else ""))
        self.setToolTip(self.accessibleName())
        self.update()

    def sizeHint(self) -> QSize:
        """One row of marks."""
        return QSize(120, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        """As many marks as there are neighbours, the smaller, the more there are."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        step = min(18.0, (self.width() - 2) / max(1, len(self.found)))
        radius = max(0.6, min(5.0, step * 0.38))
        for place, (found, now) in enumerate(zip(self.found.tolist(), self._now.tolist(), strict=True)):
            at = QPointF(1 + step * (place + 0.5), 7)
            if found:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(self.theme.text))
            else:
                painter.setPen(QPen(QColor(self.theme.miss), min(1.6, radius)))
                painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, radius, radius)
            if found != now:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(self.theme.accent))
                painter.drawEllipse(QPointF(at.x(), 16.5), min(1.8, radius), min(1.8, radius))
        painter.end()


class _Slider(QSlider):
    """Return sets what the arrows have chosen."""

    def __init__(self, settle: Callable[[], None]) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._settle = settle
        self.setPageStep(1)
        self.setTickPosition(QSlider.TickPosition.NoTicks)
        self.setToolTip("How far the search looks; the arrow keys move it, letting go or Return sets it")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._settle()
        else:
            super().keyPressEvent(event)


def _gained(state: State, reach: Reach, found: NDArray[np.bool_], now: NDArray[np.bool_]) -> tuple[str, ...]:
    """Which rows would be found that are not now, or the other way round, the longest wording first."""
    more, fewer = reach.rows[found & ~now], reach.rows[now & ~found]
    if state.dataset is None or not (len(more) or len(fewer)):
        return ("",)
    parts = [(word, rows) for word, rows in (("finds", more), ("loses", fewer)) if len(rows)]
    named = []
    for word, rows in parts:
        names = ", ".join(_name(state, row) for row in rows[:MOST_NAMED].tolist())
        named.append(f"{word} {names}" + (f" and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""))
    return " · ".join(named), " · ".join(f"{word} {len(rows)}" for word, rows in parts)


def _name(state: State, row: int) -> str:
    assert state.dataset is not None
    name, number = caption(state.dataset, row, state.colour_by), f"#{row}"
    return name if name == number else f"{name} {number}"
