"""Lines of a list with something quiet at their right end: a row's number, a command's keys."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

ASIDE = Qt.ItemDataRole.UserRole + 1
HEIGHT = 28


def line(text: str, aside: str, value: object) -> QListWidgetItem:
    """An entry of a list; `value` is its UserRole."""
    item = QListWidgetItem(text)
    item.setData(ASIDE, aside)
    item.setData(Qt.ItemDataRole.UserRole, value)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{text}, {aside}" if aside else text)
    return item


class AsideDelegate(QStyledItemDelegate):
    """The text at the left, elided where it must; what stands aside is quiet and whole."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Every line is equally high."""
        return QSize(80, HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The chosen line on its ground, then both texts."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        state: QStyle.StateFlag = option.state
        colours: QPalette = option.palette
        rect: QRect = option.rect
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.color(QPalette.ColorRole.Highlight))
            painter.drawRoundedRect(rect, 4, 4)
        inner, aside = rect.adjusted(8, 0, -8, 0), str(index.data(ASIDE) or "")
        metrics = painter.fontMetrics()
        used = metrics.horizontalAdvance(aside) + 12 if aside else 0
        text = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, inner.width() - used)
        painter.setPen(colours.color(QPalette.ColorRole.Text))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.setPen(colours.color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, aside)
        painter.restore()
