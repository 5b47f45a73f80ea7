"""The search replayed: a list of its steps, and a bar to play them on the map."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, QTimer
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListView, QSlider, QStackedWidget, QVBoxLayout, QWidget

from explorer.gui.inspect.polar import Polar
from explorer.gui.inspect.steps import Story
from explorer.gui.theme import Theme
from explorer.gui.widgets.columns import tabular
from explorer.gui.widgets.pieces import Line, heading, label, tool
from explorer.session.controller import Controller
from explorer.session.lines import lines
from explorer.session.state import State

PLAYED_MS = 10_000
"""A replay takes at most about so long, …"""
SLOWEST_MS, FASTEST_MS = 350, 40
"""… with so long between its steps; of a long one some are left out."""

Index = QModelIndex | QPersistentModelIndex


class ReplayPage(QWidget):
    """Follows the replay and the step of the State. ← → Home End go through the steps, Space plays them."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self.story: Story | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._next)
        self._stride = 1
        self._summary = Line(Qt.AlignmentFlag.AlignRight)
        self._said = label("", wrap=True, selectable=True)
        self.model = _Steps()
        self.steps = _StepsView(self)
        self.steps.setModel(self.model)
        self.steps.selectionModel().currentChanged.connect(self._chosen)
        self.polar = Polar()
        self.polar.complained.connect(lambda sentence: controller.session.fail("inspect", sentence))
        self.around = tool("◎", self._turn, tip="The search seen from its query (V)", name="View from the query")
        self.around.setCheckable(True)
        self._views = QStackedWidget()
        self._views.addWidget(self.steps)
        self._views.addWidget(self.polar)
        self.play = tool("▶", self.toggle, tip="Play the search, or stop (Space)", name="Play")
        self.slider = _Slider(self)
        self.slider.valueChanged.connect(controller.inspecting.go_to)
        self._place = label("", "quiet")
        self._place.setMinimumWidth(self.fontMetrics().horizontalAdvance("leaf 000 of 000"))
        self._place.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._counters = label("", "quiet", wrap=True)
        for widget in (self._place, self._counters):
            tabular(widget)
        top = QHBoxLayout()
        top.setContentsMargins(16, 6, 12, 2)
        top.setSpacing(8)
        top.addWidget(heading("Search replay"))
        top.addWidget(self._summary, 1)
        top.addWidget(self.around)
        self._said.setContentsMargins(16, 0, 16, 4)
        self._bar = QWidget()
        bar = QHBoxLayout()
        bar.setContentsMargins(0, 0, 0, 0)
        bar.setSpacing(8)
        bar.addWidget(self.play)
        bar.addWidget(self.slider, 1)
        bar.addWidget(self._place)
        foot = QVBoxLayout(self._bar)
        foot.setContentsMargins(8, 6, 16, 10)
        foot.setSpacing(4)
        foot.addLayout(bar)
        self._counters.setContentsMargins(8, 0, 0, 0)
        foot.addWidget(self._counters)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self._said)
        column.addWidget(self._views, 1)
        column.addWidget(self._bar)
        self._rest = QWidget()
        column.addWidget(self._rest, 1)
        self.setFocusProxy(self.slider)
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.polar.set_theme(theme)

    def toggle(self) -> None:
        """Play from here, or from the beginning at the end; or stop."""
        if self._timer.isActive():
            self.stop()
        elif self.story is not None and len(self.story.trace):
            steps = len(self.story.trace)
            if self._controller.session.state.step >= steps - 1:
                self._controller.inspecting.go_to(0)
            pause = max(FASTEST_MS, min(SLOWEST_MS, PLAYED_MS // steps))
            self._stride = max(1, round(steps * pause / PLAYED_MS)) if pause == FASTEST_MS else 1
            self._timer.start(pause)
            self.play.setText("❚❚")

    def stop(self) -> None:
        """Stay at this step."""
        self._timer.stop()
        self.play.setText("▶")

    def go(self, key: Qt.Key) -> bool:
        """What a key does here; False where it means nothing."""
        at, steps = self._controller.session.state.step, len(self.story.trace) if self.story else 0
        goals = {
            Qt.Key.Key_Left: at - 1,
            Qt.Key.Key_Right: at + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: steps - 1,
            Qt.Key.Key_PageUp: at - 10,
            Qt.Key.Key_PageDown: at + 10,
        }
        if key == Qt.Key.Key_Space:
            self.toggle()
        elif key == Qt.Key.Key_V:
            self.around.click()
        elif key in goals:
            self.stop()
            self._controller.inspecting.go_to(goals[key])
        return key in goals or key in (Qt.Key.Key_Space, Qt.Key.Key_V)

    def _turn(self) -> None:
        self._views.setCurrentWidget(self.polar if self.around.isChecked() else self.steps)

    def _next(self) -> None:
        at = self._controller.session.state.step
        if self.story is None or at >= len(self.story.trace) - 1 or not self.isVisible():
            self.stop()
        else:
            self._controller.inspecting.go_to(at + self._stride)

    def _chosen(self, index: QModelIndex, _: QModelIndex) -> None:
        self._controller.inspecting.go_to(index.row())

    def _follow(self, new: State, old: State) -> None:
        watched = (
            "replay",
            "truth",
            "asked",
            "answer",
            "seeking",
            "current",
            "metric",
            "problems",
            "distances",
            "verdict",
        )
        if any(getattr(new, name) is not getattr(old, name) for name in watched):
            self._show(new)
        elif new.step != old.step:
            self._show_step(new.step)

    def _show(self, state: State) -> None:
        trace = state.replay.trace if state.replay is not None else None
        truth = state.truth.rows if state.truth is not None else np.empty(0, np.int64)
        if trace is None or state.dataset is None:
            self.story = None
            self.stop()
        elif self.story is None or self.story.trace is not trace or len(self.story.met) != len(truth):
            self.story = Story.of(trace, state.dataset, truth)
        there = self.story is not None and len(self.story.trace) > 0
        self.model.show(self.story)
        self._said.setText(_said(state))
        self._said.setVisible(bool(self._said.text()))
        for widget in (self._views, self._bar, self.around):
            widget.setVisible(there)
        self._rest.setVisible(not there)
        found = state.answer.neighbours if state.answer is not None else None
        self.polar.show_story(self.story, state.distances, lines(found, state.truth, state.verdict), state.metric)
        if self.story is None or not there:
            self._summary.say("")
            return
        steps = len(self.story.trace)
        self._summary.say(f"{steps:,} steps" if steps > 1 else "1 step")
        self.slider.blockSignals(True)
        self.slider.setRange(0, steps - 1)
        self.slider.blockSignals(False)
        self._show_step(state.step)

    def _show_step(self, step: int) -> None:
        if self.story is None or not len(self.story.trace):
            return
        for widget in (self.slider, self.steps.selectionModel()):
            widget.blockSignals(True)
        self.slider.setValue(step)
        self.steps.setCurrentIndex(self.model.index(step))
        self.steps.scrollTo(self.model.index(step))
        for widget in (self.slider, self.steps.selectionModel()):
            widget.blockSignals(False)
        self.steps.viewport().update()
        self.polar.show_step(step)
        self._place.setText(self.story.place(step))
        self._counters.setText(self.story.counters(step))
        self.slider.setAccessibleDescription(f"{self.story.place(step)}: {self.story.sentence(step)}")


class _Steps(QAbstractListModel):
    """The steps in words, which are made when they are looked at."""

    def __init__(self) -> None:
        super().__init__()
        self._story: Story | None = None

    def show(self, story: Story | None) -> None:
        """Show another story."""
        if story is not self._story:
            self.beginResetModel()
            self._story = story
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self._story is None else len(self._story.trace)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._story is None or not index.isValid():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._story.sentence(index.row())
        return None


class _StepsView(QListView):
    """The page's keys go through the steps."""

    def __init__(self, page: ReplayPage) -> None:
        super().__init__()
        self._page = page
        self.setObjectName("steps")
        self.setAccessibleName("Steps of the search")
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        tabular(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """← → Home End Space as everywhere on the page; ↑ ↓ walk the list."""
        if not self._page.go(Qt.Key(event.key())):
            super().keyPressEvent(event)


class _Slider(QSlider):
    """The bar; its keys are the page's."""

    def __init__(self, page: ReplayPage) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._page = page
        self.setAccessibleName("Step of the search")
        self.setToolTip("← → one step · Home End · Space plays")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """As in the list."""
        if not self._page.go(Qt.Key(event.key())):
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that the keyboard has gone."""
        super().focusOutEvent(event)
        self.update()


def _said(state: State) -> str:
    """What is to be said of the replay, or why there is none."""
    if state.problem("inspect"):
        return state.problem("inspect")
    entry = state.entry()
    if state.dataset is None:
        return ""
    if state.asked is None:
        return "Ask something: the search can then be followed here, step by step, and on the map."
    if entry is not None and entry.is_exact:
        return f"Exact search compares all {state.dataset.rows:,} rows, one after another. Choose an approximate index."
    if state.replay is None:
        return "Replaying the search …"
    trace = state.replay.trace
    if trace is None:
        return "This library does not show its inside, so its search cannot be replayed."
    notes = []
    if trace.approximate:
        notes.append("An approximate replay: the library does not tell where its search begins.")
    if trace.differs:
        notes.append(trace.differs)
    if not len(trace):
        notes.append("The search compared every row, without any steps.")
    return " ".join(notes)
