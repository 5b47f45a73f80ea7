"""The Data panel: what is open, what was said about it, and what colours the map."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from explorer.gui import wording
from explorer.gui.opening.files import Files
from explorer.gui.panels.legend import Legend
from explorer.gui.widgets.pieces import Line, button, heading, label
from explorer.servers.address import is_server
from explorer.session.controller import Controller
from explorer.session.state import State
from explorer.work.requests import ReadRequest

NO_COLOUR = "one colour"


class DataPanel(QWidget):
    """Follows the Dataset; the legend below it filters when clicked."""

    def __init__(self, controller: Controller, connect: Callable[[], None], files: Files) -> None:
        super().__init__()
        self._controller = controller
        self._server = button("", connect, "link", tip="Connect to a Redis server, or see what lies on it (Ctrl+R)")
        self._title = label("", "title")
        self._facts = label("", "quiet", wrap=True)
        self.read_with = Line()
        self.differently = button("Read differently …", files.read_differently, "link", tip="How this file is read")
        self.add = button("Add metadata …", files.choose_metadata, "link", tip="Columns about the rows, from a table")
        self._warnings = label("", "quiet", wrap=True, selectable=True)
        self._warnings.setAccessibleName("Notes on this file")
        self.colour = QComboBox()
        self.colour.setAccessibleName("Colour by")
        self.colour.activated.connect(self._coloured)
        self._legend = Legend(controller)
        self._colour_heading = heading("Colour by")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 0)
        column.setSpacing(4)
        top = QHBoxLayout()
        top.addWidget(heading("Data"), 1)
        top.addWidget(self._server)
        column.addLayout(top)
        column.addSpacing(6)
        column.addWidget(self._title)
        column.addWidget(self._facts)
        column.addWidget(self.read_with)
        column.addWidget(self._warnings)
        self.differently.setStyleSheet("padding-left: 0px;")
        ways = QHBoxLayout()
        ways.addWidget(self.differently)
        ways.addStretch(1)
        column.addLayout(ways)
        column.addSpacing(12)
        about_rows = QHBoxLayout()
        about_rows.addWidget(self._colour_heading)
        about_rows.addStretch(1)
        about_rows.addWidget(self.add)
        column.addLayout(about_rows)
        column.addWidget(self.colour)
        column.addSpacing(4)
        column.addWidget(self._legend, 1)
        # The indexes below get the room they need first; the legend, which scrolls, takes what is left.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.setMinimumHeight(232)
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def hasHeightForWidth(self) -> bool:
        """Its height is given to it; otherwise the wrapping notes would claim the legend's height too."""
        return False

    def _follow(self, new: State, old: State) -> None:
        if new.dataset is not old.dataset or new.server is not old.server:
            self._show(new)
        elif new.paintings is not old.paintings:
            self._list_columns(new)
        elif new.colour_by != old.colour_by:
            self.colour.setCurrentIndex(max(0, self.colour.findData(new.colour_by)))

    def _show(self, state: State) -> None:
        dataset = state.dataset
        self._server.setText("Redis …" if state.server else "Connect to Redis …")
        self.setVisible(dataset is not None)
        if dataset is None:
            return
        self._title.setText(dataset.title)
        self._title.setToolTip(dataset.place)
        shape = f"{wording.count(dataset.rows)} × {dataset.dimensions}"
        self._facts.setText(f"{shape} · {dataset.dtype} · {wording.size(dataset.bytes)}")
        self._warnings.setText(wording.without_options("\n".join(dataset.warnings)))
        self._warnings.setVisible(bool(dataset.warnings))
        file = not is_server(state.source)
        self.differently.setVisible(file)
        said = how(state.read_by) if file else ""
        self.read_with.say(*([f"Read with {said}"] if said else [""]))
        self.read_with.setVisible(bool(said))
        self._list_columns(state)
        if dataset.path != Path():
            self._title.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)

    def _list_columns(self, state: State) -> None:
        """What can colour the map: columns of the file, and what was painted."""
        self.colour.clear()
        self.colour.addItem(NO_COLOUR, "")
        painted = [painting.column for painting in state.paintings]
        for column in (*(state.dataset.columns if state.dataset else ()), *painted):
            if column.kind != "text":
                self.colour.addItem(column.name, column.name)
        self.colour.setCurrentIndex(max(0, self.colour.findData(state.colour_by)))
        colourable = self.colour.count() > 1
        for widget in (self.colour, self._colour_heading):
            widget.setVisible(colourable)

    def _coloured(self, index: int) -> None:
        self._controller.looking.colour_by(self.colour.itemData(index))


def how(request: ReadRequest | None) -> str:
    """How somebody said that a file is to be read: sample=5000, metadata labels.csv."""
    if request is None:
        return ""
    table = [f"metadata {request.metadata.name}"] if request.metadata is not None else []
    return ", ".join([*(f"{name}={value}" for name, value in request.options.items()), *table])
