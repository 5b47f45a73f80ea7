"""The bar at the bottom: what is under way, how far, how long, and how to stop it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QHBoxLayout, QMenu, QProgressBar, QWidget

from explorer.gui import wording
from explorer.gui.widgets.pieces import button, label
from explorer.session.controller import Controller
from explorer.session.state import State, TaskView


class TasksBar(QWidget):
    """One task in full, the others in a menu; the size of the Dataset at the right."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self.setObjectName("tasks")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._controller = controller
        self._shown: TaskView | None = None
        self._title = label()
        self._bar = QProgressBar(textVisible=False)
        self._bar.setFixedWidth(144)
        self._bar.setAccessibleName("Progress")
        self._note = label("", "quiet")
        self._cancel = button("Cancel", self._stop, "link", tip="Stop this task; what is there already stays")
        self._others = button("", self._open_others, "link", tip="What else is under way")
        self._facts = label("", "quiet")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(12)
        for widget in (self._title, self._bar, self._note, self._cancel, self._others):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self._facts)
        self.setFixedHeight(32)
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def _follow(self, new: State, old: State) -> None:
        watched = ("tasks", "dataset", "selection", "server", "problems")
        if any(getattr(new, name) is not getattr(old, name) for name in watched):
            self._show(new)

    def _show(self, state: State) -> None:
        tasks = state.tasks
        self._shown = tasks[0] if tasks else None
        for widget in (self._title, self._bar, self._note, self._cancel):
            widget.setVisible(bool(tasks))
        self._others.setVisible(len(tasks) > 1)
        if tasks:
            task = tasks[0]
            self._title.setText(task.title)
            self._bar.setMaximum(0 if task.fraction is None else 1000)
            if task.fraction is not None:
                self._bar.setValue(round(task.fraction * 1000))
            left = f"{wording.duration(task.seconds_left)} left" if task.seconds_left else ""
            self._note.setText(" · ".join(filter(None, (task.note, left))))
            self._note.setVisible(bool(self._note.text()))
            self._others.setText(f"and {len(tasks) - 1} more ▴")
        self._facts.setText(_facts(state))

    def _stop(self) -> None:
        if self._shown is not None:
            self._controller.tasks.stop(self._shown.key)

    def _open_others(self) -> None:
        """Every other task with how far it is; choosing one cancels it."""
        menu = QMenu(self)
        for task in self._controller.session.state.tasks[1:]:
            share = "" if task.fraction is None else f" ({task.fraction:.0%})"
            menu.addAction(f"Cancel  {task.title}{share}", partial(self._controller.tasks.stop, task.key))
        height = menu.sizeHint().height()
        menu.exec(self._others.mapToGlobal(QPoint(0, -height)))


def _facts(state: State) -> str:
    server = state.server
    where = f"{server.abilities.title} at {server.place}" if server else "on this machine only"
    if server is not None and state.problem("server"):
        where += " did not answer"
    if state.dataset is None:
        return where if server else ""
    shape = f"{wording.count(state.dataset.rows)} × {state.dataset.dimensions}"
    selected = f"{wording.count(len(state.selection))} selected · " if len(state.selection) else ""
    return f"{selected}{shape} · {where}"
