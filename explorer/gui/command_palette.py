"""Ctrl+K: type a few letters of what you want to do."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from explorer.gui.actions import Action
from explorer.gui.widgets.aside import AsideDelegate, line


class CommandPalette(QFrame):
    """A field and a list over the window; Return runs, Escape closes."""

    def __init__(self, actions: Sequence[Action], parent: QWidget) -> None:
        super().__init__(parent)
        self._actions = actions
        self._window = parent
        self.setObjectName("popup")
        self._field = QLineEdit(placeholderText="What do you want to do?")
        self._field.setAccessibleName("Command")
        self._field.textEdited.connect(self._offer)
        self._field.installEventFilter(self)
        self._list = QListWidget()
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setAccessibleName("Commands")
        self._list.setItemDelegate(AsideDelegate(self._list))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemClicked.connect(self._run)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 10)
        column.addWidget(self._field)
        column.addWidget(self._list)
        self.hide()

    def open(self) -> None:
        """Show it in the upper middle of the window."""
        window = self._window
        width = min(520, window.width() - 80)
        self.setGeometry((window.width() - width) // 2, 72, width, min(420, window.height() - 140))
        self._field.clear()
        self._offer("")
        self.show()
        self.raise_()
        self._field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys walk the list while the field has the focus; leaving the field closes."""
        if event.type() == QEvent.Type.FocusOut:
            self.hide()
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            # Otherwise Escape would be the window's shortcut.
            event.setAccepted(event.key() == Qt.Key.Key_Escape)
            return event.isAccepted()
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = event.key()
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self._list.count():
                step = 1 if key == Qt.Key.Key_Down else -1
                self._list.setCurrentRow((self._list.currentRow() + step) % self._list.count())
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._list.currentItem() is not None:
                self._run(self._list.currentItem())
                return True
            if key == Qt.Key.Key_Escape:
                self.hide()
                return True
        return super().eventFilter(watched, event)

    def _offer(self, typed: str) -> None:
        wanted = typed.casefold().split()
        self._list.clear()
        for action in self._actions:
            if all(word in action.title.casefold() for word in wanted):
                self._list.addItem(line(action.title, action.shown_keys, action))
        self._list.setCurrentRow(0)

    def _run(self, item: QListWidgetItem) -> None:
        self.hide()
        item.data(Qt.ItemDataRole.UserRole).run()
