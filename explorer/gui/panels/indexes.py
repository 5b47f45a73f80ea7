"""The Indexes panel: the list, and the form that builds another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from explorer import indexes
from explorer.gui.panels import server_types
from explorer.gui.panels.index_row import IndexRow
from explorer.gui.widgets.mending import Mending, Ways
from explorer.gui.widgets.params_form import ParamsForm
from explorer.gui.widgets.pieces import Scrolled, button, heading, label
from explorer.session.controller import Controller
from explorer.session.state import IndexEntry, State


class IndexesPanel(QWidget):
    """Follows the indexes of the State."""

    def __init__(self, controller: Controller, connect: Callable[[], None]) -> None:
        super().__init__()
        self._controller = controller
        self._rows: dict[str, IndexRow] = {}
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        self._problem = label("", "error", wrap=True, selectable=True)
        self._problem.hide()
        self._mending = Mending(Ways(controller, connect))
        self._build = button("+ Build index …", self.offer_build, "plain", tip="Build another index (Ctrl+B)")
        self._open = button("Open …", self.offer_open, "plain", tip="Open a saved index")
        self.form = BuildForm(controller, connect)
        self.form.hide()
        buttons = QHBoxLayout()
        buttons.addWidget(self._build)
        buttons.addWidget(self._open)
        buttons.addStretch(1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._list)
        column.addWidget(self._problem)
        column.addWidget(self._mending)
        column.addWidget(self.form)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 12, 8, 8)
        whole.setSpacing(4)
        title = heading("Indexes")
        title.setContentsMargins(8, 0, 0, 4)
        whole.addWidget(title)
        self._scroll = Scrolled(inside)
        whole.addWidget(self._scroll)
        whole.addLayout(buttons)
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def offer_build(self) -> None:
        """Open the form, or close it."""
        self._begin(None) if self.form.isHidden() else self.form.hide()

    def offer_push(self) -> None:
        """Open the form with a type that is built on the server."""
        self._begin(None)
        self.form.choose_server_type()

    def offer_open(self) -> None:
        """Ask for a saved index."""
        suffixes = " ".join(f"*{kind.suffix}" for kind in indexes.types().values() if kind.suffix)
        path, _ = QFileDialog.getOpenFileName(self, "Open index", "", f"Indexes ({suffixes});;All files (*)")
        if path:
            self._controller.indexing.open(Path(path))

    def _begin(self, entry: IndexEntry | None) -> None:
        self.form.begin(entry)
        # Once the layout has made room for it.
        QTimer.singleShot(0, self, lambda: self._scroll.ensureWidgetVisible(self.form, 0, 0))

    def _follow(self, new: State, old: State) -> None:
        if any(
            getattr(new, name) is not getattr(old, name)
            for name in ("dataset", "indexes", "current", "metric", "k", "answer", "problems")
        ):
            self._show(new)

    def _show(self, state: State) -> None:
        self.setVisible(state.dataset is not None)
        keys = [entry.key for entry in state.indexes]
        for key in set(self._rows) - set(keys):
            row = self._rows.pop(key)
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        for i, entry in enumerate(state.indexes):
            if entry.key not in self._rows:
                self._rows[entry.key] = IndexRow(entry, self._controller, self._begin)
                self._list.insertWidget(i, self._rows[entry.key])
            row = self._rows[entry.key]
            # An exact index of another metric is not worth a line: it costs nothing to prepare again.
            row.setVisible(entry.handle.type != "exact" or entry.handle.metric == state.metric)
            row.show_entry(entry, state)
        self._problem.setText(state.problem("indexes"))
        self._problem.setVisible(bool(state.problem("indexes")))
        self._mending.show_for("indexes", state)


class BuildForm(QWidget):
    """Type, parameters, build. `begin(entry)` rebuilds that index; it stays until the new one is ready."""

    def __init__(self, controller: Controller, connect: Callable[[], None]) -> None:
        super().__init__()
        self._controller = controller
        self._replacing: IndexEntry | None = None
        self._params: ParamsForm | None = None
        self._type = QComboBox()
        self._type.setAccessibleName("Index type")
        self._type.currentIndexChanged.connect(lambda _: self._show_params())
        self._about = label("", "quiet", wrap=True)
        self._connect = button("Connect to Redis …", connect, "link")
        self._go = button("Build", self._start, "primary")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(8)
        self._column.addWidget(self._type)
        self._column.addWidget(self._about)
        self._column.addWidget(self._connect, 0, Qt.AlignmentFlag.AlignLeft)
        buttons = QHBoxLayout()
        buttons.addWidget(self._go)
        buttons.addWidget(button("Cancel", self.hide, "link"))
        buttons.addStretch(1)
        self._column.addLayout(buttons)
        controller.session.listen(self._follow)

    def begin(self, entry: IndexEntry | None) -> None:
        """Show the form: for a new index, or filled with the parameters of one to rebuild."""
        self._replacing = entry
        self._type.blockSignals(True)
        self._type.clear()
        for kind in indexes.types().values():
            if kind.name != "exact" and (entry is None or kind.name == entry.handle.type):
                self._type.addItem(kind.title, kind.name)
        server_types.list_types(self._type, self._controller.session.state)
        self._type.blockSignals(False)
        self._type.setEnabled(entry is None and self._type.count() > 1)
        self._go.setText("Build" if entry is None else "Rebuild")
        self._show_params()
        self.show()
        if self._params is not None:
            self._params.setFocus()

    def choose_server_type(self) -> None:
        """Choose the first type that the server takes, one with the present metric before others."""
        state = self._controller.session.state
        kinds = [indexes.type_named(self._type.itemData(i)) for i in range(self._type.count())]
        taken = [kind for kind in kinds if kind.on_server and server_types.refusal(kind, state) is None]
        if taken:
            fitting = [kind for kind in taken if state.metric in kind.metrics]
            self._type.setCurrentIndex(self._type.findData((fitting or taken)[0].name))

    def _follow(self, new: State, old: State) -> None:
        if new.server is not old.server:
            server_types.list_types(self._type, new)
            self._show_refusal()

    def _show_refusal(self) -> None:
        """Why the type that is chosen cannot be built now, and what helps."""
        name, state = self._type.currentData(), self._controller.session.state
        if name is not None:
            kind = indexes.type_named(name)
            reason = server_types.refusal(kind, state)
            self._about.setText(reason or kind.about)
            self._go.setEnabled(reason is None)
            self._connect.setVisible(kind.on_server and kind.unavailable() is None and state.server is None)

    def _show_params(self) -> None:
        name = self._type.currentData()
        if name is None:
            return
        kind = indexes.type_named(name)
        self._show_refusal()
        if self._params is not None:
            self._params.hide()
            self._params.deleteLater()
        given = dict(self._replacing.handle.params) if self._replacing else None
        self._params = ParamsForm(server_types.asked_for(kind), lambda: None, given=given)
        self._column.insertWidget(3, self._params)

    def _start(self) -> None:
        if self._params is not None:
            replacing = self._replacing.key if self._replacing else ""
            self._controller.indexing.build(self._type.currentData(), self._params.values(), replacing=replacing)
            self.hide()
