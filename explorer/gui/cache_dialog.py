"""What the program keeps between openings, so that a file opened again is there at once: seen, limited, emptied."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from explorer.formats.keeping import Kept
from explorer.gui import wording
from explorer.gui.widgets.confirmation import Confirmation
from explorer.gui.widgets.lines_table import lines_table
from explorer.gui.widgets.pieces import button, label
from explorer.session.controller import Controller
from explorer.session.state import State
from explorer.work.caching import Cache

Index = QModelIndex | QPersistentModelIndex
TITLES = ("name", "rows × dimensions", "size", "opened last")
NAME, SHAPE, SIZE, USED = range(4)
WIDTHS = ((SHAPE, 152), (SIZE, 88), (USED, 148))
LIMITS = (1, 2, 5, 10, 20, 50, 100, 200)
"""What may be chosen, in GB."""
GB = 10**9
ABOUT = (
    "Converted vectors, maps and indexes are kept, so that what you open again is there at once. Your own files are \
never touched."
)
NOTHING = "Nothing is kept yet. Open a file, and its map and its index will be."


class KeptModel(QAbstractTableModel):
    """One line for each Dataset that is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: tuple[Kept, ...] = ()

    def show(self, kept: tuple[Kept, ...]) -> None:
        """Show these."""
        self.beginResetModel()
        self.kept = kept
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.kept)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        return _side(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        kept, column = self.kept[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _cells(kept)[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return kept.place
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(_cells(kept)) if column == NAME else _cells(kept)[column]
        return _side(column) if role == Qt.ItemDataRole.TextAlignmentRole else None


class CacheDialog(QDialog):
    """Stands beside the window; made when it is first wanted. What is open in any window stays."""

    def __init__(self, controller: Controller, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self._shown: Cache | None = None
        self.setWindowTitle("Kept between openings")
        self.setMinimumSize(620, 380)
        self.resize(720, 460)
        self._total = label("", "title")
        self.limit = QComboBox()
        self.limit.setAccessibleName("Keep no more than")
        self.limit.activated.connect(self._set_limit)
        self.model = KeptModel()
        self.table = lines_table(
            self.model, "What is kept", WIDTHS, NAME, QAbstractItemView.SelectionMode.ExtendedSelection
        )
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_chosen())
        self._nothing = label(NOTHING, "quiet", wrap=True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.remove = button("Remove", self._remove, tip="Remove what is chosen (Delete)")
        self.remove.setShortcut("Delete")
        self.empty = button("Empty …", self._ask_to_empty, tip="Remove all that no window has open")
        self.confirmation = Confirmation()
        self.confirmation.answered.connect(self.table.setFocus)
        self._problem = label("", "error", wrap=True, selectable=True)
        self._lay_out()
        controller.session.listen(self._follow)

    def begin(self) -> None:
        """Show it, with what is kept now."""
        self._controller.caching.look()
        self._show(self._controller.session.state)
        self.show()
        self.raise_()
        self.activateWindow()
        self.table.setFocus()

    def _lay_out(self) -> None:
        about = label(ABOUT, "quiet", wrap=True)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self._total, 1)
        top.addWidget(label("keep no more than", "quiet"))
        top.addWidget(self.limit)
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(self.table)
        actions = QHBoxLayout()
        actions.setSpacing(8)
        actions.addWidget(self.remove)
        actions.addWidget(self.empty)
        actions.addStretch(1)
        actions.addWidget(button("Close", self.close))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        column.addLayout(top)
        column.addWidget(about)
        column.addWidget(body, 1)
        column.addWidget(self._problem)
        column.addWidget(self.confirmation)
        column.addLayout(actions)

    def _follow(self, new: State, old: State) -> None:
        if new.cache is not old.cache or new.problems is not old.problems:
            self._show(new)
        if new.dataset is not old.dataset and self.isVisible():
            self._controller.caching.look()

    def _show(self, state: State) -> None:
        problem = state.problem("cache")
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        if state.cache is None or state.cache is self._shown:
            self._show_chosen()
            return
        cache = self._shown = state.cache
        chosen = {each.name for each in self._chosen()}
        self._total.setText(f"{wording.size(cache.bytes)} kept")
        self.limit.clear()
        self.limit.addItem("what suits the disk", 0)
        for size in LIMITS:
            self.limit.addItem(f"{size} GB", size * GB)
        at = self.limit.findData(cache.limit)
        if at < 0:
            self.limit.setItemText(0, f"{wording.size(cache.limit)} (suits the disk)")
        self.limit.setCurrentIndex(max(at, 0))
        self.model.show(cache.kept)
        self._stack.setCurrentIndex(1 if cache.kept else 0)
        for line, each in enumerate(cache.kept):
            if each.name in chosen:
                self.table.selectRow(line)
        self._show_chosen()

    def _show_chosen(self) -> None:
        self.remove.setEnabled(any(not each.open for each in self._chosen()))
        self.empty.setEnabled(any(not each.open for each in self.model.kept))

    def _chosen(self) -> list[Kept]:
        return [self.model.kept[line.row()] for line in self.table.selectionModel().selectedRows()]

    def _remove(self) -> None:
        self._controller.caching.remove(each.name for each in self._chosen())

    def _ask_to_empty(self) -> None:
        size = sum(each.bytes for each in self.model.kept if not each.open)
        question = (
            f"Remove all that no window has open? {wording.size(size)} become free; maps and indexes of those files "
            "are made anew when they are opened again."
        )
        self.confirmation.ask("empty", question, "Remove", self._controller.caching.empty)

    def _set_limit(self, at: int) -> None:
        self._controller.caching.limit(int(self.limit.itemData(at)))


def _cells(kept: Kept) -> tuple[str, ...]:
    used = "in use now" if kept.open else time.strftime("%d %b %Y, %H:%M", time.localtime(kept.used))
    return (kept.title, f"{wording.count(kept.rows)} × {kept.dimensions}", wording.size(kept.bytes), used)


def _side(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in (SHAPE, SIZE) else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
