"""The first rows of a file, as a table that is only looked at."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from explorer.gui.widgets.columns import tabular

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 25
NARROWEST, WIDEST = 44, 200
ROOMY = 420
"""As wide as a column may be while all of them have room."""
MARGIN = 26


class _Model(QAbstractTableModel):
    """Cells as they are written; what looks like a number stands at the right."""

    def __init__(self) -> None:
        super().__init__()
        self.header: tuple[str, ...] = ()
        self.cells: tuple[tuple[str, ...], ...] = ()
        self.numeric: tuple[bool, ...] = ()

    def show(self, header: tuple[str, ...], cells: tuple[tuple[str, ...], ...]) -> None:
        self.beginResetModel()
        self.header, self.cells = header, cells
        self.numeric = tuple(all(_is_number(row[i]) for row in cells) for i in range(len(header)))
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.cells)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.header)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(self.header):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.header[section]
        return self._side(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.cells[index.row()][index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self.header[index.column()]}: {self.cells[index.row()][index.column()]}"
        return self._side(index.column()) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def _side(self, section: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if self.numeric[section] else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter


class RowsTable(QTableView):
    """Shows what `show_rows` gives it; every column as wide as it needs while there is room, and no wider than a few
    words where there is not."""

    def __init__(self) -> None:
        super().__init__()
        self._model = _Model()
        self._wanted: list[int] = []
        self.setModel(self._model)
        self.setAccessibleName("First rows")
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setStyleSheet("QTableView::item { padding: 0px 3px; }")
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        tabular(self)

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns that are shown."""
        return self._model.header

    def show_rows(self, header: tuple[str, ...], cells: tuple[tuple[str, ...], ...]) -> None:
        """Show these."""
        if (header, cells) == (self._model.header, self._model.cells):
            return
        self._model.show(header, cells)
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setMaximumHeight(self.horizontalHeader().sizeHint().height() + ROW_HEIGHT * max(1, len(cells)) + bar)
        metrics = self.fontMetrics()
        self._wanted = [
            MARGIN + max(metrics.horizontalAdvance(text) for text in (name, *(row[i] for row in cells)))
            for i, name in enumerate(header)
        ]
        self._spread()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The columns take the room there is."""
        super().resizeEvent(event)
        self._spread()

    def _spread(self) -> None:
        """Every column as wide as it needs, the widest cut off where there is no room for all."""
        widths = [min(WIDEST, max(NARROWEST, wanted)) for wanted in self._wanted]
        left = self.viewport().width() - sum(widths)
        for i, wanted in enumerate(self._wanted):
            more = max(0, min(ROOMY, wanted) - widths[i])
            grown = min(more, max(0, left))
            left -= grown
            self.setColumnWidth(i, widths[i] + grown)


def _is_number(cell: str) -> bool:
    try:
        float(cell or "nan")
    except ValueError:
        return cell == "…"
    return True
