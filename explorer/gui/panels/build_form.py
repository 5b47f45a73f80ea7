"""The form that builds an index: type, parameters, and what it will take, as they change."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from explorer import indexes
from explorer.core.params import Params
from explorer.gui import wording
from explorer.gui.panels import server_types
from explorer.gui.panels.type_chooser import TypeChooser
from explorer.gui.widgets.columns import Columns
from explorer.gui.widgets.params_form import ParamsForm
from explorer.gui.widgets.pieces import button, label, restyled
from explorer.session.controller import Controller
from explorer.session.estimating import Estimate
from explorer.session.state import IndexEntry, State

LEARNT = "By what builds of this type took on this machine; a first guess where there was none."


class BuildForm(QWidget):
    """`begin(entry)` rebuilds that index, with the `changes` to its parameters; it stays until the new one is ready.

    The `footer`, with what it takes and the button, is for whoever shows the form to put where it stays in sight.
    """

    shown = Signal(bool)

    def __init__(self, controller: Controller, connect: Callable[[], None]) -> None:
        super().__init__()
        self._controller = controller
        self._replacing: IndexEntry | None = None
        self._changes: Params = {}
        self._params: ParamsForm | None = None
        self._type = TypeChooser()
        self._type.currentIndexChanged.connect(lambda _: self._show_params())
        self._about = label("", "quiet", wrap=True)
        self.head: QWidget = self._type
        """What stands at the top of it."""
        self._connect = button("Connect to Redis …", connect, "link")
        self._takes = Columns("to build", "memory", "on disk")
        self._takes_there = Columns("to push", "", "on the server")
        self._problem = label("", "error", wrap=True, selectable=True)
        self._go = button("Build", self._start, "primary")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(8)
        self._column.addWidget(self._type)
        self._column.addWidget(self._about)
        self.footer = QWidget()
        foot = QVBoxLayout(self.footer)
        foot.setContentsMargins(8, 8, 8, 0)
        foot.setSpacing(8)
        foot.addWidget(self._takes)
        foot.addWidget(self._takes_there)
        foot.addWidget(self._problem)
        foot.addWidget(self._connect, 0, Qt.AlignmentFlag.AlignLeft)
        buttons = QHBoxLayout()
        buttons.addWidget(self._go)
        buttons.addWidget(button("Cancel", self.hide, "link"))
        buttons.addStretch(1)
        foot.addLayout(buttons)
        controller.session.listen(self._follow)

    def begin(self, entry: IndexEntry | None, changes: Params | None = None) -> None:
        """Show the form: for a new index, or filled with the parameters of one to rebuild."""
        self._replacing, self._changes = entry, changes or {}
        wanted = (kind for kind in indexes.types().values() if kind.name == (entry.handle.type if entry else kind.name))
        self._type.offer((kind for kind in wanted if kind.name != "exact"), self._controller.session.state)
        self._type.setVisible(entry is None)
        self.head = self._type if entry is None else self._about
        self._go.setText("Build" if entry is None else "Rebuild")
        self._show_params()
        self.show()
        if entry is None:
            self._type.setFocus()
        elif self._params is not None:
            self._params.setFocus()

    def choose_server_type(self) -> None:
        """Choose the first type that the server takes, one with the present metric before others."""
        state = self._controller.session.state
        there = (kind for kind in indexes.types().values() if kind.on_server)
        taken = [kind for kind in there if server_types.refusal(kind, state) is None]
        if taken:
            fitting = [kind for kind in taken if state.metric in kind.metrics]
            self._type.setCurrentIndex(self._type.findData((fitting or taken)[0].name))

    def showEvent(self, event: QShowEvent) -> None:
        """The footer comes along."""
        super().showEvent(event)
        self.shown.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """The footer goes along."""
        super().hideEvent(event)
        self.shown.emit(False)

    def _follow(self, new: State, old: State) -> None:
        if new.server is not old.server:
            self._type.regard(new)
        if self.isVisible() and any(
            getattr(new, name) is not getattr(old, name) for name in ("metric", "dataset", "server")
        ):
            self._show_estimate()

    def _show_params(self) -> None:
        name = self._type.currentData()
        if name is None:
            return
        kind = indexes.type_named(name)
        self._about.setText(kind.about)
        if self._params is not None:
            self._params.hide()
            self._params.deleteLater()
        given = {**self._replacing.handle.params, **self._changes} if self._replacing else None
        asked = server_types.asked_for(kind)
        self._params = ParamsForm(asked, self._show_estimate, given=given, live=True)
        self._params.setVisible(bool(asked))
        self._column.insertWidget(2, self._params)
        self._show_estimate()

    def _show_estimate(self) -> None:
        if self._params is None:
            return
        kind = indexes.type_named(self._type.currentData())
        state = self._controller.session.state
        lack = server_types.refusal(kind, state)
        estimate = self._controller.estimating.of(kind.name, self._params.values())
        problem = lack or estimate.problem
        known = not problem and estimate.seconds is not None
        self._takes.setVisible(known and not kind.on_server)
        self._takes_there.setVisible(known and kind.on_server)
        self._takes.say(*_figures(estimate), tips=_exactly(estimate))
        seconds, there = wording.duration(estimate.seconds or 0), wording.about(estimate.server_bytes or 0)
        self._takes_there.say((seconds,), "", there, tips=(LEARNT, "", f"{estimate.server_bytes or 0:,} bytes"))
        self._connect.setVisible(kind.on_server and kind.unavailable() is None and state.server is None)
        # What could be got is no error.
        self._problem.setProperty("role", "quiet" if lack else "error")
        restyled(self._problem)
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self._go.setEnabled(not problem)

    def _start(self) -> None:
        if self._params is not None:
            replacing = self._replacing.key if self._replacing else ""
            self._controller.indexing.build(self._type.currentData(), self._params.values(), replacing=replacing)
            self.hide()


def _figures(estimate: Estimate) -> tuple[tuple[str, ...], str, str]:
    """The estimate as people read it."""
    sizes = (estimate.memory_bytes or 0, estimate.disk_bytes or 0)
    return ((wording.duration(estimate.seconds or 0),), wording.about(sizes[0]), wording.about(sizes[1]))


def _exactly(estimate: Estimate) -> tuple[str, str, str]:
    """What else is to be said of each."""
    return (
        LEARNT,
        f"At the peak, beside the vectors: {estimate.memory_bytes or 0:,} bytes",
        f"{estimate.disk_bytes or 0:,} bytes",
    )
