"""An index that is being built, or could not be: it stands in the list from the moment it was asked for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from explorer.gui import wording
from explorer.gui.widgets.pieces import Line, button, label
from explorer.indexes import type_named
from explorer.session.controller import Controller
from explorer.session.state import Build, State
from explorer.session.tasks import BUILD


class BuildRow(QWidget):
    """Progress, what is left, and cancel; or why it failed, and another try. Delete cancels, or takes it away."""

    def __init__(self, build: Build, controller: Controller) -> None:
        super().__init__()
        self.setObjectName("index")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._controller = controller
        self._key, self._failed = build.key, bool(build.failure)
        indexing = controller.indexing
        self._title = label(type_named(build.type).title)
        self._title.setStyleSheet("font-weight: 600")
        self._cancel = button("Cancel", lambda: indexing.stop_build(self._key), "link", tip="Stop building this index")
        self._facts = Line()
        self._bar = QProgressBar(textVisible=False)
        self._bar.setAccessibleName("Progress")
        self._why = label("", "error", wrap=True, selectable=True)
        self._ends = QWidget()
        ends = QHBoxLayout(self._ends)
        ends.setContentsMargins(0, 0, 0, 0)
        again = "Build once more with the same parameters"
        ends.addWidget(button("Try again", lambda: indexing.retry_build(self._key), tip=again))
        ends.addWidget(button("Dismiss", lambda: indexing.dismiss_build(self._key), "link"))
        ends.addStretch(1)
        lines = QGridLayout()
        lines.setHorizontalSpacing(8)
        lines.setVerticalSpacing(2)
        lines.setColumnStretch(0, 1)
        lines.addWidget(self._title, 0, 0)
        lines.addWidget(self._cancel, 0, 1, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        lines.addWidget(self._facts, 1, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addLayout(lines)
        column.addWidget(self._bar)
        column.addWidget(self._why)
        column.addWidget(self._ends)

    def show_build(self, build: Build, state: State) -> None:
        """Follow the State."""
        self._failed = bool(build.failure)
        task = state.task(f"{BUILD}{build.key}")
        self._cancel.setVisible(not self._failed)
        self._bar.setVisible(not self._failed)
        self._why.setVisible(self._failed)
        self._ends.setVisible(self._failed)
        self._why.setText(build.failure)
        fraction = task.fraction if task is not None else None
        self._bar.setMaximum(0 if fraction is None else 1000)
        if fraction is not None:
            self._bar.setValue(round(fraction * 1000))
        title, params = self._title.text(), wording.params(dict(build.params))
        if self._failed:
            self._facts.say("could not be built")
            self.setAccessibleName(f"{title}, could not be built: {build.failure}")
            return
        seconds = task.seconds_left if task is not None and task.seconds_left else build.seconds
        left = wording.duration(seconds) if seconds is not None else "building …"
        left += " left" if task is not None and task.seconds_left else ""
        self._facts.say(f"{left} · {params}" if params else left, left)
        share = "" if fraction is None else f", {fraction:.0%}"
        self.setToolTip("\n".join(filter(None, (params, task.note if task is not None else ""))))
        self.setAccessibleName(f"{title}, being built{share}, {left}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete cancels it, or takes it off the list; Return tries again what failed."""
        indexing = self._controller.indexing
        if event.key() == Qt.Key.Key_Delete:
            indexing.dismiss_build(self._key) if self._failed else indexing.stop_build(self._key)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._failed:
            indexing.retry_build(self._key)
        else:
            super().keyPressEvent(event)
