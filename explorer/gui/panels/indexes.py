"""The Indexes panel: the list of those that are there and those under way, and the form that builds another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from explorer import indexes
from explorer.core.params import Params
from explorer.gui.panels.build_form import BuildForm
from explorer.gui.panels.build_row import BuildRow
from explorer.gui.panels.index_row import IndexRow
from explorer.gui.panels.recall_queries import RecallQueries
from explorer.gui.widgets.mending import Mending, Ways
from explorer.gui.widgets.pieces import Scrolled, button, heading, label
from explorer.gui.widgets.row_list import RowList
from explorer.session.controller import Controller
from explorer.session.state import IndexEntry, State


class IndexesPanel(QWidget):
    """Follows the indexes of the State."""

    def __init__(self, controller: Controller, connect: Callable[[], None]) -> None:
        super().__init__()
        self._controller = controller
        self._rows: dict[str, IndexRow] = {}
        self._builds: dict[str, BuildRow] = {}
        self._list = RowList()
        self._problem = label("", "error", wrap=True, selectable=True)
        self._problem.hide()
        self._mending = Mending(Ways(controller, connect))
        self.queries = RecallQueries(controller)
        self._build = button("+ Build index …", self.offer_build, "plain", tip="Build another index (Ctrl+B)")
        self._open = button("Open …", self.offer_open, "plain", tip="Open a saved index")
        self.form = BuildForm(controller, connect)
        self.form.hide()
        # What is in the form can be scrolled, what it takes and the button to build stay in sight.
        self.form.footer.hide()
        self._offers = QWidget()
        self.form.shown.connect(self.form.footer.setVisible)
        self.form.shown.connect(self._offers.setHidden)
        buttons = QHBoxLayout(self._offers)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.addWidget(self._build)
        buttons.addWidget(self._open)
        buttons.addStretch(1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._list)
        column.addWidget(self._problem)
        column.addWidget(self._mending)
        column.addWidget(self.queries)
        column.addWidget(self.form)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 12, 8, 8)
        whole.setSpacing(4)
        title = heading("Indexes")
        title.setContentsMargins(8, 0, 0, 4)
        whole.addWidget(title)
        self._scroll = Scrolled(inside)
        whole.addWidget(self._scroll)
        whole.addWidget(self.form.footer)
        whole.addWidget(self._offers)
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def offer_build(self) -> None:
        """Open the form, or close it."""
        self._begin(None) if self.form.isHidden() else self.form.hide()

    def offer_push(self) -> None:
        """Open the form with a type that is built on the server."""
        self._begin(None)
        self.form.choose_server_type()

    def offer_rebuild(self, params: Params) -> None:
        """Open the form for the index that answers, with some of its build parameters changed."""
        if (entry := self._controller.session.state.approximate) is not None:
            self._begin(entry, params)

    def offer_open(self) -> None:
        """Ask for a saved index."""
        suffixes = " ".join(f"*{kind.suffix}" for kind in indexes.types().values() if kind.suffix)
        path, _ = QFileDialog.getOpenFileName(self, "Open index", "", f"Indexes ({suffixes});;All files (*)")
        if path:
            self._controller.indexing.open(Path(path))

    def _begin(self, entry: IndexEntry | None, changes: Params | None = None) -> None:
        self.form.begin(entry, changes)
        # Once the layout has made room for it.
        QTimer.singleShot(0, self, self._show_form)

    def _show_form(self) -> None:
        """As much of the form as there is room for, from its beginning."""
        for part in (self.form, self.form.head):
            self._scroll.ensureWidgetVisible(part, 0, 8)

    def _follow(self, new: State, old: State) -> None:
        if any(
            getattr(new, name) is not getattr(old, name)
            for name in ("dataset", "indexes", "builds", "current", "metric", "k", "exact_ms", "problems", "queries")
        ):
            self._show(new)
        elif new.tasks is not old.tasks:
            for build in new.builds:
                self._builds[build.key].show_build(build, new)

    def _show(self, state: State) -> None:
        self.setVisible(state.dataset is not None)
        building = {build.key: build for build in state.builds}
        for entry in state.indexes:
            if entry.key not in self._rows:
                self._rows[entry.key] = IndexRow(entry, self._controller, self._begin)
        for build in state.builds:
            if build.key not in self._builds:
                self._builds[build.key] = BuildRow(build, self._controller)
        order: list[QWidget] = []
        for entry in state.indexes:
            order.append(self._rows[entry.key])
            if entry.key in building:
                order.append(self._builds[entry.key])
        listed = {entry.key for entry in state.indexes}
        order += [self._builds[build.key] for build in state.builds if build.key not in listed]
        self._list.arrange(order)
        self._rows = {entry.key: self._rows[entry.key] for entry in state.indexes}
        self._builds = {build.key: self._builds[build.key] for build in state.builds}
        for entry in state.indexes:
            # An exact index of another metric is not worth a line: it costs nothing to prepare again.
            self._rows[entry.key].setVisible(not entry.is_exact or entry.handle.metric == state.metric)
            self._rows[entry.key].show_entry(entry, state)
        for build in state.builds:
            self._builds[build.key].show_build(build, state)
        self._problem.setText(state.problem("indexes"))
        self._problem.setVisible(bool(state.problem("indexes")))
        self._mending.show_for("indexes", state)
        self.queries.show_state(state)
