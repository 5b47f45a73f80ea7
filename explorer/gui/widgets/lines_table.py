"""A table of whole lines, one of whose columns takes the room that the others leave."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QAbstractTableModel
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

LINE_HEIGHT = 29


def lines_table(
    model: QAbstractTableModel,
    name: str,
    widths: Iterable[tuple[int, int]],
    stretched: int,
    mode: QAbstractItemView.SelectionMode = QAbstractItemView.SelectionMode.SingleSelection,
) -> QTableView:
    """A table without a grid; `name` is what a screen reader says, `widths` are (section, pixels) of the others."""
    table = QTableView()
    table.setModel(model)
    table.setAccessibleName(name)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(mode)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setStyleSheet("QTableView::item { padding: 0px 6px; }")
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(LINE_HEIGHT)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    for section, width in widths:
        header.setSectionResizeMode(section, QHeaderView.ResizeMode.Fixed)
        table.setColumnWidth(section, width)
    header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
    return table
