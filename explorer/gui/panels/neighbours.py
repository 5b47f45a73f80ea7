"""The Neighbours panel: the answer beside the truth, sortable, to copy and to export."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, QSortFilterProxyModel, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from explorer.gui.inspect.words import reasons
from explorer.gui.panels import comparing
from explorer.gui.panels.command_dialog import CommandDialog
from explorer.gui.panels.neighbours_delegate import HEIGHT, NeighboursDelegate
from explorer.gui.panels.neighbours_model import DISTANCE, MARK, NAME, RANK, ROW_ROLE, SORT_ROLE, NeighboursModel
from explorer.gui.theme import Theme
from explorer.gui.widgets.pieces import Line, heading, label, tool
from explorer.session.comparing import finders, listed
from explorer.session.controller import Controller
from explorer.session.state import State
from explorer.work.requests import Answer

PATIENCE_MS = 150
"""How long an old answer stays while the new one is under way, so that the table does not flicker."""

DISTANCE_WIDTH, FIGURE_WIDTH, SCORE_WIDTH, FINDERS_WIDTH = 116, 62, 78, 36
NAME_WIDTH = 150
"""With metadata columns beside it, which scroll; otherwise the name takes what is left."""


class NeighboursPanel(QWidget):
    """Follows the answer; choosing a line looks at that row, a double click makes it the query."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self._columns: frozenset[str] = frozenset()
        self.model = NeighboursModel()
        self._sorted = _Sorted()
        self._sorted.setSourceModel(self.model)
        self._sorted.setSortRole(SORT_ROLE)
        self.table = _Table(self)
        self.table.setModel(self._sorted)
        self._delegate = NeighboursDelegate(self.table)
        self.table.setItemDelegate(self._delegate)
        self._arrange_header()
        self.table.selectionModel().selectionChanged.connect(self._chosen)
        self.table.doubleClicked.connect(self._activated)
        self._summary = Line(Qt.AlignmentFlag.AlignRight)
        self._more = tool("⋯", self._open_menu, tip="Columns, copy, export")
        self._hint = label(
            "Click a point, or type a query.\nIts nearest neighbours are listed here.", "quiet", wrap=True
        )
        self._hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._hint.setContentsMargins(16, 8, 16, 0)
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self._hint)
        self._stack.addWidget(self.table)
        top = QHBoxLayout()
        top.setContentsMargins(16, 10, 8, 4)
        top.setSpacing(8)
        top.addWidget(heading("Neighbours"))
        top.addWidget(self._summary, 1)
        top.addWidget(self._more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(comparing.ComparisonLine(controller))
        column.addWidget(body, 1)
        self._late = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._late.timeout.connect(lambda: self._show(controller.session.state))
        controller.session.listen(self._follow)
        self._show(controller.session.state)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._delegate.theme = theme
        self.table.viewport().update()

    def copy(self) -> None:
        """Put the table, or its chosen lines, on the clipboard, with tabs between cells."""
        rows = self._table_rows()
        QGuiApplication.clipboard().setText("\n".join("\t".join(cells) for cells in rows))

    @property
    def has_command(self) -> bool:
        """Whether the answer came from a server."""
        answer = self._controller.session.state.answer
        return answer is not None and bool(answer.command)

    def show_command(self) -> None:
        """Show what was sent to the server for the answer; nothing happens where no server was asked."""
        answer = self._controller.session.state.answer
        if answer is not None and answer.command:
            CommandDialog(answer.command, self).show()

    def export(self) -> None:
        """Ask for a file and write the table as CSV."""
        path, _ = QFileDialog.getSaveFileName(self, "Export neighbours", "neighbours.csv", "CSV (*.csv)")
        if path:
            self.write_csv(Path(path))

    def write_csv(self, path: Path) -> None:
        """Write the whole table."""
        text = io.StringIO()
        csv.writer(text).writerows(self.model.as_rows())
        try:
            path.write_text(text.getvalue(), "utf-8", newline="")
        except OSError as error:
            self._controller.session.fail("query", f"{path} cannot be written: {error.strerror or error}.")

    def _arrange_header(self) -> None:
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(24)
        for section, width in ((RANK, 40), (DISTANCE, DISTANCE_WIDTH), (MARK, 30)):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Fixed)
            self.table.setColumnWidth(section, width)
        # Unsorted is the order of the ranks; a third click on a header comes back to it.
        header.setSortIndicatorClearable(True)
        header.setSortIndicatorShown(False)
        header.sortIndicatorChanged.connect(lambda *_: header.viewport().update())
        self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)

    def _follow(self, new: State, old: State) -> None:
        if new.focused != old.focused:
            self._show_focus(new.focused)
        if new.explanation is not old.explanation:
            self.model.give_reasons(reasons(new))
        if new.selection is not old.selection:
            self._show_selection(new.selection)
        same = ("dataset", "asked", "answer", "truth", "verdict", "colour_by", "other", "against")
        if all(getattr(new, name) is getattr(old, name) for name in same):
            return
        if new.asked is not None and new.answer is None and self.model.lines and new.dataset is self.model.dataset:
            self._late.start()
            return
        self._late.stop()
        self._show(new)

    def _show(self, state: State) -> None:
        columns = tuple(c for c in state.dataset.columns if c.name in self._columns) if state.dataset else ()
        answer, shown = state.answer, listed(state)
        name, scores = (answer.score_name, scored(answer)) if answer else ("", {})
        why, who, found_by = reasons(state), finders(state), comparing.who_found(state)
        compared = self.model.finders_section >= 0
        self.model.show(state.dataset, shown, state.colour_by, columns, name, scores, why, who, found_by)
        scored_too = self.model.score_section >= 0
        # Beside scores the distance goes without its bar: the name needs the room.
        self.table.setColumnWidth(DISTANCE, FIGURE_WIDTH if scored_too else DISTANCE_WIDTH)
        if scored_too:
            self.table.setColumnWidth(self.model.score_section, SCORE_WIDTH)
        if self.model.finders_section >= 0:
            self.table.setColumnWidth(self.model.finders_section, FINDERS_WIDTH)
        if compared != bool(who) and columns:
            # They have moved by one section, and the widths have not.
            for section in range(self.model.columnCount() - len(columns), self.model.columnCount()):
                self.table.setColumnWidth(section, self.table.horizontalHeader().defaultSectionSize())
        self._stack.setCurrentIndex(0 if state.asked is None else 1)
        self._hint.setVisible(state.dataset is not None)
        self._more.setVisible(bool(shown))
        self._summary.say(*(comparing.of_query(state) if state.answer else ()) or summary(state))
        self._show_focus(state.focused)

    def _show_focus(self, row: int) -> None:
        place = self.model.line_of(row)
        selection = self.table.selectionModel()
        selection.blockSignals(True)
        if place < 0:
            self.table.clearSelection()
            self.table.setCurrentIndex(QModelIndex())
        else:
            index = self._sorted.mapFromSource(self.model.index(place, NAME))
            if self.table.currentIndex().row() != index.row() or not selection.hasSelection():
                self.table.selectRow(index.row())
                self.table.scrollTo(index)
        selection.blockSignals(False)
        self.table.viewport().update()

    def _show_selection(self, rows: NDArray[np.int64]) -> None:
        """Choose the lines of rows that were selected on the map."""
        wanted = set(rows.tolist())
        chosen = QItemSelection()
        for place, line in enumerate(self.model.lines):
            if line.row in wanted:
                index = self._sorted.mapFromSource(self.model.index(place, NAME))
                chosen.select(index, index)
        selection = self.table.selectionModel()
        selection.blockSignals(True)
        flags = QItemSelectionModel.SelectionFlag
        selection.select(chosen, flags.ClearAndSelect | flags.Rows)
        selection.blockSignals(False)
        self.table.viewport().update()

    def _chosen(self, chosen: QItemSelection, _: QItemSelection) -> None:
        if indexes := chosen.indexes():
            self._controller.looking.focus(int(indexes[0].data(ROW_ROLE)))

    def _activated(self, index: QModelIndex) -> None:
        self._controller.asking.ask_row(int(index.data(ROW_ROLE)))

    def _table_rows(self) -> list[list[str]]:
        rows = self.model.as_rows()
        chosen = {self._sorted.mapToSource(i).row() for i in self.table.selectionModel().selectedRows()}
        return [rows[0], *(rows[i + 1] for i in sorted(chosen))] if len(chosen) > 1 else rows

    def _open_menu(self) -> None:
        menu = QMenu(self)
        dataset = self._controller.session.state.dataset
        for column in dataset.columns if dataset else ():
            action = menu.addAction(column.name)
            action.setCheckable(True)
            action.setChecked(column.name in self._columns)
            action.toggled.connect(lambda on, name=column.name: self._toggle_column(name))
        menu.addSeparator()
        if self.has_command:
            menu.addAction("Show the command …", self.show_command)
        menu.addAction("Copy", QKeySequence(QKeySequence.StandardKey.Copy), self.copy)
        menu.addAction("Export CSV …", self.export)
        menu.exec(self._more.mapToGlobal(QPoint(0, self._more.height())))

    def _toggle_column(self, name: str) -> None:
        self._columns ^= {name}
        self._show(self._controller.session.state)
        header = self.table.horizontalHeader()
        mode = QHeaderView.ResizeMode
        header.setSectionResizeMode(NAME, mode.Interactive if self._columns else mode.Stretch)
        if self._columns:
            self.table.setColumnWidth(NAME, NAME_WIDTH)


class _Sorted(QSortFilterProxyModel):
    """Says by an arrow after a column's title that the lines are sorted by it."""

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        said = super().headerData(section, orientation, role)
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return said
        if section != self.sortColumn():
            return said
        return f"{said} {'↑' if self.sortOrder() == Qt.SortOrder.AscendingOrder else '↓'}".lstrip()


class _Table(QTableView):
    """Return asks for the chosen row, Ctrl+C copies."""

    def __init__(self, panel: NeighboursPanel) -> None:
        super().__init__()
        self._panel = panel
        self.setAccessibleName("Neighbours")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSortingEnabled(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(HEIGHT)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self._panel.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.doubleClicked.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)


def scored(answer: Answer) -> dict[int, float]:
    """The library's own score of each row of an answer."""
    if answer.scores is None:
        return {}
    pairs = zip(answer.neighbours.rows.tolist(), answer.scores.tolist(), strict=True)
    return {row: score for row, score in pairs if math.isfinite(score)}


def summary(state: State) -> tuple[str, ...]:
    """7 of 10 found · 3 missed · 3 extra; and shorter."""
    if state.asked is None or state.answer is None:
        return ("",)
    if state.verdict is None or state.truth is None:
        return f"{len(state.answer.neighbours)} found · checking …", "checking …"
    verdict = state.verdict
    hits = len(state.truth) - len(verdict.misses)
    entry = state.entry()
    if entry is not None and entry.handle.type == "exact":
        return f"{hits} nearest, exactly", "exact"
    found = f"{hits} of {len(state.truth)}"
    counts = (f"{len(verdict.misses)} missed" if len(verdict.misses) else "", f"{verdict.extras} extra")
    rest = " · ".join(filter(None, (counts[0], counts[1] if verdict.extras else "")))
    if not rest:
        return f"{found} found", found
    return f"{found} found · {rest}", f"{found} · {rest}", f"{found} found", found
