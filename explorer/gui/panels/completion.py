"""Names that complete what is being typed."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListWidget, QListWidgetItem, QMainWindow

from explorer.core.query import completed, completions
from explorer.gui.widgets.aside import HEIGHT, AsideDelegate, line
from explorer.session.controller import Controller

MOST = 10


class Completion(QListWidget):
    """A list under the query field. Choosing a name of its own asks that row; inside an expression it is put in."""

    def __init__(self, field: QLineEdit, controller: Controller) -> None:
        super().__init__(None)
        self._field = field
        self._controller = controller
        self.setObjectName("found")
        self.setItemDelegate(AsideDelegate(self))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName("Completions")
        self.hide()
        field.textEdited.connect(self._offer)
        self.itemClicked.connect(self._choose)

    def key(self, event: QKeyEvent) -> bool:
        """Take a key press of the field; true when it was for the list."""
        if not self.isVisible():
            return False
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            down, present, last = key == Qt.Key.Key_Down, self.currentRow(), self.count() - 1
            self.setCurrentRow((present + 1) % (last + 1) if down else present - 1 if present > 0 else last)
            return True
        if key == Qt.Key.Key_Escape:
            self.close()
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab) and self.currentItem() is not None:
            self._choose(self.currentItem())
            return True
        return False

    def close(self) -> bool:
        """Hide the list."""
        self.hide()
        return True

    def _offer(self, text: str) -> None:
        dataset = self._controller.session.state.dataset
        if dataset is None or dataset.names is None or not text.strip():
            self.hide()
            return
        rows = completions(text, dataset.names, MOST)
        self.clear()
        for row in rows:
            self.addItem(line(dataset.names[row], f"#{row}", row))
        self._place() if rows else self.hide()

    def _place(self) -> None:
        window = self._field.window()
        if isinstance(window, QMainWindow) and self.parent() is not window:
            self.setParent(window)
        corner = self._field.mapTo(window, QPoint(0, self._field.height() + 4))
        height = min(self.count(), MOST) * HEIGHT + 2 * self.frameWidth() + 10
        self.setGeometry(corner.x(), corner.y(), min(420, self._field.width()), height)
        self.setCurrentRow(-1)
        self.show()
        self.raise_()

    def _choose(self, item: QListWidgetItem) -> None:
        row = int(item.data(Qt.ItemDataRole.UserRole))
        dataset = self._controller.session.state.dataset
        self.hide()
        if dataset is None or dataset.names is None:
            return
        text = completed(self._field.text(), dataset.names[row])
        if text == dataset.names[row]:
            self._controller.asking.ask_row(row)
        else:
            self._field.setText(text)
