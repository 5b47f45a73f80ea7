"""Rows one beneath the other, between which the arrow keys go."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

PADDING = 18
"""Pixels of an entry beside its words."""
STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class Entry(QPushButton):
    """A line of such a list that does something: its words are cut where there is no room for them."""

    def __init__(self, words: str, clicked: Callable[[], object], tip: str) -> None:
        super().__init__(words)
        self._words = words
        self.setProperty("role", "plain")
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{words}: {tip}")
        self.setToolTip(tip)
        self.clicked.connect(lambda: clicked())

    def minimumSizeHint(self) -> QSize:
        """As narrow as there is room."""
        return QSize(40, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width has room for more or fewer words."""
        super().resizeEvent(event)
        room = self.width() - PADDING
        self.setText(self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room))


class RowList(QWidget):
    """Up and Down take the keyboard to the row above or below; what a key means on a row is the row's own."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)

    def arrange(self, rows: Sequence[QWidget]) -> None:
        """Show these rows in this order; others are deleted, and where one had the keyboard, its neighbour gets it."""
        if list(rows) == self._rows:
            return
        left = [row for row in self._rows if row not in rows]
        bereft = next((i for i, row in enumerate(self._rows) if row in left and row.hasFocus()), None)
        for row in self._rows:
            self._column.removeWidget(row)
        for row in rows:
            self._column.addWidget(row)
        self._rows = list(rows)
        for row in left:
            row.hide()
            row.deleteLater()
        if bereft is not None and self._rows:
            self._rows[min(bereft, len(self._rows) - 1)].setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down."""
        shown = [row for row in self._rows if row.isVisible()]
        at = next((i for i, row in enumerate(shown) if row.hasFocus()), None)
        step = STEPS.get(Qt.Key(event.key()))
        if at is None or step is None:
            super().keyPressEvent(event)
        elif 0 <= at + step < len(shown):
            shown[at + step].setFocus(Qt.FocusReason.TabFocusReason)
