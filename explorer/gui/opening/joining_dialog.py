"""The dialog that adds metadata: the table's first rows, by what it is joined, and how many rows find their record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from explorer.formats.joining import ROW_NUMBER, Key
from explorer.formats.matching import BY_ROW, Match
from explorer.gui import wording
from explorer.gui.opening.fields import Choice
from explorer.gui.opening.rows_table import RowsTable
from explorer.gui.widgets.pieces import Line, button, heading, label, restyled
from explorer.session.controller import Controller
from explorer.session.state import Joining, State

SIZE = (640, 460)
OTHER = "other"
IN_ORDER = "in order, a record for each row"


class JoiningDialog(QDialog):
    """Follows the State's `joining`, and is shown for as long as there is one. Made when it is first wanted.

    `may_lose` asks whether what is open may be read anew; `open_instead` opens the table as a file of its own.
    """

    def __init__(
        self,
        controller: Controller,
        parent: QWidget,
        may_lose: Callable[[], bool],
        open_instead: Callable[[Path], None],
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._may_lose = may_lose
        self._joining: Joining | None = None
        self._other = False
        """Whether somebody wants to name the columns by hand."""
        self.setWindowTitle("Add metadata")
        self.setMinimumSize(520, 380)
        self.resize(*SIZE)
        self._title = label("", "title")
        self._facts = Line()
        self.by = Choice("Join", "How the records find their rows", self._chosen)
        self.ours = Choice("Column of the rows", "Which column of what is open", self._paired)
        self.theirs = Choice("Column of the table", "Which column of the table holds the same", self._paired)
        self.table = RowsTable()
        self._said = label("", wrap=True, selectable=True)
        self._said.setAccessibleName("How well it fits")
        self._bar = QProgressBar(textVisible=False, maximum=0)
        self._bar.setFixedWidth(96)
        self._bar.setAccessibleName("Looking at the table")
        self.instead = button("Open it instead", lambda: self._instead(open_instead), tip="Open this file by itself")
        self.cancel = button("Cancel", self.reject)
        self.add = button("Add", self._add, "primary", tip="Read what is open again, with these columns")
        self.add.setDefault(True)
        self._pair = QWidget()
        self._lay_out()
        self.rejected.connect(controller.adding.leave)
        controller.session.listen(self._follow)
        self._show(controller.session.state.joining)

    def _lay_out(self) -> None:
        pair = QHBoxLayout(self._pair)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(8)
        pair.addWidget(self.ours, 1)
        pair.addWidget(label("=", "quiet"))
        pair.addWidget(self.theirs, 1)
        form = QFormLayout()
        form.setSpacing(8)
        form.setHorizontalSpacing(16)
        form.addRow(label("Join", "quiet"), self.by)
        form.addRow(label("Columns", "quiet"), self._pair)
        self._form = form
        end = QHBoxLayout()
        end.setSpacing(8)
        end.addWidget(self.instead)
        end.addWidget(self._bar)
        end.addStretch(1)
        end.addWidget(self.cancel)
        end.addWidget(self.add)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(4)
        column.addWidget(self._title)
        column.addWidget(self._facts)
        column.addSpacing(12)
        column.addLayout(form)
        column.addSpacing(4)
        column.addWidget(self._said)
        column.addSpacing(12)
        column.addWidget(heading("First records"))
        column.addWidget(self.table, 1)
        column.addSpacing(8)
        column.addLayout(end)

    def _follow(self, new: State, old: State) -> None:
        if new.joining is not old.joining:
            self._show(new.joining)

    def _show(self, joining: Joining | None) -> None:
        before, self._joining = self._joining, joining
        if joining is None:
            if self.isVisible():
                self.hide()
            return
        if before is None or before.table != joining.table:
            self._other = False
        match = joining.match
        dataset = self._controller.session.state.dataset
        self._title.setText(joining.table.name)
        self._title.setToolTip(str(joining.table))
        title = dataset.title if dataset is not None else ""
        if match is None:
            self._facts.say("Looking at it …")
            self.table.show_rows((), ())
        else:
            count = wording.count(match.records)
            self._facts.say(
                f"{match.title} · {count} records, for the {wording.count(match.rows)} rows of {title}", match.title
            )
            self.table.show_rows(match.header, match.cells)
            self._show_ways(match, match.key if joining.key is None else joining.key)
        self._say(joining)
        self._bar.setVisible(joining.looking)
        self.instead.setVisible(joining.dropped)
        self.add.setText("Add as metadata" if joining.dropped else "Add")
        self.add.setEnabled(match is not None and match.fits and not joining.looking)
        if not self.isVisible():
            self.open()
        if before is None or before.match is None:
            self.by.setFocus()

    def _show_ways(self, match: Match, key: str) -> None:
        """By row, by the keys that seem to fit, or by any two columns."""
        ways = [(IN_ORDER, BY_ROW), *((f"by {_words(key)}", key) for key in match.keys), ("by other columns", OTHER)]
        other = self._other or key not in (BY_ROW, *match.keys)
        self.by.offer(ways, OTHER if other else key)
        pair = Key.of(key) if key else Key(match.ours[0], match.theirs[0])
        self.ours.offer(_columns(match.ours), pair.ours)
        self.theirs.offer(_columns(match.theirs), pair.theirs)
        self._form.setRowVisible(self._pair, other)

    def _say(self, joining: Joining) -> None:
        match = joining.match
        wrong = bool(joining.failure) or (match is not None and not match.fits)
        self._said.setText(joining.failure or (match.sentence if match is not None else ""))
        self._said.setProperty("role", "error" if wrong else "")
        restyled(self._said)

    def _chosen(self) -> None:
        self._other = self.by.value == OTHER
        self._form.setRowVisible(self._pair, self._other)
        if self._other:
            self._paired()
        else:
            self._controller.adding.choose(self.by.value)

    def _paired(self) -> None:
        self._controller.adding.choose(str(Key(self.ours.value, self.theirs.value)))

    def _add(self) -> None:
        if self._may_lose():
            self._controller.adding.add()

    def _instead(self, open_instead: Callable[[Path], None]) -> None:
        if (joining := self._joining) is not None:
            self._controller.adding.leave()
            open_instead(joining.table)


def _columns(names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [("row number" if name == ROW_NUMBER else name, name) for name in names]


def _words(said: str) -> str:
    """id, or id = uid"""
    key = Key.of(said)
    return key.ours if key.ours == key.theirs else f"{key.ours} = {key.theirs}"
