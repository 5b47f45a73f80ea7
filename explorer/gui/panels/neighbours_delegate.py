"""How a line of the table of neighbours is drawn: picture, name, number, a bar for the distance, the mark."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from explorer.gui.panels.neighbours_model import DISTANCE, LINE_ROLE, MARK, NAME, SHARE_ROLE, Index, NeighboursModel
from explorer.gui.pictures import thumbnail
from explorer.gui.theme import DARK, Theme

HEIGHT = 29
PICTURE = 22
BAR = 40


class NeighboursDelegate(QStyledItemDelegate):
    """Draws with the theme's colours; `theme` is replaced when it changes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme: Theme = DARK

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Every line is equally high."""
        return QSize(60, HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Background, then the cell."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(self.theme.chosen))
        line = index.data(LINE_ROLE)
        colours: QPalette = option.palette
        if index.column() == NAME:
            self._name(painter, rect, index, colours)
        elif index.column() == DISTANCE:
            self._distance(painter, rect, index, line.mark == "miss")
        elif index.column() == MARK:
            self._mark(painter, rect, line.mark)
        else:
            quiet = index.column() == 0
            painter.setPen(QColor(self.theme.quiet if quiet else self.theme.text))
            figure = index.data(Qt.ItemDataRole.TextAlignmentRole) is not None
            side = Qt.AlignmentFlag.AlignRight if figure else Qt.AlignmentFlag.AlignLeft
            _text(painter, rect.adjusted(4, 0, -6, 0), str(index.data() or ""), side)
        painter.restore()

    def _name(self, painter: QPainter, rect: QRect, index: Index, colours: QPalette) -> None:
        model = index.model()
        source = model.mapToSource(index).model() if hasattr(model, "mapToSource") else model
        assert isinstance(source, NeighboursModel)
        left = rect.left() + 4
        row = index.data(LINE_ROLE).row
        if source.dataset is not None and source.dataset.pictured:
            picture = thumbnail(source.dataset, row, PICTURE, painter.device().devicePixelRatioF())
            if picture is not None:
                size = picture.deviceIndependentSize().toSize()
                aside = (PICTURE - size.width()) // 2
                painter.drawPixmap(left + aside, rect.center().y() - size.height() // 2, picture)
            left += PICTURE + 8
        name, number = str(index.data()), f"#{row}"
        painter.setPen(QColor(self.theme.text))
        room = rect.right() - 4 - left
        wide = painter.fontMetrics().horizontalAdvance(number) + 8 if name != number else 0
        shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(left, rect.top(), room, rect.height()), Qt.AlignmentFlag.AlignVCenter, shown)
        used = painter.fontMetrics().horizontalAdvance(shown)
        if wide and used + wide <= room:
            painter.setPen(QColor(self.theme.quiet))
            beside = QRect(left + used + 6, rect.top(), room - used - 6, rect.height())
            painter.drawText(beside, Qt.AlignmentFlag.AlignVCenter, number)

    def _distance(self, painter: QPainter, rect: QRect, index: Index, missed: bool) -> None:
        figures = str(index.data())
        painter.setPen(QColor(self.theme.text))
        _text(painter, rect.adjusted(0, 0, -4, 0), figures, Qt.AlignmentFlag.AlignRight)
        right = rect.right() - 4 - max(48, painter.fontMetrics().horizontalAdvance(figures)) - 8
        length = max(2.0, BAR * float(index.data(SHARE_ROLE)))
        if right - BAR >= rect.left():
            colour = QColor(self.theme.miss if missed else self.theme.quiet)
            colour.setAlphaF(0.75 if missed else 0.6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(QRectF(right - length, rect.center().y() - 1, length, 3), 1.5, 1.5)

    def _mark(self, painter: QPainter, rect: QRect, mark: str) -> None:
        centre = QPointF(rect.center()) + QPointF(0.5, 0.5)
        if mark == "hit":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.theme.text))
            painter.drawEllipse(centre, 5, 5)
        elif mark == "miss":
            painter.setPen(QPen(QColor(self.theme.miss), 1.6))
            painter.drawEllipse(centre, 5, 5)
        elif mark == "extra":
            painter.setPen(QPen(QColor(self.theme.quiet), 1.4))
            painter.drawRect(QRectF(centre.x() - 4.5, centre.y() - 4.5, 9, 9))
        else:
            painter.setPen(QPen(QColor(self.theme.quiet), 1.4, Qt.PenStyle.DotLine))
            painter.drawEllipse(centre, 5, 5)


def _text(painter: QPainter, rect: QRect, text: str, side: Qt.AlignmentFlag) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | side, shown)
