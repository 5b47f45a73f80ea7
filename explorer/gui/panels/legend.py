"""The legend: what the colours of the map mean; a click filters."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from explorer.core.column import Column
from explorer.gui import palette, wording
from explorer.session.controller import Controller
from explorer.session.painting import Painting
from explorer.session.state import State

Index = QModelIndex | QPersistentModelIndex
COUNT_ROLE = Qt.ItemDataRole.UserRole + 1


class Legend(QWidget):
    """Labels with counts for a category, a scale for numbers, nothing for one colour."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self._model = _Labels()
        self.labels = _LabelsView()
        self.labels.setModel(self._model)
        self.labels.setItemDelegate(_LabelDelegate(self.labels))
        self.labels.setUniformItemSizes(True)
        self.labels.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.labels.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.labels.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.labels.setAccessibleName("Legend")
        self.labels.setToolTip("Click or Space: hide or show · double-click or Return: only this one")
        self.labels.clicked.connect(lambda index: controller.looking.toggle(index.data()))
        self.labels.doubleClicked.connect(self._only)
        self.labels.toggled.connect(controller.looking.toggle)
        self.labels.only.connect(controller.looking.only)
        self._scale = _Scale()
        self._column: Column | None = None
        self._stack = QStackedLayout(self)
        self._stack.addWidget(QWidget())
        self._stack.addWidget(self.labels)
        self._stack.addWidget(self._scale)
        controller.session.listen(self._follow)

    def _only(self, index: QModelIndex) -> None:
        # The first click of a double click has toggled the label: as it was before is what counts.
        self._controller.looking.toggle(index.data())
        self._controller.looking.only(index.data())

    def _follow(self, new: State, old: State) -> None:
        column = new.column(new.colour_by)
        if new.dataset is not old.dataset or new.colour_by != old.colour_by or column is not self._column:
            self._column = column
            self._show(column, new.painting(new.colour_by))
        if new.hidden != old.hidden:
            self._model.hide(new.hidden)

    def _show(self, column: Column | None, painting: Painting | None) -> None:
        if column is None or column.kind == "text":
            self._stack.setCurrentIndex(0)
        elif column.kind == "category":
            self._model.show(column)
            self._stack.setCurrentWidget(self.labels)
        else:
            self._scale.show_column(column, painting is not None and painting.diverging)
            self._stack.setCurrentWidget(self._scale)


class _LabelsView(QListView):
    """Space hides or shows the label under the keyboard, Return shows only that one."""

    toggled = Signal(str)
    only = Signal(str)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The two keys; all others walk the list."""
        label = self.currentIndex().data()
        if label is not None and event.key() == Qt.Key.Key_Space:
            self.toggled.emit(label)
        elif label is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.only.emit(label)
        else:
            super().keyPressEvent(event)


class _Labels(QAbstractListModel):
    """The labels of a category, with colour, count and whether each is hidden."""

    def __init__(self) -> None:
        super().__init__()
        self._labels: tuple[str, ...] = ()
        self._counts: list[int] = []
        self._colours: list[QColor] = []
        self._hidden: frozenset[str] = frozenset()

    def show(self, column: Column) -> None:
        self.beginResetModel()
        codes = np.asarray(column.values)
        self._counts = np.bincount(codes[codes >= 0], minlength=len(column.labels)).tolist()
        self._labels = column.labels
        self._colours = [QColor(*palette.category_colour(code)) for code in range(len(column.labels))]
        self._hidden = frozenset()
        self.endResetModel()

    def hide(self, hidden: frozenset[str]) -> None:
        self._hidden = hidden
        self.dataChanged.emit(self.index(0), self.index(len(self._labels) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._labels)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = index.row()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._labels[row]
        if role == Qt.ItemDataRole.DecorationRole:
            return self._colours[row]
        if role == COUNT_ROLE:
            return wording.count(self._counts[row])
        if role == Qt.ItemDataRole.CheckStateRole:
            return self._labels[row] in self._hidden
        if role == Qt.ItemDataRole.AccessibleTextRole:
            shown = "hidden" if self._labels[row] in self._hidden else "shown"
            return f"{self._labels[row]}, {self._counts[row]} rows, {shown}"
        return None


class _LabelDelegate(QStyledItemDelegate):
    """Swatch, label, count; a hidden label is a hollow swatch and quiet."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        role_palette = option.palette
        hidden = index.data(Qt.ItemDataRole.CheckStateRole)
        colour = index.data(Qt.ItemDataRole.DecorationRole)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(role_palette.color(role_palette.ColorRole.Highlight))
            painter.drawRoundedRect(rect.adjusted(0, 0, -1, -1), 4, 4)
        painter.setPen(colour)
        painter.setBrush(Qt.BrushStyle.NoBrush if hidden else colour)
        painter.drawEllipse(rect.left() + 1, rect.center().y() - 4, 9, 9)
        quiet = role_palette.color(role_palette.ColorRole.PlaceholderText)
        painter.setPen(quiet if hidden else role_palette.color(role_palette.ColorRole.WindowText))
        count = index.data(COUNT_ROLE)
        room = painter.fontMetrics().horizontalAdvance(count)
        words = painter.fontMetrics().elidedText(index.data(), Qt.TextElideMode.ElideRight, rect.width() - room - 36)
        painter.drawText(rect.adjusted(20, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, words)
        painter.setPen(quiet)
        painter.drawText(
            rect.adjusted(0, 0, -10, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, count
        )
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, 24)


class _Scale(QWidget):
    """The colours of numbers, from low to high."""

    def __init__(self) -> None:
        super().__init__()
        self._low = self._high = ""
        self._colours = palette.NUMBER_COLOURS

    def show_column(self, column: Column, diverging: bool) -> None:
        numbers = np.asarray(column.values)
        low, high = palette.sides(numbers) if diverging else palette.number_range(numbers)
        self._colours = palette.SIDE_COLOURS if diverging else palette.NUMBER_COLOURS
        self._low, self._high = f"{low:.4g}".replace("-", "−"), f"{high:.4g}".replace("-", "−")
        self.setAccessibleName(f"Scale from {self._low} to {self._high}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gradient = QLinearGradient(0, 0, self.width() - 10, 0)
        for i in range(17):
            gradient.setColorAt(i / 16, QColor(*self._colours[round(i * 255 / 16)].tolist()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(0, 8, self.width() - 10, 8, 4, 4)
        painter.setPen(self.palette().color(self.palette().ColorRole.PlaceholderText))
        below = QRect(0, 20, self.width() - 10, 20)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, self._low)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, self._high)
