"""The page of the dialog that shows a server: what it is, what it can do, what lies on it, and what to do with that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QProgressBar,
    QSpinBox,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from explorer.gui import wording
from explorer.gui.server.holdings_model import KIND, MADE_BY, METRIC, NAME, SIZE, HoldingsModel, details, keys_of
from explorer.gui.widgets.confirmation import Confirmation
from explorer.gui.widgets.lines_table import lines_table
from explorer.gui.widgets.pieces import Line, button, heading, label, spaced
from explorer.servers.abilities import Abilities
from explorer.servers.catalogue import Holding
from explorer.session.controller import Controller
from explorer.session.serving import WHOLE
from explorer.session.state import State
from explorer.session.tasks import SERVER
from explorer.work.serving import Connected

NOTHING = "No vector set and no search index with vectors lies here. Push the open set, and it will."
WIDTHS = ((KIND, 112), (SIZE, 160), (METRIC, 92), (MADE_BY, 188))


@dataclass(frozen=True)
class Ways:
    """Where the buttons lead: to another server, to the opened holding (sample: so many rows, 0 for all), to the form
    that pushes."""

    elsewhere: Callable[[], None]
    open: Callable[[Holding, int], None]
    push: Callable[[], None]


class ServerPage(QWidget):
    """Follows the server of the State; choosing a line offers what can be done with it."""

    def __init__(self, controller: Controller, ways: Ways) -> None:
        super().__init__()
        self._controller = controller
        self._ways = ways
        self._server: Connected | None = None
        self._offered: Holding | None = None
        self._title = label("", "big")
        self._facts = Line()
        self._able = tuple(label("", wrap=True) for _ in range(2))
        self.refresh = button("Refresh", controller.serving.refresh, tip="Ask the server again (F5)")
        self.refresh.setShortcut("F5")
        self.model = HoldingsModel()
        self.table = lines_table(self.model, "Vector sets and search indexes", WIDTHS, NAME)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_chosen())
        self.table.activated.connect(lambda _: self._open())
        self._nothing = label(NOTHING, "quiet", wrap=True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._details = label("", "quiet", wrap=True, selectable=True)
        self._details.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._details.setMinimumHeight(34)
        self.open = button("Open", self._open, "primary", tip="Open what is chosen as a map")
        self.sampled = QCheckBox("a random sample of")
        self.sample = QSpinBox()
        self.sample.setAccessibleName("Rows of the sample")
        self.sample.setGroupSeparatorShown(True)
        spaced(self.sample)
        self.sample.setFixedWidth(112)
        self.sample.setRange(1, 2_000_000_000)
        self.sample.setSingleStep(10_000)
        self.sampled.toggled.connect(self.sample.setEnabled)
        self.push = button("Push the open set …", ways.push, tip="Build an index of the open set on this server")
        self.remove = button("Remove …", self._ask_to_remove, tip="Delete from the server what this program pushed")
        self.confirmation = Confirmation()
        self.confirmation.answered.connect(self.table.setFocus)
        self._problem = label("", "error", wrap=True, selectable=True)
        self._problem.setAccessibleName("What is wrong")
        self.again = button("Try again", controller.serving.refresh, "link")
        self._bar = QProgressBar(textVisible=False, maximum=0)
        self._bar.setFixedWidth(144)
        self._bar.setAccessibleName("Progress")
        self._note = label("", "quiet")
        self._stop = button("Cancel", self._cancel, "link")
        self._lay_out()

    def show_state(self, state: State) -> None:
        """Follow the State."""
        if state.server is None:
            return
        if state.server is not self._server:
            self._show_server(state.server)
        busy = next((task for task in state.tasks if task.key.startswith(SERVER)), None)
        for widget in (self._bar, self._note, self._stop):
            widget.setVisible(busy is not None)
        if busy is not None:
            self._note.setText(f"{busy.title} …")
        problem = state.problem("server")
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self.again.setVisible(bool(problem) and busy is None)
        if busy is not None and self.refresh.hasFocus():
            self.table.setFocus()
        self.refresh.setEnabled(busy is None)
        self.push.setEnabled(state.dataset is not None)
        self._show_chosen()

    @property
    def chosen(self) -> Holding | None:
        """The line that is chosen."""
        lines = self.table.selectionModel().selectedRows()
        return self.model.holdings[lines[0].row()] if lines else None

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self._title)
        top.addWidget(self._facts, 1)
        top.addWidget(button("Another server …", self._ways.elsewhere, "link"))
        top.addWidget(button("Disconnect", self._controller.serving.disconnect, "link"))
        middle = QHBoxLayout()
        middle.addWidget(heading("On this server"), 1)
        middle.addWidget(self.refresh)
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(self.table)
        actions = QHBoxLayout()
        actions.setSpacing(8)
        for widget in (self.open, self.sampled, self.sample):
            actions.addWidget(widget)
        actions.addStretch(1)
        actions.addWidget(self.push)
        actions.addWidget(self.remove)
        said = QHBoxLayout()
        said.setSpacing(8)
        said.addWidget(self._problem, 1)
        said.addWidget(self.again, 0, Qt.AlignmentFlag.AlignTop)
        way = QHBoxLayout()
        way.setSpacing(12)
        for piece in (self._bar, self._note, self._stop):
            way.addWidget(piece)
        way.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(8)
        column.addLayout(top)
        for able in self._able:
            column.addWidget(able)
        column.addSpacing(8)
        column.addLayout(middle)
        column.addWidget(body, 1)
        column.addWidget(self._details)
        column.addLayout(actions)
        column.addWidget(self.confirmation)
        column.addLayout(said)
        column.addLayout(way)

    def _show_server(self, server: Connected) -> None:
        before, self._server = self.chosen, server
        able = server.abilities
        self._title.setText(able.title)
        self._facts.say(*([f"{server.place} · {memory(able)}"] if able.memory else []), server.place)
        whys = (("Vector sets", able.without_vector_sets), ("Search indexes", able.without_search))
        for line, (what, why) in zip(self._able, whys, strict=True):
            line.setText(f"–  {why}" if why else f"✓  {what}")
            line.setEnabled(why is None)
        self.confirmation.hide()
        self.model.show(server.holdings)
        self._stack.setCurrentIndex(1 if server.holdings else 0)
        titles = [(each.kind, each.title) for each in server.holdings]
        wanted = (before.kind, before.title) if before else None
        if titles:
            self.table.selectRow(titles.index(wanted) if wanted in titles else 0)
        self._show_chosen()

    def _show_chosen(self) -> None:
        holding = self.chosen
        for widget in (self.open, self.sampled, self.sample):
            widget.setVisible(holding is not None)
        self.remove.setVisible(holding is not None)
        self._details.setText("" if holding is None else details(holding))
        if holding is None:
            self.confirmation.hide()
            return
        self.open.setEnabled(holding.written > 0)
        self.remove.setEnabled(holding.pushed)
        if self.confirmation.about != holding.title:
            self.confirmation.hide()
        if self._offered is not holding:
            self._offered = holding
            self.sample.setMaximum(max(1, holding.written))
            self.sample.setValue(min(WHOLE, max(1, holding.written)))
            self.sampled.setChecked(holding.written > WHOLE)
            self.sample.setEnabled(holding.written > WHOLE)

    def _open(self) -> None:
        if (holding := self.chosen) is not None and holding.written:
            self._ways.open(holding, self.sample.value() if self.sampled.isChecked() else 0)

    def _ask_to_remove(self) -> None:
        holding = self.chosen
        if holding is None or self._server is None or not holding.pushed:
            return
        question = f"Delete “{holding.title}” from {self._server.place}? This removes {keys_of(holding)}."
        name = holding.name
        self.confirmation.ask(
            holding.title, question, "Delete", lambda: self._controller.indexing.remove_from_server(name)
        )

    def _cancel(self) -> None:
        for task in self._controller.session.state.tasks:
            if task.key.startswith(SERVER):
                self._controller.tasks.stop(task.key)


def memory(able: Abilities) -> str:
    """12 MB of 1 GB used, or 12 MB used."""
    most = f" of {wording.size(able.most_memory)}" if able.most_memory else ""
    return f"{wording.size(able.memory)}{most} used"
